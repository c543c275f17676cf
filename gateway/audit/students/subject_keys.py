"""Subject keys: one random key for each district and school year, sealed in the registry, by which students are tagged.

Who destroys a key makes nobody of everybody whom the record names by it; the record itself stays as it is.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from gateway.storage.acts import Act, write_act
from gateway.storage.bounded_calls import timely
from gateway.storage.cipher import Cipher, NotSealed
from gateway.storage.database import empty_log, transaction
from gateway.storage.tables import subject_keys
from standards.errors import CallerError, NotFound, StoreUnavailable
from standards.keys import KEY_BYTES

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Row

    from gateway.storage.registry import SqlStore

PURPOSE: Final = "subject keys"
SHRED: Final = "record.shred"
"""The action of the act by which a key is destroyed."""
LOG_IN_USE: Final = (
    "The key is destroyed, but a copy of it is still in the log of the registry's file, which another program reads: "
    "give the same command once more."
)
FIRST_MONTH: Final = 7
"""The month in which a school year begins; it is called by the calendar year in which it ends."""


@dataclass(frozen=True, slots=True)
class SubjectKey:
    """The key of a district's *school_year*; None where it was *destroyed*."""

    district: str
    school_year: int
    key: bytes | None
    made: datetime
    destroyed: datetime | None = None


def school_year(day: str) -> int:
    """Return the school year of a *day* (ISO 8601): the calendar year in which it ends."""
    return int(day[:4]) + (int(day[5:7]) >= FIRST_MONTH)


class SubjectKeys:
    """The subject keys in the registry, sealed under a key of the region."""

    def __init__(self, store: SqlStore, key: bytes) -> None:
        self._engine, self.calls, self._cipher = store.engine, store.calls, Cipher(key)

    @timely
    def open(self, district: str, year: int, at: datetime) -> bytes:
        """Return the key of a district's school year, made *at* this moment where nobody has made it yet.

        Raises:
            StoreUnavailable: the registry cannot be used, or the key was destroyed.
        """
        found = self._find(district, year)
        if found is None:
            sealed = self._cipher.seal(secrets.token_bytes(KEY_BYTES), _about(district, year))
            values = {"district": district, "school_year": year, "sealed": sealed, "made": at}
            try:
                with transaction(self._engine, write=True) as connection:
                    connection.execute(insert(subject_keys).values(values))
            except IntegrityError:
                pass  # another process was first; its key counts
            found = self._find(district, year)
        if found is None or found.key is None:
            raise StoreUnavailable("The key of this school year's student tags was destroyed; nothing is sent.")
        return found.key

    @timely
    def list(self, district: str = "") -> tuple[SubjectKey, ...]:
        """List the keys of a *district*, or of all, by district and year."""
        wanted = select(subject_keys).order_by(subject_keys.c.district, subject_keys.c.school_year)
        if district:
            wanted = wanted.where(subject_keys.c.district == district)
        with transaction(self._engine) as connection:
            return tuple(self._opened(row) for row in connection.execute(wanted).all())

    @timely
    def destroy(self, district: str, year: int, act: Act, at: datetime) -> None:
        """Destroy a key for ever, and write the *act* of it, in one transaction.

        Raises:
            NotFound: there is no such key.
            CallerError: it was destroyed before.
            StoreUnavailable: the registry cannot be used; or the key is destroyed, but a copy of it is in SQLite's
                log still, which another program reads. Whoever destroys it once more empties the log.
        """
        row = (subject_keys.c.district == district) & (subject_keys.c.school_year == year)
        with transaction(self._engine, write=True) as connection:
            found = connection.execute(select(subject_keys).where(row).with_for_update()).first()
            if found is None:
                raise NotFound(f"{district} has no key for the school year {year}.")
            if found.destroyed is None:
                zeros = bytes(len(found.sealed or b""))
                connection.execute(update(subject_keys).where(row).values(sealed=zeros))
                connection.execute(update(subject_keys).where(row).values(sealed=None, destroyed=at))
                write_act(connection, act, at)
        if not empty_log(self._engine):
            raise StoreUnavailable(LOG_IN_USE)
        if found.destroyed is not None:
            raise CallerError(f"The key of {district} for the school year {year} was destroyed before.")

    def _find(self, district: str, year: int) -> SubjectKey | None:
        row = (subject_keys.c.district == district) & (subject_keys.c.school_year == year)
        with transaction(self._engine) as connection:
            found = connection.execute(select(subject_keys).where(row)).first()
        return self._opened(found) if found is not None else None

    def _opened(self, row: Row[Any]) -> SubjectKey:
        key = None
        if row.sealed is not None:
            try:
                key = self._cipher.open(row.sealed, _about(row.district, row.school_year))
            except NotSealed:
                raise StoreUnavailable("A key of student tags was changed in the registry.") from None
        return SubjectKey(row.district, row.school_year, key, row.made, row.destroyed)


def _about(district: str, year: int) -> bytes:
    return f"{district}\x00{year}".encode()
