"""Daily rows: how many records a client is sent in a day under an agreement that limits them."""

from __future__ import annotations

import hashlib
import math
from datetime import datetime, time, timedelta
from functools import partial
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from gateway.request_slots import once
from standards.errors import TooManyRequests

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.storage.shared_memory import Memory
    from policies.grant import Grant

KEPT_SECONDS = 3600.0
"""The seconds that a count outlives its day, for clocks that do not agree."""
ENOUGH = "The agreement limits how many records this client may have in a day; go on when the next day begins."


class DailyRows:
    """The counts of records sent today, in the memory that all workers share.

    Each agreement of a client counts for itself, until midnight in its own time zone. A page that would go beyond is
    refused whole and counts for nothing; while the memory cannot be reached, nothing is sent.
    """

    def __init__(self, memory: Memory, clock: Callable[[], float]) -> None:
        self._memory, self._clock = memory, clock

    def spend(self, grant: Grant, rows: int, what: object) -> None:
        """Count *rows* about to be sent under a *grant*; *what* names the page, which a repeated request counts once.

        Of a grant that combines several agreements each counts all rows, since each might be why a row is sent.

        Raises:
            TooManyRequests: they are more than an agreement lets the client have today.
            StoreUnavailable: the memory cannot be reached.
        """
        for part in grant.each:
            if part.limits.rows_per_day and rows:
                once(("rows", part.agreement, what), partial(self._spend, part, rows))

    def _spend(self, grant: Grant, rows: int) -> None:
        now = datetime.fromtimestamp(self._clock(), ZoneInfo(grant.limits.timezone))
        left = _seconds_to_midnight(now)
        name = hashlib.sha256(f"{grant.client}\n{grant.agreement}\n{now.date()}".encode()).hexdigest()[:32]
        sent = self._memory.increment(f"rows:{name}", left + KEPT_SECONDS, rows)
        if sent > grant.limits.rows_per_day:
            self._memory.increment(f"rows:{name}", left + KEPT_SECONDS, -rows)
            raise TooManyRequests(ENOUGH, max(1, math.ceil(left)))


def _seconds_to_midnight(now: datetime) -> float:
    midnight = datetime.combine(now.date() + timedelta(days=1), time(), now.tzinfo)
    return midnight.timestamp() - now.timestamp()
