"""Tasks of a district about its readings: files that are late, changes that wait, a system that fails."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from gateway.tasks.task import ADMINISTRATOR, CHANGE_WAITS, CONNECTION_FAILS, FILE_LATE, computed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date, datetime

    from gateway.tasks.task import PersonTask

FAILING_DAYS: Final = 1
"""The days after which a system that cannot be read is due; a late file and a change that waits are due at once."""


@dataclass(frozen=True, slots=True)
class ReadingState:
    """What is wrong with the readings of a *district* on a *day* of its calendar; None for what is not.

    Nothing new has come by the hour *late*; a large change waits *waits_since*; its system *fails_since* a moment,
    *why* in words that name no value.
    """

    district: str
    day: date
    late: str | None = None
    waits_since: datetime | None = None
    fails_since: datetime | None = None
    why: str = ""


def district_readings(states: Iterable[ReadingState]) -> Iterator[PersonTask]:
    """Yield the tasks of each district; once what a task is about is over, it comes no more."""
    for one in states:
        district, day = one.district, one.day
        if one.late is not None:
            about = {"district": district, "day": day.isoformat()}
            told = {"expectedBy": one.late}
            yield computed(FILE_LATE, district, ADMINISTRATOR, about, opened=day, due=day, content=told)
        if one.waits_since is not None:
            since = one.waits_since.date()
            about = {"district": district, "since": one.waits_since.isoformat(timespec="seconds")}
            yield computed(CHANGE_WAITS, district, ADMINISTRATOR, about, opened=since, due=since)
        if one.fails_since is not None:
            since = one.fails_since.date()
            about = {"district": district, "since": one.fails_since.isoformat(timespec="seconds")}
            due, told = since + timedelta(days=FAILING_DAYS), {"why": one.why}
            yield computed(CONNECTION_FAILS, district, ADMINISTRATOR, about, opened=since, due=due, content=told)
