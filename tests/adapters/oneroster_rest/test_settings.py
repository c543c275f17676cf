"""The settings of a OneRoster server under the names that every REST adapter's have, and under their old ones."""

from __future__ import annotations

import pytest

from adapters.edfi_ods.settings import OdsSettings
from adapters.oneroster_rest.adapter import OneRosterRest
from adapters.oneroster_rest.settings import ServerSettings
from adapters.transport.connection_settings import ConnectionSettings
from standards.errors import SettingsError
from tests.adapters.oneroster_rest.system import source, system

BEARER = {"url": "https://sis.example.org", "auth": "bearer", "token": "t"}


def test_both_rest_adapters_have_every_setting_of_a_connection():
    shared = ConnectionSettings().fields.keys()
    assert shared <= ServerSettings().fields.keys() & OdsSettings().fields.keys()


def test_what_was_called_otherwise_before_means_the_same():
    with OneRosterRest("maple", {**BEARER, "writes": False, "page": 7}) as adapter:
        assert (adapter.settings["writable"], adapter.settings["page_size"]) == (False, 7)
        assert not adapter.manifest.writes
    assert ServerSettings().load({**BEARER, "writes": False})["writable"] is False


@pytest.mark.parametrize(("old", "new", "value"), [("writes", "writable", True), ("page", "page_size", 5)])
def test_an_old_name_beside_the_new_one_is_a_mistake(old, new, value):
    with pytest.raises(SettingsError, match=f"'{old}' is not a setting here"):
        OneRosterRest("maple", {**BEARER, old: value, new: value})
    assert list(ServerSettings().validate({**BEARER, old: value, new: value})) == [old]


def remarks(running, **more):
    with source(running, **more) as adapter:
        list(adapter.read({"session": frozenset()}))
        return adapter.notes.page.remarks


def test_whoever_has_not_decided_about_changes_is_told_that_it_will_be_off():
    with system() as running:
        assert remarks(running) == [
            ("districts.maple", "writable is not set and thus true; from 1.0 on it will be false")
        ]
        assert remarks(running, writable=True) == remarks(running, writable=False) == []
        assert remarks(running, profile="veracross", version="1.1") == []
