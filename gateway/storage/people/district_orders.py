"""Orders of people about a district, which every process follows: a pause, an approved change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, insert, select, update

from gateway.storage.people.tables import organisation_settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

PAUSE, APPROVED = "district.pause", "district.approved"
"""The names under which they are among the settings of an organisation."""

NAMES: Final = (PAUSE, APPROVED)


@dataclass(frozen=True, slots=True)
class Pause:
    """No refresh begins *until* then; *by* whom."""

    until: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Orders:
    """What people have ordered about a district: *approved* is the digest of the loss that they approved last."""

    pause: Pause | None = None
    approved: str = ""


NONE: Final = Orders()


def orders_of(connection: Connection) -> dict[str, Orders]:
    """Return the orders about every district that has any."""
    wanted = select(organisation_settings).where(organisation_settings.c.name.in_(NAMES))
    found: dict[str, dict[str, Any]] = {}
    for row in connection.execute(wanted).all():
        found.setdefault(row.org, {})[row.name] = (row.value, row.changed_by)
    return {org: _orders(values) for org, values in found.items()}


def give_order(connection: Connection, org: str, name: str, value: Mapping[str, Any], at: datetime, by: str) -> None:
    """Order something about a district; what was ordered before is replaced."""
    mine = (organisation_settings.c.org == org) & (organisation_settings.c.name == name)
    values = {"value": dict(value), "changed": at, "changed_by": by}
    if not connection.execute(update(organisation_settings).where(mine).values(values)).rowcount:
        connection.execute(insert(organisation_settings).values(org=org, name=name, version=0, **values))


def end_order(connection: Connection, org: str, name: str) -> bool:
    """End an order; return whether there was one."""
    mine = (organisation_settings.c.org == org) & (organisation_settings.c.name == name)
    return bool(connection.execute(delete(organisation_settings).where(mine)).rowcount)


def _orders(values: Mapping[str, tuple[Mapping[str, Any], str]]) -> Orders:
    pause, by = values.get(PAUSE, ({}, ""))
    until = pause.get("until")
    return Orders(
        Pause(datetime.fromisoformat(until).astimezone(UTC), by) if until else None,
        str(values.get(APPROVED, ({}, ""))[0].get("digest", "")),
    )
