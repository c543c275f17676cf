"""The settings of a OneRoster server, under the names that every REST adapter's have."""

from __future__ import annotations

import pytest

from adapters.edfi_ods.settings import OdsSettings
from adapters.oneroster_rest.adapter import OneRosterRest
from adapters.oneroster_rest.settings import ServerSettings
from adapters.transport.connection_settings import ConnectionSettings
from standards.errors import SettingsError

BEARER = {"url": "https://sis.example.org", "auth": "bearer", "token": "t"}


def test_both_rest_adapters_have_every_setting_of_a_connection():
    shared = ConnectionSettings().fields.keys()
    assert shared <= ServerSettings().fields.keys() & OdsSettings().fields.keys()


@pytest.mark.parametrize(("old", "new", "value"), [("writes", "writable", True), ("page", "page_size", 5)])
def test_an_old_name_is_none_of_the_adapter_itself(old, new, value):
    with pytest.raises(SettingsError, match=f"'{old}' is not a setting here"):
        OneRosterRest("maple", {**BEARER, old: value, new: value})
    assert list(ServerSettings().validate({**BEARER, old: value, new: value})) == [old]
