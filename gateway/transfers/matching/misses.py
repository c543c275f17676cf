"""Misses: how often a district may ask another for a child that is not there, over the last 24 hours."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from gateway.transfers.matching.finding import MatchVerdict

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

MAX_MISSES_PER_DAY: Final = 20
DAY: Final = timedelta(days=1)
MISSES: Final = frozenset({MatchVerdict.NONE, MatchVerdict.CONFLICT})
"""The verdicts that count: nobody is like the child, or the state id is another's."""


def recent_misses(misses: Iterable[datetime], now: datetime) -> tuple[datetime, ...]:
    """Return the *misses* that count at *now*; one of a later moment counts, as a clock may have been set back."""
    return tuple(sorted(moment for moment in misses if moment > now - DAY))


def may_ask(misses: Iterable[datetime], now: datetime, allowed: int = MAX_MISSES_PER_DAY) -> bool:
    """Tell whether a district with these *misses* may ask once more."""
    return len(recent_misses(misses, now)) < allowed


def with_verdict(misses: Iterable[datetime], now: datetime, verdict: MatchVerdict) -> tuple[datetime, ...]:
    """Return the misses to keep once a search came to a *verdict*."""
    kept = recent_misses(misses, now)
    return (*kept, now) if verdict in MISSES else kept
