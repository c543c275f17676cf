"""The clocks of a transfer: when each track is due, and whether that is near or over."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import TYPE_CHECKING, Final

from gateway.transfers.clocks.school_days import every_day_after
from gateway.transfers.machine.words import Track

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import date, datetime

    from gateway.transfers.clocks.school_days import SchoolDay, SchoolDays
    from gateway.transfers.machine.transfer import Stop, Transfer
    from gateway.transfers.machine.words import RecordSection

    Days = Callable[[date], Iterator[SchoolDay]]

INFO_DAYS: Final = 2
FULL_DAYS: Final = 10
MILITARY_DAYS: Final = 10

STATUTES: Final[Mapping[Track, str]] = {
    Track.INFO: "RCW 28A.225.330: the information within two school days of the request",
    Track.FULL: "RCW 28A.225.330: the records as soon as possible",
}
MILITARY_STATUTE: Final = "RCW 28A.705.010: the records of a military child within ten days"
"""What the law says, for whoever looks at a clock."""


class Light(StrEnum):
    """How a clock stands."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"
    STOPPED = "stopped"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class TransferClock:
    """The clock of a *track*: amber from half of the time on, red once it is *due*.

    Without a moment it stands still: all that is left of the track may lawfully be held. *stopped* are the sections of
    which that is so. *is_calendar_missing* where the calendar said nothing of the days that were counted.
    """

    track: Track
    amber: datetime | None
    due: datetime | None
    stopped: frozenset[RecordSection] = frozenset()
    is_calendar_missing: bool = False
    done: datetime | None = None

    def light(self, now: datetime) -> Light:
        """Return how the clock stands *now*."""
        if self.done is not None:
            return Light.DONE
        if self.amber is None or self.due is None:
            return Light.STOPPED
        return Light.RED if now >= self.due else Light.AMBER if now >= self.amber else Light.GREEN

    @property
    def calendar(self) -> str:
        """What the clock counts by, in a word."""
        return "missing" if self.is_calendar_missing else "known"


@dataclass(frozen=True, slots=True)
class _Deadline:
    """The moments of one deadline; *late* sorts them by the one that comes first."""

    due: datetime
    amber: datetime
    is_known: bool


def told_due(asked: datetime, days: SchoolDays) -> datetime:
    """Return the moment that the receiving district is told when it asks: that of the information, whatever follows."""
    return _deadline(asked, INFO_DAYS, days, days.after, ()).due


def clocks(transfer: Transfer, days: SchoolDays) -> tuple[TransferClock, ...]:
    """Return the clocks of a *transfer* over the school days of the district that has the request.

    They begin anew where the request is redirected: nobody is late with what it was not asked for.
    """
    return tuple(clock(transfer, track, days) for track in Track)


def clock(transfer: Transfer, track: Track, days: SchoolDays) -> TransferClock:
    """Return the clock of one *track* of a *transfer*: that of the section which is due first."""
    done = transfer.settled.get(track) or (transfer.changed if transfer.is_closed else None)
    pending = transfer.still_open(track)
    halted = frozenset(section for section in pending if any(stop.end is None for stop in _stops_of(transfer, section)))
    running = {_stops_of(transfer, section) for section in pending - halted} or ({()} if done else set())
    found = [_due(transfer, track, days, stops) for stops in running]
    if not found:
        return TransferClock(track, None, None, halted, done=done)
    first = min(found, key=lambda one: one.due)
    return TransferClock(track, first.amber, first.due, halted, not first.is_known, done)


def _stops_of(transfer: Transfer, section: RecordSection) -> tuple[Stop, ...]:
    return tuple(stop for stop in transfer.stops if section in stop.sections)


def _due(transfer: Transfer, track: Track, days: SchoolDays, stops: tuple[Stop, ...]) -> _Deadline:
    """Return the deadline of sections of a *track* whose clock stood still in these *stops*."""
    if track is Track.INFO:
        return _deadline(transfer.opened, INFO_DAYS, days, days.after, stops)
    if transfer.military:
        return _deadline(transfer.opened, MILITARY_DAYS, days, every_day_after, stops)
    return _deadline(transfer.opened, FULL_DAYS, days, days.after, stops)


def _deadline(begin: datetime, length: int, days: SchoolDays, counted: Days, stops: tuple[Stop, ...]) -> _Deadline:
    """Return the end of the *length*-th counted day after that of *begin*, and of the day with which half is over."""
    after = _running(counted(days.local_day(begin)), days, stops)
    passed = list(islice(after, length))
    amber, due = (days.end_of(passed[number - 1].day) for number in (length // 2, length))
    return _Deadline(due, amber, all(one.is_known for one in passed))


def _running(after: Iterable[SchoolDay], days: SchoolDays, stops: tuple[Stop, ...]) -> Iterator[SchoolDay]:
    """Yield the days at whose end none of the *stops*, all of which are over, goes on."""
    for one in after:
        end = days.end_of(one.day)
        if not any(stop.end is not None and stop.begin <= end < stop.end for stop in stops):
            yield one
