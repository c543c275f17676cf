"""Batches: released packages leave at a few times of day, so that nobody tells a person's decision from a rule's."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from standards.errors import CallerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from zoneinfo import ZoneInfo

BATCH_TIMES: Final = (time(8), time(13))
"""The times of day at which packages leave, where a district has chosen none."""

SATURDAY: Final = 5
ONE_DAY: Final = timedelta(days=1)
MAX_DAYS_AHEAD: Final = 14


def is_weekday(day: date) -> bool:
    """Tell whether a *day* is one from Monday to Friday."""
    return day.weekday() < SATURDAY


def next_batch(
    decided: datetime,
    zone: ZoneInfo,
    times: Iterable[time] = BATCH_TIMES,
    leaves_on: Callable[[date], bool] = is_weekday,
) -> datetime:
    """Return the first moment after *decided* at which a package may leave, whoever has decided.

    Packages leave on weekdays of the holidays too: what was decided before them would else wait for weeks.

    Raises:
        CallerError: there are no *times*, or no day on which packages leave.
    """
    wanted = sorted(set(times))
    first = decided.astimezone(zone).date()
    for day in (first + offset * ONE_DAY for offset in range(MAX_DAYS_AHEAD)):
        moments = sorted(_moment(day, at, zone) for at in wanted) if leaves_on(day) else []
        if found := next((moment for moment in moments if moment > decided), None):
            return found
    raise CallerError("There must be a time of day, and a day of every two weeks, at which packages leave.")


def _moment(day: date, at: time, zone: ZoneInfo) -> datetime:
    """Return the moment of a time of day; one that a change of the clocks leaves out is as much later."""
    return datetime.combine(day, at, zone).astimezone(UTC)
