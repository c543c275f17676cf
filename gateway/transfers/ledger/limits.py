"""Limits of asking: what a district may ask in a day and have open, and when searches go on after too many misses.

What is refused follows from what the district itself has asked and sees; what the other district found refuses nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, func, insert, select

from gateway.storage.database import hold_name
from gateway.storage.transfers.asked_children import open_requests
from gateway.storage.transfers.tables import transfer_events, transfer_misses, transfers
from gateway.transfers.machine.outward import OutwardState
from gateway.transfers.machine.words import EventKind, MatchResult
from standards.errors import Conflict, TooManyRequests

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, FromClause

    from gateway.config.transfers import TransferSettings
    from gateway.transfers.machine.event import TransferEvent
    from gateway.transfers.machine.transfer import Transfer

DAY: Final = timedelta(days=1)
OPEN_FOR_ONE_CHILD: Final = 5
"""The requests of one district for one child that are open at once, whomever it asks."""
MISSES: Final = frozenset({MatchResult.NONE, MatchResult.CONFLICT})
"""The results that count: nobody is like the child, or the state id is another's."""
AGAIN: Final = (
    "This district has asked for the same student already, and waits for it. Say so, if you ask all the same."
)


class TooManyAsked(TooManyRequests):
    """The district, or the person who asks, has asked for as many records within a day as it may."""

    code = "too-many-asked"


class TooManyOpen(Conflict):
    """So many requests of the district, to one other or for one child, are open that it may not ask for more."""

    code = "too-many-open"


class AskedAlready(Conflict):
    """The district has asked for the same child already: it may ask once more only where it says so (*again*)."""

    code = "asked-already"


@dataclass(frozen=True, slots=True)
class AskedChild:
    """The child of a request by the keyed *tags* of its district; *again* is said of a second request for it.

    *instead* is the request whose place it takes, if it does.
    """

    tags: Collection[str] = ()
    again: bool = False
    instead: str = ""


@dataclass(frozen=True, slots=True)
class AskingLimits:
    """How much a district, and one person of it, may ask in 24 hours, and have open at one other district.

    After *misses* its searches are put off; a person's after half as many.
    """

    asked: int = 500
    asked_by_person: int = 100
    open: int = 1000
    misses: int = 20

    @property
    def misses_of_person(self) -> int:
        """After how many misses the searches of one person are put off."""
        return -(-self.misses // 2)

    def check(self, connection: Connection, draft: TransferEvent, child: AskedChild) -> None:
        """Refuse one more request of the district for a *child*, asked one after the other.

        Raises:
            TooManyAsked: it has asked for too many in a day, or whoever acts for it has.
            TooManyOpen: too many are open at the other district, or for this child.
            AskedAlready: one is open for this child, and nobody says *again*.
        """
        hold_name(connection, f"transfers asked by {draft.org}")
        mine = transfers.c.receiver == draft.org
        self._check_day(connection, draft, mine)
        others = set(open_requests(connection, draft.org, child.tags)) - {child.instead}
        if others and not child.again:
            raise AskedAlready(AGAIN)
        if len(others) >= OPEN_FOR_ONE_CHILD:
            raise TooManyOpen("Too many requests for this student are open: withdraw one that is needed no more.")
        asked, there = transfers.c.outward == OutwardState.ASKED.value, draft.content["sender"]
        waiting = select(func.count()).where(mine, asked, transfers.c.first_sender == there)
        if connection.execute(waiting).scalar_one() >= self.open:
            raise TooManyOpen("Too many requests to that district are open: withdraw what is needed no more.")

    def _check_day(self, connection: Connection, draft: TransferEvent, mine: ColumnElement[bool]) -> None:
        joined = transfers.join(transfer_events, transfer_events.c.transfer == transfers.c.id)
        by_person = (transfer_events.c.number == 1) & (transfer_events.c.actor == draft.actor)
        full = [
            _full_until(connection, transfers, transfers.c.asked, mine, draft.at, self.asked),
            _full_until(connection, joined, transfers.c.asked, mine & by_person, draft.at, self.asked_by_person),
        ]
        if until := max(filter(None, full), default=None):
            wait = max(1, int((until - draft.at).total_seconds()))
            raise TooManyAsked("As many records were asked for today as may be asked for in a day: wait.", wait)

    def searched_from(self, connection: Connection, transfer: Transfer, now: datetime) -> datetime | None:
        """Return when a search goes on that finds no child by the rule; None where it does now."""
        mine = transfer_misses.c.receiver == transfer.receiver
        person = transfer_misses.c.actor == _asked_by(connection, transfer.id)
        full = [
            _full_until(connection, transfer_misses, transfer_misses.c.at, mine, now, self.misses),
            _full_until(connection, transfer_misses, transfer_misses.c.at, mine & person, now, self.misses_of_person),
        ]
        return max(filter(None, full), default=None)


def asking_limits(settings: TransferSettings) -> AskingLimits:
    """Return the limits of the *settings*."""
    return AskingLimits(
        settings.requests_per_day, settings.requests_per_person, settings.open_requests, settings.misses_per_day
    )


def note_miss(connection: Connection, transfer: Transfer, event: TransferEvent) -> None:
    """Count a request once if an *event* says that the child is not there, or the state id another's."""
    is_miss = event.kind is EventKind.NONE_OF_THEM
    if not is_miss and not (event.kind is EventKind.MATCH and MatchResult(event.content["result"]) in MISSES):
        return
    connection.execute(delete(transfer_misses).where(transfer_misses.c.at <= event.at - DAY))
    known = select(transfer_misses.c.transfer).where(transfer_misses.c.transfer == transfer.id)
    if transfer.redirects or connection.execute(known).first() is not None:
        return  # that another district was asked is no doing of the receiver's
    values = {"transfer": transfer.id, "receiver": transfer.receiver, "actor": _asked_by(connection, transfer.id)}
    connection.execute(insert(transfer_misses).values(**values, at=event.at))


def _full_until(
    connection: Connection,
    source: FromClause,
    moment: ColumnElement[Any],
    mine: ColumnElement[bool],
    now: datetime,
    most: int,
) -> datetime | None:
    """Return when of the moments of the last 24 hours fewer than *most* are left; None where they are fewer now.

    One of a later moment counts, as a clock may have been set back.
    """
    recent = select(moment).select_from(source).where(mine, moment > now - DAY)
    oldest = connection.execute(recent.order_by(moment.desc()).offset(most - 1).limit(1)).scalar()
    return None if oldest is None else oldest + DAY


def _asked_by(connection: Connection, transfer: str) -> str:
    """Return who has asked, by the first event."""
    first = transfer_events.c.transfer == transfer, transfer_events.c.number == 1
    return str(connection.execute(select(transfer_events.c.actor).where(*first)).scalar_one())
