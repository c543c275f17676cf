"""Events: the acts of people on record, as far as the roles of whoever reads them reach."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ColumnElement, func, select, true

from gateway.storage.bounded_calls import timely
from gateway.storage.database import transaction
from gateway.storage.secrets import derive_subkey
from gateway.storage.tables import acts

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from gateway.admin.administration import Administration
    from gateway.people.actor import Actor

ACTION: Final = "event.read"
PURPOSE: Final = "acts"
"""The purpose of the key by which acts are named."""
ID_BYTES: Final = 16
UNTOLD: Final = frozenset({"tags", "tag", "students", "student", "mark", "marks", "number"})
"""What no list shows: what an act may name of students, by keys, and numbers of rows that all districts share.

The audit log has them.
"""

TRANSFER: Final = "transfer "
"""How acts about a transfer begin."""
INSIDE: Final = frozenset({"agreement", "version", "event"})
"""What is not shown of them: the agreement tells where a student moves, the others what the other district has done.

The requester reads its own acts, and the number of its withdrawal would say whether somebody was found; so does the
hash of the event to whoever tries the numbers.
"""
STATE, RECEIVING = "state", frozenset({"receiver", "agent"})
"""Nor is the state shown of what the requester does: it files what came while the rest is held, or decided upon."""


@dataclass(frozen=True, slots=True)
class RecordedAct:
    """One act on record: who did what, when, in which district, and on what.

    The *id* is a keyed tag: the acts of all districts are numbered in one row, and gaps would tell what others do.
    """

    id: str
    at: datetime
    actor: str
    action: str
    district: str
    reason: str
    content: Mapping[str, Any]

    def shown(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "id": self.id, "at": self.at.isoformat(timespec="milliseconds"), "actor": self.actor,
            "action": self.action, "district": self.district, "reason": self.reason, "content": dict(self.content),
        }  # fmt: skip


class Events:
    """The acts in the registry, for people."""

    def __init__(self, region: Administration) -> None:
        self._engine, self.calls = region.store.engine, region.store.calls
        self._key = region.keys.derive(PURPOSE)

    @timely
    def list(
        self, actor: Actor, offset: int, limit: int, district: str = "", action: str = "", client: str = ""
    ) -> tuple[tuple[RecordedAct, ...], int]:
        """List acts, the newest first, and how many there are: those of the actor's own districts, or of the region.

        Raises:
            NotPermitted: the actor reads no act at all.
        """
        mine = _reached(actor)
        for column, value in ((acts.c.district, district), (acts.c.action, action)):
            mine = mine & (column == value) if value else mine
        if client:
            mine = mine & (acts.c.content["client"].as_string() == client)
        wanted = select(acts).where(mine).order_by(acts.c.number.desc()).offset(offset).limit(limit)
        with transaction(self._engine) as connection:
            total = connection.execute(select(func.count()).select_from(acts).where(mine)).scalar_one()
            rows = connection.execute(wanted).all()
        return tuple(self._recorded(row) for row in rows), int(total)

    def _recorded(self, row: Any) -> RecordedAct:
        untold = UNTOLD | _inside(row.content) if row.action.startswith(TRANSFER) else UNTOLD
        content = {name: value for name, value in row.content.items() if name not in untold}
        tag = derive_subkey(self._key, f"{row.district}\0{row.number}".encode())[:ID_BYTES].hex()
        return RecordedAct(tag, row.at, row.actor, row.action, row.district, row.reason, content)


def _inside(content: Mapping[str, Any]) -> frozenset[str]:
    """Return what is not shown of the *content* of an act about a transfer."""
    return INSIDE | {STATE} if content.get("party") in RECEIVING else INSIDE


def _reached(actor: Actor) -> ColumnElement[bool]:
    if actor.everywhere(ACTION):
        return true()
    orgs = actor.orgs(ACTION)
    if not orgs:
        actor.require(ACTION)
    return acts.c.district.in_(sorted(orgs))
