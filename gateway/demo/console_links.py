"""One-time links into the console of the demonstration, one for each of its people, who can follow them."""

from __future__ import annotations

import secrets
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Final

import pyotp

from gateway.admin.administration import Administration
from gateway.admin.people import Persons
from gateway.config.settings import load
from gateway.people.actor import operator
from gateway.people.joining import Joining, Newcomer, PasswordAndCode
from gateway.people.second_factors import SecondFactors, new_secret
from gateway.storage.registry import open_store, utc_now

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PEOPLE: Final = (
    ("region", "region-operator", "Olga Reyes"),
    ("maple", "district-admin", "Dana Whitfield"),
    ("maple", "privacy-officer", "Pablo Ortega"),
    ("maple", "registrar", "Ruth Lindqvist"),
    ("maple", "approver", "Amir Haddad"),
    ("cedar", "district-admin", "Carla Nguyen"),
    ("cedar", "privacy-officer", "Peter Okafor"),
    ("alder", "registrar", "Rosalind Achebe"),
    ("alder", "approver", "Andrei Popescu"),
    ("fir", "registrar", "Rafael Ibarra"),
    ("classlane", "vendor-contact", "Vera Lane"),
    ("reading-partners", "cbo-admin", "Rosa Delgado"),
)
"""The organisation, the role and the made-up name of each person."""
PASSWORD_BYTES: Final = 24


def console_links(file: Path, address: str) -> list[dict[str, str]]:
    """Make a link for each of the demonstration's people, below the *address* of its console."""
    with _administration(file) as region:
        made = []
        for org, role, name in PEOPLE:
            mail, token = _invite(region, org, role, name)
            made.append({"org": org, "role": role, "mail": mail, "link": f"{address}/join/{token}"})
    return made


def signed_in(file: Path, org: str, role: str) -> str:
    """Let the person with a *role* in *org* follow a link, set up a password and a code, and sign in.

    Return the id of the session, which a browser has in its cookie.
    """
    name = next(name for one, other, name in PEOPLE if (one, other) == (org, role))
    with _administration(file) as region:
        mail, token = _invite(region, org, role, name)
        secret = new_secret()
        way = PasswordAndCode(secrets.token_urlsafe(PASSWORD_BYTES), secret, pyotp.TOTP(secret).at(region.clock()))
        joining = Joining(region.store, region.clock, SecondFactors(region.keys), region.kinds)
        joined = joining.by_password(token, Newcomer(mail, name, "en"), way)
        return region.sessions().begin(joined.person, joined.method)


@contextmanager
def _administration(file: Path) -> Iterator[Administration]:
    settings = load(file)
    with closing(open_store(settings.store_url)) as store:
        yield Administration(store, None, settings.open_keys(), utc_now, lambda: settings)


def _invite(region: Administration, org: str, role: str, name: str) -> tuple[str, str]:
    mail = f"{role}@{org}.example.org"
    token = Persons(region).invite(operator("demo"), org, mail, role, name)
    assert isinstance(token, str)  # no organisation of the demonstration wants a second person
    return mail, token
