"""Choices of organisations: what one wants two persons for, and where and when it is told things."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, insert, select

from gateway.storage.cipher import Cipher
from gateway.storage.database import transaction
from gateway.storage.people.tables import organisation_settings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import Connection, Engine

    from gateway.storage.secrets import Keys

TWO_PERSONS: Final = "two-persons"
"""The setting that lists the actions for which an organisation wants a second person."""

MAIL_OFF, WEBHOOK, WEBHOOK_SECRET = "mail-off", "webhook", "webhook-secret"
EXPECTED_BY, DIGEST_AT = "expected-by", "digest-at"
NAMES: Final[Mapping[str, str]] = {
    "two_persons": TWO_PERSONS, "mail_off": MAIL_OFF, "webhook": WEBHOOK, "expected_by": EXPECTED_BY,
    "digest_at": DIGEST_AT,
}  # fmt: skip
"""The settings, by their names here and in the registry."""

PURPOSE: Final = "organisation-settings"


@dataclass(frozen=True, slots=True)
class OrganisationChoices:
    """What an organisation has chosen.

    The actions for *two_persons*, the roles that get no mail (*mail_off*), an address for its *webhook*, the local
    time by which its files are *expected_by*, and at which digests come (*digest_at*). Its *version* grows with each
    change.
    """

    two_persons: tuple[str, ...] = ()
    mail_off: tuple[str, ...] = ()
    webhook: str = ""
    expected_by: str = ""
    digest_at: str = "07:00"
    signed: bool = False
    version: int = 0

    def digest(self) -> str:
        """Hash what was chosen."""
        told = {one.name: getattr(self, one.name) for one in fields(self)}
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def choices_of(connection: Connection, org: str) -> OrganisationChoices:
    """Return what an organisation has chosen, as the registry has it in this transaction."""
    mine = select(organisation_settings).where(organisation_settings.c.org == org)
    rows = {row.name: row for row in connection.execute(mine)}
    known = {name: rows[one].value for name, one in NAMES.items() if one in rows}
    lists = {name: tuple(value) for name, value in known.items() if isinstance(value, list)}
    version = max((row.version for row in rows.values()), default=0)
    return OrganisationChoices(**known | lists, signed=WEBHOOK_SECRET in rows, version=version)


def signing_secret(engine: Engine, keys: Keys, org: str) -> bytes | None:
    """Return the secret by which the webhook of an organisation is signed; None where it has none."""
    mine = organisation_settings.c.org == org, organisation_settings.c.name == WEBHOOK_SECRET
    with transaction(engine) as connection:
        sealed = connection.execute(select(organisation_settings.c.sealed).where(*mine)).scalar()
    return Cipher(keys.derive(PURPOSE)).open(sealed, org.encode()) if sealed else None


def put(
    connection: Connection, org: str, name: str, value: Any, version: int, by: str, at: datetime,
    sealed: bytes | None = None,
) -> None:  # fmt: skip
    """Write one setting in the place of what it was."""
    mine = organisation_settings.c.org == org, organisation_settings.c.name == name
    connection.execute(delete(organisation_settings).where(*mine))
    row = {"org": org, "name": name, "value": value, "sealed": sealed, "version": version, "changed": at}
    connection.execute(insert(organisation_settings).values(row | {"changed_by": by}))
