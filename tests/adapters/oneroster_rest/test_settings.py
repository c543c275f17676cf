"""The settings of a OneRoster server under the names that every REST adapter's have, and under their old ones."""

from __future__ import annotations

from adapters.edfi_ods.settings import OdsSettings
from adapters.oneroster_rest.settings import ServerSettings
from adapters.transport.connection_settings import ConnectionSettings

BEARER = {"url": "https://sis.example.org", "auth": "bearer", "token": "t"}


def test_both_rest_adapters_have_every_setting_of_a_connection():
    shared = ConnectionSettings().fields.keys()
    assert shared <= ServerSettings().fields.keys() & OdsSettings().fields.keys()
