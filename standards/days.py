"""Days: inclusive last days, and the day after them, which OneRoster states as the end."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache
from typing import Final

FIRST: Final = date.min.isoformat()
LAST: Final = date.max.isoformat()
ONE_DAY: Final = timedelta(days=1)
MAX_DAYS: Final = 4096


@lru_cache(MAX_DAYS)
def day_before(day: str) -> str:
    """Return the day before *day*; the first day that can be written has none and stays."""
    return day if day == FIRST else (date.fromisoformat(day) - ONE_DAY).isoformat()


@lru_cache(MAX_DAYS)
def day_after(day: str) -> str:
    """Return the day after *day*; the last day that can be written, used for open ends, has none and stays."""
    return day if day == LAST else (date.fromisoformat(day) + ONE_DAY).isoformat()


def years_between(birth: object, today: str) -> int | None:
    """Return the years completed *today* since the day of *birth*; None where that is no day, or has not come yet."""
    if not isinstance(birth, str) or len(birth) != len(FIRST):
        return None
    try:
        born, now = date.fromisoformat(birth), date.fromisoformat(today)
    except ValueError:
        return None
    years = now.year - born.year - ((now.month, now.day) < (born.month, born.day))
    return years if born <= now else None
