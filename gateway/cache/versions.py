"""Change versions of a district: moments that only grow, and are never reported before their data are served."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Versions:
    """The change versions of one district, in milliseconds of the *clock*."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._told = self._served = 0
        self._coming: int | None = None
        self._lock = threading.Lock()

    def newest(self) -> int:
        """Return the version of the data served now: a client that has read these data has all changes up to it."""
        with self._lock:
            now = self._now()
            self._told = max(self._told, self._served, now if self._coming is None else min(now, self._coming - 1))
            return self._told

    def give(self) -> int:
        """Return a version for an uncached read: later than every version reported so far."""
        with self._lock:
            return max(self._now(), self._told + 1, self._served)

    @contextmanager
    def coming(self) -> Iterator[int]:
        """Reserve a version for data that are served when the block ends; it is not reported before."""
        with self._lock:
            self._coming = version = self._next()
        try:
            yield version
            with self._lock:
                self._served = version
        finally:
            with self._lock:
                self._coming = None

    def _next(self) -> int:
        return max(self._now(), self._told + 1, self._served + 1)

    def _now(self) -> int:
        return int(self._clock() * 1000)
