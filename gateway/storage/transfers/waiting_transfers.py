"""Waiting transfers: those of which a person has something to do, as rows that name districts and moments alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import and_, or_, select

from gateway.storage.bounded_calls import timely
from gateway.storage.database import transaction
from gateway.storage.transfers.tables import transfers

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import datetime, timedelta

    from sqlalchemy import ColumnElement

    from gateway.storage.acts import SqlRegistry

NEAR, UNKNOWN, WAITING, DELIVERED, PACKED = "near", "unknown", "waiting", "delivered", "packed"
FOR_PEOPLE: Final = (NEAR, UNKNOWN, WAITING, DELIVERED)
RECEIVED: Final = ("acknowledged", "filed")
"""The states in which the sending district may send more."""
LEFT: Final = ("approved", PACKED, DELIVERED, "acknowledged", "filed")
"""The states of a record that was released."""


@dataclass(frozen=True, slots=True)
class WaitingTransfer:
    """A transfer between two districts, since when it is in its *state*, and when its first clock turns.

    *info_done* and *full_done* say since when all of a track is sent or withheld.
    """

    id: str
    sender: str
    receiver: str
    state: str
    version: int
    asked: datetime
    changed: datetime
    next_amber: datetime
    next_due: datetime
    info_done: datetime | None = None
    full_done: datetime | None = None

    @property
    def is_in_part(self) -> bool:
        """Whether a part was received, and on the rest nobody has decided."""
        return self.state in RECEIVED and (self.info_done is None or self.full_done is None)


class WaitingTransfers:
    """The transfers of which somebody must know."""

    def __init__(self, store: SqlRegistry, clock: Callable[[], datetime]) -> None:
        self._engine, self.calls, self._clock = store.engine, store.calls, clock

    @timely
    def for_people(self, released_since: timedelta, senders: Collection[str] = ()) -> tuple[WaitingTransfer, ...]:
        """List what waits for a person, what is late or soon will be, and what these *senders* have released lately."""
        now, lately = self._clock(), self._lately(released_since, senders)
        undone = or_(transfers.c.info_done.is_(None), transfers.c.full_done.is_(None))
        in_part = and_(transfers.c.state.in_(RECEIVED), undone)
        return self._list(or_(transfers.c.state.in_(FOR_PEOPLE), transfers.c.next_amber <= now, lately, in_part))

    @timely
    def released(self, sender: str, since: timedelta) -> tuple[WaitingTransfer, ...]:
        """List what a district was asked for lately, and has released."""
        return self._list(self._lately(since, [sender]))

    @timely
    def packed(self) -> tuple[WaitingTransfer, ...]:
        """List what lies ready for its receiver."""
        return self._list(transfers.c.state == PACKED)

    def _lately(self, since: timedelta, senders: Collection[str]) -> ColumnElement[bool]:
        mine = transfers.c.sender.in_(sorted(senders))
        return and_(mine, transfers.c.state.in_(LEFT), transfers.c.asked >= self._clock() - since)

    def _list(self, wanted: ColumnElement[bool]) -> tuple[WaitingTransfer, ...]:
        columns = [getattr(transfers.c, name) for name in WaitingTransfer.__slots__]
        with transaction(self._engine) as connection:
            rows = connection.execute(
                select(*columns).where(wanted).order_by(transfers.c.next_due, transfers.c.asked, transfers.c.id)
            ).all()
        return tuple(WaitingTransfer(*row) for row in rows)
