"""Districts that people connected: each change a row, the credentials of their systems sealed."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, insert, inspect, select

from gateway.storage.cipher import Cipher, NotSealed
from gateway.storage.database import transaction
from gateway.storage.people.tables import written_districts
from gateway.storage.people.written import hold_written, note_written
from gateway.storage.secrets import derive_subkey
from standards.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import Connection, Engine, Row

PURPOSE: Final = "districts"
"""The purpose of the key from which each district's key for its credentials is derived."""


@dataclass(frozen=True, slots=True)
class WrittenDistrict:
    """A district as people wrote it last: its *content*, and the *secrets* of its system, which are never shown."""

    name: str
    content: Mapping[str, Any]
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    number: int = 0
    at: datetime | None = None
    actor: str = ""

    @property
    def connected(self) -> bool:
        """Whether it is to be served; otherwise it is kept for its people to go on with."""
        return bool(self.content.get("connected"))


def write_district(connection: Connection, key: bytes, district: WrittenDistrict) -> int:
    """Write a change of a district, in the transaction of its act, and return its number.

    Of one to be served every process hears.
    """
    sealed = json.dumps(dict(district.secrets)).encode()
    values = {
        "name": district.name, "content": dict(district.content), "removed": False, "at": district.at,
        "actor": district.actor, "sealed": _cipher(key, district.name).seal(sealed, district.name.encode()),
    }  # fmt: skip
    key_of_row = connection.execute(insert(written_districts).values(values)).inserted_primary_key
    if district.connected:
        note_written(connection)
    return int(key_of_row[0]) if key_of_row else 0


def remove_district(connection: Connection, name: str, at: datetime, actor: str) -> None:
    """Write that a district is connected no longer, and forget the credentials of its system."""
    mine = written_districts.update().where(written_districts.c.name == name)
    connection.execute(mine.values(sealed=None))
    values: dict[str, Any] = {"name": name, "content": {}, "sealed": None, "removed": True, "at": at, "actor": actor}
    connection.execute(insert(written_districts).values(values))
    note_written(connection)


def connected_districts(connection: Connection, key: bytes) -> tuple[WrittenDistrict, ...]:
    """Return the districts that people connected and have not removed, by name, each as it is to be served.

    Raises:
        StoreUnavailable: the credentials of one do not open under this region's key.
    """
    rows = connection.execute(select(written_districts).order_by(written_districts.c.number)).all()
    counting = {row.name: row for row in rows if row.removed or row.content.get("connected")}
    return tuple(_district(row, key) for _, row in sorted(counting.items()) if not row.removed)


def newest_districts(connection: Connection, key: bytes) -> tuple[WrittenDistrict, ...]:
    """Return every district as people wrote it last, by name: what is served, or what is to be."""
    newest = select(func.max(written_districts.c.number)).group_by(written_districts.c.name)
    wanted = select(written_districts).where(written_districts.c.number.in_(newest))
    rows = connection.execute(wanted.order_by(written_districts.c.name)).all()
    return tuple(_district(row, key) for row in rows if not row.removed)


def written_names(connection: Connection) -> tuple[str, ...]:
    """Return the name of every district that people wrote and have not removed, in their order."""
    newest = select(func.max(written_districts.c.number)).group_by(written_districts.c.name)
    found = select(written_districts.c.name).where(
        written_districts.c.number.in_(newest), written_districts.c.removed.is_(False)
    )
    return tuple(connection.execute(found.order_by(written_districts.c.name)).scalars())


def find_written(connection: Connection, key: bytes, name: str) -> WrittenDistrict | None:
    """Return the district of that *name* as people wrote it last; None where they have not, or have removed it."""
    mine = select(written_districts).where(written_districts.c.name == name)
    row = connection.execute(mine.order_by(written_districts.c.number.desc()).limit(1)).first()
    return None if row is None or row.removed else _district(row, key)


def stays_connected(connection: Connection, name: str) -> bool:
    """Tell whether a district that people connected is connected, and keep it so until the transaction ends."""
    hold_written(connection)
    mine = select(written_districts.c.removed, written_districts.c.content).where(written_districts.c.name == name)
    rows = connection.execute(mine.order_by(written_districts.c.number.desc())).all()
    last = next((row for row in rows if row.removed or row.content.get("connected")), None)
    return last is not None and not last.removed


def read_districts(engine: Engine, key: bytes) -> tuple[WrittenDistrict, ...]:
    """Return the connected districts of a registry, none where a version before the first that has them wrote it.

    Raises:
        StoreUnavailable: it cannot be read.
    """
    with transaction(engine) as connection:
        there = inspect(connection).has_table(written_districts.name)
        return connected_districts(connection, key) if there else ()


def _district(row: Row[Any], key: bytes) -> WrittenDistrict:
    try:
        opened = _cipher(key, row.name).open(row.sealed, row.name.encode()) if row.sealed else b"{}"
    except NotSealed:
        message = f"The credentials of {row.name} do not open under this region's key."
        raise StoreUnavailable(message) from None
    return WrittenDistrict(row.name, row.content, json.loads(opened), row.number, row.at, row.actor)


def _cipher(key: bytes, name: str) -> Cipher:
    return Cipher(derive_subkey(key, name.encode()))
