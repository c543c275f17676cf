"""Lists of transfers, in pages: what a district is asked for, by clock, what it has asked for, and what is due."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from sqlalchemy import and_, func, or_, select

from gateway.storage.bounded_calls import timely
from gateway.storage.database import transaction
from gateway.storage.transfers.tables import transfer_events, transfers
from gateway.transfers.clocks.clocks import Light
from gateway.transfers.ledger.rows import NEVER
from gateway.transfers.machine.event import read_moment, spell_moment
from gateway.transfers.machine.outward import OutwardState, OutwardTransfer
from gateway.transfers.machine.words import EventKind, TransferState
from standards.errors import MalformedQuery

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from sqlalchemy import Column, ColumnElement, Row, Select

    from gateway.storage.acts import SqlRegistry

MAX_LISTED: Final = 100
MAX_DUE: Final = 500
MAX_FIGURES: Final = 100_000
"""What is due is done so many at a time."""

Listed = TypeVar("Listed")


@dataclass(frozen=True, slots=True)
class ListedTransfer:
    """A transfer as its sending district lists it, with the clocks of its tracks; *light* is that of the first one."""

    id: str
    receiver: str
    state: TransferState
    number: int
    version: int
    military: bool
    hold: str
    asked: datetime
    info_due: datetime | None
    info_done: datetime | None
    full_due: datetime | None
    full_done: datetime | None
    light: Light
    is_calendar_missing: bool


@dataclass(frozen=True, slots=True)
class TransferFigures:
    """What a report counts of one transfer: its state, since when it is with the district, and its clocks."""

    state: TransferState
    opened: datetime
    info_amber: datetime | None
    info_due: datetime | None
    info_done: datetime | None
    full_amber: datetime | None
    full_due: datetime | None
    full_done: datetime | None


@dataclass(frozen=True, slots=True)
class TransferPage(Generic[Listed]):
    """A page of a list; *next* is the cursor of the one that follows, empty behind the last."""

    items: tuple[Listed, ...]
    next: str = ""


class TransferLists:
    """The lists of all transfers, read from the rows that are written with each event."""

    def __init__(self, store: SqlRegistry, clock: Callable[[], datetime]) -> None:
        self._engine, self.calls, self._clock = store.engine, store.calls, clock

    @timely
    def asked_of(
        self,
        sender: str,
        states: Collection[TransferState] = (),
        light: Light | None = None,
        cursor: str = "",
        limit: int = MAX_LISTED,
    ) -> TransferPage[ListedTransfer]:
        """List what a district is asked for, what is due first first: in these *states*, under that *light*, or all.

        Raises:
            MalformedQuery: the cursor is none.
        """
        now = self._clock()
        wanted = [transfers.c.sender == sender]
        wanted += [transfers.c.state.in_([state.value for state in states])] if states else []
        wanted += [_under(light, now)] if light else []
        rows, following = self._page(wanted, transfers.c.next_due, cursor, limit)
        return TransferPage(tuple(_listed(row, now) for row in rows), following)

    @timely
    def asked_by(
        self, receiver: str, state: OutwardState | None = None, cursor: str = "", limit: int = MAX_LISTED
    ) -> TransferPage[OutwardTransfer]:
        """List what a district has asked for, by what it was told of when it is due: as it may see each.

        Raises:
            MalformedQuery: the cursor is none.
        """
        wanted = [transfers.c.receiver == receiver]
        wanted += [transfers.c.outward == state.value] if state else []
        rows, following = self._page(wanted, transfers.c.told_due, cursor, limit)
        return TransferPage(tuple(map(_outward, rows)), following)

    @timely
    def leaving(self) -> tuple[str, ...]:
        """Return the ids of what was released and may leave now: a batch is all of one moment."""
        return self._due(TransferState.APPROVED, transfers.c.leaves)

    @timely
    def lapsing(self) -> tuple[str, ...]:
        """Return the ids of what was packed for so long that it lapses now."""
        return self._due(TransferState.PACKED, transfers.c.lapses)

    @timely
    def of_sender(self, sender: str, after: str = "", limit: int = MAX_DUE) -> tuple[str, ...]:
        """Return the ids of a district's open transfers behind one, to count their clocks anew."""
        running = transfers.c.next_due < NEVER, transfers.c.sender == sender, transfers.c.id > after
        wanted = select(transfers.c.id).where(*running).order_by(transfers.c.id).limit(limit)
        with transaction(self._engine) as connection:
            return tuple(connection.execute(wanted).scalars())

    @timely
    def in_state(self, state: TransferState, after: str = "", limit: int = MAX_DUE) -> tuple[str, ...]:
        """Return the ids of the transfers in a *state* behind one, for what the gateway does by itself."""
        mine = select(transfers.c.id).where(transfers.c.state == state.value, transfers.c.id > after)
        with transaction(self._engine) as connection:
            return tuple(connection.execute(mine.order_by(transfers.c.id).limit(limit)).scalars())

    @timely
    def subjects(self, ids: Collection[str]) -> Mapping[str, str]:
        """Return the keyed tag of the student that was found last of each of these transfers, where one was."""
        kinds = [EventKind.MATCH.value, EventKind.CHOOSE.value, EventKind.REDIRECT.value]
        mine = transfer_events.c.transfer.in_(sorted(ids)), transfer_events.c.kind.in_(kinds)
        wanted = select(transfer_events.c.transfer, transfer_events.c.content).where(*mine)
        with transaction(self._engine) as connection:
            rows = connection.execute(wanted.order_by(transfer_events.c.number)).all()
        found = {transfer: str(content.get("subject", "")) for transfer, content in rows}
        return {transfer: subject for transfer, subject in found.items() if subject}

    @timely
    def tally(self, sender: str) -> Mapping[TransferState, int]:
        """Count what a district is asked for, by its state."""
        counted = select(transfers.c.state, func.count()).where(transfers.c.sender == sender)
        with transaction(self._engine) as connection:
            rows = connection.execute(counted.group_by(transfers.c.state)).all()
        return {TransferState(state): number for state, number in rows}

    @timely
    def figures(self, sender: str, begin: datetime, end: datetime) -> tuple[TransferFigures, ...]:
        """Return the figures of each transfer that a district was asked for from *begin* on and before *end*."""
        mine = transfers.c.sender == sender, transfers.c.asked >= begin, transfers.c.asked < end
        columns = [transfers.c[name] for name in TransferFigures.__slots__]
        with transaction(self._engine) as connection:
            rows = connection.execute(select(*columns).where(*mine).limit(MAX_FIGURES)).all()
        return tuple(TransferFigures(TransferState(row[0]), *row[1:]) for row in rows)

    @timely
    def reasons(self, sender: str, kind: EventKind, begin: datetime, end: datetime) -> Mapping[str, int]:
        """Count the reasons of a *kind* of event among the transfers asked of a district between two moments."""
        joined = transfer_events.join(transfers, transfers.c.id == transfer_events.c.transfer)
        asked = transfers.c.sender == sender, transfers.c.asked >= begin, transfers.c.asked < end
        counted = select(transfer_events.c.reason, func.count()).select_from(joined)
        mine = counted.where(*asked, transfer_events.c.kind == kind.value)
        with transaction(self._engine) as connection:
            rows = connection.execute(mine.group_by(transfer_events.c.reason)).all()
        return {reason: int(number) for reason, number in rows}

    def _due(self, state: TransferState, moment: Column[Any]) -> tuple[str, ...]:
        wanted = select(transfers.c.id).where(transfers.c.state == state.value, moment <= self._clock())
        with transaction(self._engine) as connection:
            return tuple(connection.execute(wanted.order_by(moment, transfers.c.id).limit(MAX_DUE)).scalars())

    def _page(
        self, wanted: list[ColumnElement[bool]], by: Column[Any], cursor: str, limit: int
    ) -> tuple[list[Row[Any]], str]:
        """Return the rows of a page in the order *by* a moment, and the cursor behind them."""
        limit = max(1, min(limit, MAX_LISTED))
        asked: Select[Any] = select(transfers).where(*wanted).order_by(by, transfers.c.id).limit(limit + 1)
        if cursor:
            moment, last = _read_cursor(cursor)
            asked = asked.where(or_(by > moment, and_(by == moment, transfers.c.id > last)))
        with transaction(self._engine) as connection:
            rows = list(connection.execute(asked).all())
        if len(rows) <= limit:
            return rows, ""
        return rows[:limit], _cursor(rows[limit - 1], by)


