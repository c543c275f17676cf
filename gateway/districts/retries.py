"""Retries: when a failed operation is tried again, at once after the first failure, then after doubling pauses."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from standards.errors import LossRefused

if TYPE_CHECKING:
    from collections.abc import Callable

    from standards.errors import SourceError

FIRST_PAUSE_SECONDS: Final = 1.0
MAX_PAUSE_SECONDS: Final = 60.0
MAX_LOSS_PAUSE_SECONDS: Final = 300.0
"""A refused loss is retried less often: each try may read the whole source."""


class Retry:
    """The consecutive failures of one operation; *monotonic* measures pauses, *clock* gives moments to show."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic, clock: Callable[[], float] = time.time) -> None:
        self._monotonic, self._clock = monotonic, clock
        self._times, self._next = 0, float("-inf")
        self.error: SourceError | None = None
        self.since = 0.0

    @property
    def due(self) -> bool:
        """Whether the operation has failed and may be retried now."""
        return self.error is not None and self._monotonic() >= self._next

    @property
    def next_try(self) -> float:
        """The moment, in seconds since 1970, from which it may be retried."""
        return self._clock() + max(0.0, self._next - self._monotonic())

    def check(self) -> None:
        """Raise the last error again while the pause after it lasts."""
        if self.error is not None and not self.due:
            again = type(self.error).__new__(type(self.error), *self.error.args)
            vars(again).update(vars(self.error))
            raise again

    def failed(self, error: SourceError) -> bool:
        """Record a failure; return False where *error* only repeats, in a pause, a recorded one."""
        if self.error is not None and not self.due:
            return False
        self.since = self.since if self.error is not None else self._clock()
        longest = MAX_LOSS_PAUSE_SECONDS if isinstance(error, LossRefused) else MAX_PAUSE_SECONDS
        pause = min(FIRST_PAUSE_SECONDS * 2 ** (self._times - 1), longest) if self._times else 0.0
        self.error, self._times, self._next = error, min(self._times + 1, 32), self._monotonic() + pause
        return True

    def hurry(self) -> None:
        """Allow the next try at once."""
        self._next = float("-inf")

    def succeeded(self) -> None:
        """Forget the failures."""
        self._times, self._next, self.error = 0, float("-inf"), None
