"""The store of the registers: events in the registry's database, and what they come to, in every process at once."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from gateway.registers import events
from gateway.registers.events import RegisterEvent
from gateway.registers.fold import EventRow, Fold
from gateway.registers.writing import adding, changing, ending, entry_of
from gateway.storage.acts import Act, write_act
from gateway.storage.database import empty_log, transaction
from gateway.storage.registry import utc_now
from gateway.storage.tables import register_events, register_versions
from standards.errors import CallerError, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import date, datetime

    from sqlalchemy import Connection, Row

    from gateway.registers.entries import RegisterState
    from gateway.registers.events import RegisterEntry, Stated
    from gateway.registers.tags import RegisterKeys
    from gateway.registers.writing import Plan, Written
    from gateway.storage.registry import SqlStore

UNREADABLE: Final = (
    "An entry of the registers cannot be read: it is damaged, of another version, or sealed under another master key."
)

PLANNED_BEFORE: Final = 3
"""How often a plan is made without keeping other writers waiting."""

PAGE_ROWS: Final = 4000
"""The events that one call reads, so that it ends in its time however large a register is."""


@dataclass(slots=True)
class _KnownDistrict:
    """What is known of a district, as of when it was last looked at."""

    fold: Fold
    state: RegisterState | None = None


class Registers:
    """The registers of all districts of a region."""

    def __init__(
        self,
        store: SqlStore,
        keys: RegisterKeys,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._engine, self._calls, self.keys, self._clock = store.engine, store.calls, keys, clock
        self._known: dict[str, _KnownDistrict] = {}
        self._lock = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}

    def state(self, district: str) -> RegisterState:
        """Return what the registers of a *district* state now, the same object while their version is the same.

        Raises:
            StoreUnavailable: the registry cannot be asked, so that nobody knows what holds.
        """
        with self._locked(district):
            known = self._of(district)
            known.state = self._look(known)
            return known.state

    def entries(self, district: str) -> tuple[RegisterEntry, ...]:
        """List all entries of a *district*, those that have ended too, oldest first."""
        with self._locked(district):
            known = self._of(district)
            known.state = self._look(known)
            return tuple(known.fold.entries.values())

    def form_text(self, district: str, form_hash: str) -> str | None:
        """Return the text of a form that was kept under its hash; None where none was."""
        self.entries(district)
        kept = self._of(district).fold.forms.get(form_hash[: events.HASH_CHARACTERS])
        return events.form_text(district, kept, self.keys.cipher(district)) if kept else None

    def write(
        self, district: str, states: Sequence[Stated], actor: str, reason: str = "", forms: Sequence[str] = ()
    ) -> Written:
        """Write what *states* say that is not known yet, all of it or nothing, and keep the texts of *forms*."""
        return self._write(district, lambda fold: adding(fold, states, forms, actor, self._clock()), actor, reason)

    def would_write(self, district: str, states: Sequence[Stated]) -> Written:
        """Return what `write` would come to, and write nothing."""
        with self._locked(district):
            known = self._of(district)
            known.state = self._look(known)
            return adding(known.fold.copied(), states, (), "", self._clock()).written

    def end(self, district: str, entries: Sequence[str], register: str, actor: str, reason: str) -> Written:
        """Withdraw consents or lift restrictions, as the *register* is; those that have ended stay as they are.

        Raises:
            NotFound: there is no such entry in the register.
        """
        return self._write(district, lambda fold: ending(fold, register, entries), actor, reason)

    def change(self, district: str, entry: str, register: str, anew: Stated, actor: str, reason: str) -> Written:
        """Let an *entry* that has not ended state *anew* from now on."""
        return self._write(district, lambda fold: changing(fold, register, entry, anew), actor, reason)

    def delete(
        self, district: str, entry: str, register: str, actor: str, reason: str, agreement_end: date | None = None
    ) -> None:
        """Delete one entry that has ended, with all its rows; the act that stays names it by its id alone.

        A consent ends on the last day of its agreement (*agreement_end*) at the latest.

        Raises:
            NotFound: there is no such entry in the register.
            CallerError: it has not ended.
        """

        def run() -> None:
            with transaction(self._engine, write=True) as connection:
                self._claim(connection, district)
                self._catch_up(connection, fold)
                known = entry_of(fold, register, entry)
                last = known.last_day(agreement_end)
                if last is None or last >= self._clock().date():
                    raise CallerError(f"The entry {entry} has not ended, and is kept.")
                gone = RegisterEvent(register, "", events.DELETED, {})
                connection.execute(insert(register_events), _values(district, gone, self._clock(), actor, ""))
                mine = (register_events.c.district == district) & (register_events.c.entry == entry)
                connection.execute(delete(register_events).where(mine, register_events.c.register == register))
                content = {"register": register, "entries": [entry], "before": events.digest([known.states])}
                self._note(connection, Act(actor, f"{register} deleted", district, content, reason))
            empty_log(self._engine)  # while others read it a copy stays in it, until it is emptied after them

        with self._locked(district):
            fold = self._of(district).fold
            self._calls.run(run)

    def _write(self, district: str, planned: Callable[[Fold], Plan], actor: str, reason: str) -> Written:
        """Write the events that are *planned* over the present fold, with their act, in one transaction.

        Large plans are made before the transaction, which would keep other writers to the registry waiting; where
        somebody else has written meanwhile they are made again, and the last time within it.
        """
        with self._locked(district):
            known = self._of(district)
            for _ in range(PLANNED_BEFORE):
                known.state = self._look(known)
                plan, version = planned(known.fold.copied()), known.state.version
                if not plan.events or self._calls.run(partial(self._commit, plan, district, version, actor, reason)):
                    return plan.written
            return self._calls.run(partial(self._plan_and_commit, planned, known.fold, actor, reason))

    def _commit(self, plan: Plan, district: str, version: int, actor: str, reason: str) -> bool:
        """Write a *plan* that was made as of a *version*; return False where that is over."""
        act, at = plan.act(district, actor, reason), self._clock()
        values = [_values(district, one, at, actor, reason) for one in plan.events]
        with transaction(self._engine, write=True) as connection:
            self._claim(connection, district)
            if _version(connection, district) != version:
                return False
            connection.execute(insert(register_events), values)
            self._note(connection, act)
            return True

    def _plan_and_commit(self, planned: Callable[[Fold], Plan], fold: Fold, actor: str, reason: str) -> Written:
        """Plan while nobody else can write, and write that."""
        with transaction(self._engine, write=True) as connection:
            self._claim(connection, fold.district)
            self._catch_up(connection, fold)
            plan, at = planned(fold.copied()), self._clock()
            if plan.events:
                values = [_values(fold.district, one, at, actor, reason) for one in plan.events]
                connection.execute(insert(register_events), values)
                self._note(connection, plan.act(fold.district, actor, reason))
            return plan.written

    def _note(self, connection: Connection, act: Act) -> None:
        """Let the version grow, and write the *act* down."""
        write_act(connection, act, self._clock())
        mine = register_versions.c.district == act.district
        connection.execute(update(register_versions).where(mine).values(version=register_versions.c.version + 1))

    def _claim(self, connection: Connection, district: str) -> None:
        """Let no other transaction write to the registers of a *district* until this one ends."""
        kind = postgresql if connection.dialect.name == "postgresql" else sqlite
        row = kind.insert(register_versions).values(district=district, version=0)
        same_version = {"version": register_versions.c.version}
        connection.execute(row.on_conflict_do_update(index_elements=["district"], set_=same_version))

    def _look(self, known: _KnownDistrict) -> RegisterState:
        """Read what has changed since the last look, some at a time."""
        before = known.state.version if known.state else -1
        while True:
            version, done = self._calls.run(lambda: self._step(known, before))
            if done:
                return known.fold.state(version) if version != before or known.state is None else known.state

    def _step(self, known: _KnownDistrict, before: int) -> tuple[int, bool]:
        with self._reading() as connection:
            version = _version(connection, known.fold.district)
            if version == before:
                return version, True
            return version, self._page(connection, known.fold)

    def _catch_up(self, connection: Connection, fold: Fold) -> None:
        while not self._page(connection, fold):
            pass

    def _page(self, connection: Connection, fold: Fold) -> bool:
        """Take the next events in; return whether these were the last. Where rows have gone, begin again."""
        mine = register_events.c.district == fold.district
        later = select(register_events).where(mine, register_events.c.number > fold.last)
        try:
            rows = connection.execute(later.order_by(register_events.c.number).limit(PAGE_ROWS)).all()
            fold.take(map(_row, rows))
        except (KeyError, ValueError, TypeError, AttributeError):
            raise StoreUnavailable(UNREADABLE) from None
        if len(rows) == PAGE_ROWS:
            return False
        count = connection.execute(select(func.count()).select_from(register_events).where(mine)).scalar_one()
        if count == fold.count:
            return True
        fold.clear()
        return False

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        """Open a transaction that sees one state of the database."""
        engine = self._engine
        if engine.dialect.name == "postgresql":
            engine = engine.execution_options(isolation_level="REPEATABLE READ")
        with transaction(engine) as connection:
            yield connection

    def _of(self, district: str) -> _KnownDistrict:
        known = self._known.get(district)
        if known is None:
            known = self._known[district] = _KnownDistrict(Fold(district, self.keys.cipher(district)))
        return known

    @contextmanager
    def _locked(self, district: str) -> Iterator[None]:
        with self._lock:
            lock = self._locks.setdefault(district, threading.Lock())
        with lock:
            yield


def _version(connection: Connection, district: str) -> int:
    found = select(register_versions.c.version).where(register_versions.c.district == district)
    return connection.execute(found).scalar() or 0


def _row(row: Row[Any]) -> EventRow:
    event = RegisterEvent(row.register, row.entry, row.event, row.content, row.sealed)
    return EventRow(row.number, event, row.at, row.actor, row.reason)


def _values(district: str, one: RegisterEvent, at: datetime, actor: str, reason: str) -> dict[str, Any]:
    return {
        "district": district, "register": one.register, "entry": one.entry, "event": one.event, "at": at,
        "actor": actor, "reason": reason, "content": dict(one.content), "sealed": one.sealed,
    }  # fmt: skip
