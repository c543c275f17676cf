"""One-time links into the console of the demonstration, one for each of its people."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Final

from gateway.admin.administration import Administration
from gateway.admin.people import Persons
from gateway.config.settings import load
from gateway.people.actor import operator
from gateway.storage.registry import open_store, utc_now

if TYPE_CHECKING:
    from pathlib import Path

PEOPLE: Final = (
    ("region", "region-operator", "Olga Reyes"),
    ("maple", "district-admin", "Dana Whitfield"),
    ("maple", "privacy-officer", "Pablo Ortega"),
    ("maple", "registrar", "Ruth Lindqvist"),
    ("maple", "approver", "Amir Haddad"),
    ("cedar", "district-admin", "Carla Nguyen"),
    ("cedar", "privacy-officer", "Peter Okafor"),
    ("classlane", "vendor-contact", "Vera Lane"),
    ("reading-partners", "cbo-admin", "Rosa Delgado"),
)
"""The organisation, the role and the made-up name of each person."""


def console_links(file: Path, address: str) -> list[dict[str, str]]:
    """Make a link for each of the demonstration's people, below the *address* of its console."""
    settings, who = load(file), operator("demo")
    with closing(open_store(settings.store_url)) as store:
        persons = Persons(Administration(store, None, settings.open_keys(), utc_now, lambda: settings))
        made = []
        for org, role, name in PEOPLE:
            mail = f"{role}@{org}.example.org"
            token = persons.invite(who, org, mail, role, name)
            made.append({"org": org, "role": role, "mail": mail, "link": f"{address}/join/{token}"})
    return made