def _under(light: Light, now: datetime) -> ColumnElement[bool]:
    """Return the condition under which the first clock of a transfer shows a *light*."""
    due, amber = transfers.c.next_due, transfers.c.next_amber
    done = and_(transfers.c.info_done.is_not(None), transfers.c.full_done.is_not(None))
    return {
        Light.RED: due <= now,
        Light.AMBER: and_(due > now, amber <= now),
        Light.GREEN: and_(due > now, amber > now, due < NEVER),
        Light.STOPPED: and_(due == NEVER, ~done),
        Light.DONE: done,
    }[light]


def _light(row: Row[Any], now: datetime) -> Light:
    if row.next_due < NEVER:
        return Light.RED if row.next_due <= now else Light.AMBER if row.next_amber <= now else Light.GREEN
    return Light.DONE if row.info_done and row.full_done else Light.STOPPED


def _listed(row: Row[Any], now: datetime) -> ListedTransfer:
    return ListedTransfer(
        row.id, row.receiver, TransferState(row.state), row.number, row.version, row.military, row.hold, row.asked,
        row.info_due, row.info_done, row.full_due, row.full_done, _light(row, now), row.calendar_missing,
    )  # fmt: skip


def _outward(row: Row[Any]) -> OutwardTransfer:
    sender = row.sender if row.delivered else row.first_sender
    asked, due = spell_moment(row.asked), spell_moment(row.told_due)
    return OutwardTransfer(row.id, OutwardState(row.outward), sender, asked, due, row.delivered)


def _cursor(row: Row[Any], by: Column[Any]) -> str:
    """Return the cursor behind a *row*: where it stands in the order, and nothing else."""
    position = json.dumps([spell_moment(getattr(row, by.name)), row.id]).encode()
    return base64.urlsafe_b64encode(position).rstrip(b"=").decode()


def _read_cursor(cursor: str) -> tuple[datetime, str]:
    try:
        moment, last = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if isinstance(last, str):
            return read_moment(moment).astimezone(UTC), last
    except (binascii.Error, ValueError, TypeError):
        pass
    raise MalformedQuery("cursor", "The cursor is none of this list.")
