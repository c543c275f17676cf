"""Retries: when what has failed is tried again, at once after the first failure, then after pauses that double."""

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
"""What waits for an operator is looked at less often: each look may be a reading of the whole source."""


class Retry:
    """The failures in a row of one thing; ages are told by *monotonic*, moments that people read by *clock*."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic, clock: Callable[[], float] = time.time) -> None:
        self._monotonic, self._clock = monotonic, clock
        self._times, self._next = 0, float("-inf")
        self.error: SourceError | None = None
        self.since = 0.0

    @property
    def due(self) -> bool:
        """Whether something has failed and may be tried again now."""
        return self.error is not None and self._monotonic() >= self._next

    @property
    def next_try(self) -> float:
        """The moment, in seconds since 1970, from which it may be tried again."""
        return self._clock() + max(0.0, self._next - self._monotonic())

    def check(self) -> None:
        """Raise what was raised last time, while the pause after it lasts."""
        if self.error is not None and not self.due:
            again = type(self.error).__new__(type(self.error), *self.error.args)
            vars(again).update(vars(self.error))
            raise again

    def failed(self, error: SourceError) -> bool:
        """Note a failure; False where *error* only repeats, in a pause, what is noted already."""
        if self.error is not None and not self.due:
            return False
        self.since = self.since if self.error is not None else self._clock()
        longest = MAX_LOSS_PAUSE_SECONDS if isinstance(error, LossRefused) else MAX_PAUSE_SECONDS
        pause = min(FIRST_PAUSE_SECONDS * 2 ** (self._times - 1), longest) if self._times else 0.0
        self.error, self._times, self._next = error, min(self._times + 1, 32), self._monotonic() + pause
        return True

    def hurry(self) -> None:
        """Let the next try come at once."""
        self._next = float("-inf")

    def succeeded(self) -> None:
        """Forget the failures."""
        self._times, self._next, self.error = 0, float("-inf"), None
