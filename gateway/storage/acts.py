"""Acts of administrators: written in the very transaction of what they change, then carried over to the audit log."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update

from gateway.storage.bounded_calls import timely
from gateway.storage.database import transaction
from gateway.storage.tables import acts

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import Connection

    from gateway.storage.registry import SqlStore

MAX_ACTS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Act:
    """One act of a person: who did what, in which district, on what, and why.

    *content* names what it is about: the agreement, client or entry of a register, hashes of before and after, keyed
    tags of students. No value of a student is in it. *at* and *number* are those of the registry once it is written.
    """

    actor: str
    action: str
    district: str = ""
    content: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""
    at: datetime | None = None
    number: int = 0


def write_act(connection: Connection, act: Act, at: datetime) -> None:
    """Write an *act* that happens *at* this moment, in the transaction of what it changes."""
    values = {"actor": act.actor, "action": act.action, "district": act.district, "content": dict(act.content)}
    connection.execute(insert(acts).values(at=at, reason=act.reason, **values))


class Acts:
    """The acts in the registry, in the order in which they happened."""

    def __init__(self, store: SqlStore) -> None:
        self._engine, self.calls = store.engine, store.calls

    @timely
    def waiting(self) -> tuple[Act, ...]:
        """List the acts that are not in the audit log yet, oldest first; some at a time."""
        wanted = select(acts).where(acts.c.recorded.is_(None)).order_by(acts.c.number).limit(MAX_ACTS_AT_ONCE)
        with transaction(self._engine) as connection:
            rows = connection.execute(wanted).all()
        return tuple(
            Act(row.actor, row.action, row.district, row.content, row.reason, row.at, row.number) for row in rows
        )

    @timely
    def note_recorded(self, number: int, at: datetime) -> None:
        """Note that the act of that *number* is in the audit log."""
        with transaction(self._engine, write=True) as connection:
            connection.execute(update(acts).where(acts.c.number == number).values(recorded=at))
