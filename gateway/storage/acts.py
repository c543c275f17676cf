"""Acts of administrators: written in the very transaction of what they change, then carried over to the audit log."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from gateway.one_line import is_one_line
from gateway.storage.bounded_calls import timely
from gateway.storage.database import transaction
from gateway.storage.tables import acts, marks
from standards.errors import CallerError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from sqlalchemy import Connection, Engine

    from gateway.storage.bounded_calls import Calls

MAX_ACTS_AT_ONCE = 500
CLAIM = "acts"
"""The checkpoint that says which process carries the acts over, and until when nobody else does."""


class SqlRegistry(Protocol):
    """The registry's database, and how calls to it are bounded."""

    calls: Calls

    @property
    def engine(self) -> Engine:
        """The database."""


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
    """Write an *act* that happens *at* this moment, in the transaction of what it changes.

    Raises:
        CallerError: who acts, or why, is not one line: printed, the rest would look like another act.
    """
    if not (is_one_line(act.actor) and is_one_line(act.reason)):
        raise CallerError("Who acts, and the reason, must be one line of text each, without control characters.")
    values = {"actor": act.actor, "action": act.action, "district": act.district, "content": dict(act.content)}
    connection.execute(insert(acts).values(at=at, reason=act.reason, **values))


def write_acts(store: SqlRegistry, several: Iterable[Act], at: datetime) -> None:
    """Write acts that change nothing in the registry itself, all of them or none.

    Raises:
        StoreUnavailable: the registry cannot be written.
    """
    listed = tuple(several)

    def write() -> None:
        with transaction(store.engine, write=True) as connection:
            for one in listed:
                write_act(connection, one, at)

    if listed:
        store.calls.run(write)


class Acts:
    """The acts in the registry, in the order in which they happened."""

    def __init__(self, store: SqlRegistry) -> None:
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
    def claim(self, holder: str, now: float, seconds: float) -> bool:
        """Claim for *holder* to carry the acts over for so many *seconds*; False while another one has the claim."""
        until = {"number": int((now + seconds) * 1000), "digest": holder}
        free = or_(marks.c.digest == holder, marks.c.number < int(now * 1000))
        try:
            with transaction(self._engine, write=True) as connection:
                taken = update(marks).where(marks.c.name == CLAIM, free).values(until)
                if connection.execute(taken).rowcount:
                    return True
                if connection.execute(select(marks.c.name).where(marks.c.name == CLAIM)).first():
                    return False
                connection.execute(insert(marks).values(name=CLAIM, **until))
        except IntegrityError:  # another process made it first
            return False
        return True

    @timely
    def release(self, holder: str) -> None:
        """Give up the claim of *holder*, if it has it."""
        mine = update(marks).where(marks.c.name == CLAIM, marks.c.digest == holder)
        with transaction(self._engine, write=True) as connection:
            connection.execute(mine.values(number=0))

    @timely
    def note_recorded(self, number: int, at: datetime) -> bool:
        """Note that the act of that *number* is in the audit log; False where another process has noted it before."""
        once = update(acts).where(acts.c.number == number, acts.c.recorded.is_(None)).values(recorded=at)
        with transaction(self._engine, write=True) as connection:
            return bool(connection.execute(once).rowcount)
