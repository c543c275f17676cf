"""School days of a district, from its own calendar; where that says nothing, every day from Monday to Friday."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import TYPE_CHECKING, Final

from gateway.transfers.machine.batches import is_weekday

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from zoneinfo import ZoneInfo

ONE_DAY: Final = timedelta(days=1)
MAX_HOLIDAYS: Final = timedelta(days=120)
"""No holidays are longer: where a calendar has no school day for more days than these, it is missing there."""


@dataclass(frozen=True, slots=True)
class SchoolDay:
    """A day that counts; *is_known* if the district's calendar says so, and not the plain rule."""

    day: date
    is_known: bool


@dataclass(frozen=True, slots=True)
class SchoolDays:
    """The instructional days of a district, in order, and its time zone.

    After the last one, as in a summer for which the next year's calendar is not there yet, and where there is no
    calendar at all, the plain rule holds: every day from Monday to Friday counts. A deadline that rests on it says so.
    """

    zone: ZoneInfo
    days: tuple[date, ...] = ()

    def local_day(self, moment: datetime) -> date:
        """Return the day that a *moment* belongs to in the district."""
        return moment.astimezone(self.zone).date()

    def end_of(self, day: date) -> datetime:
        """Return the moment at which a *day* of the district is over: the first one of the next."""
        return datetime.combine(day + ONE_DAY, time(), self.zone).astimezone(UTC)

    def after(self, day: date) -> Iterator[SchoolDay]:
        """Yield the school days after a *day*, without end: those of the calendar, then those of the plain rule."""
        last = day
        for known in self.days[bisect_right(self.days, day) :]:
            if known - last > MAX_HOLIDAYS:
                break
            last = known
            yield SchoolDay(known, is_known=True)
        for later in every_day_after(last):
            if is_weekday(later.day):
                yield SchoolDay(later.day, is_known=False)


def school_days(zone: ZoneInfo, days: Iterable[date] | Mapping[date, bool]) -> SchoolDays:
    """Return the school days of a district from its instructional *days*, or from what it says of each day."""
    taught = (day for day, is_taught in days.items() if is_taught) if hasattr(days, "items") else days
    return SchoolDays(zone, tuple(sorted(set(taught))))


def every_day_after(day: date) -> Iterator[SchoolDay]:
    """Yield every day after a *day*: for a clock that no calendar stops."""
    for number in count(1):
        yield SchoolDay(day + number * ONE_DAY, is_known=True)
