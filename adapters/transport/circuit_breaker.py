"""The circuit breaker of a source: after several failures in a row it is left alone for a while."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from standards.errors import SourceUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable


class Breaker:
    """A breaker that opens after *failures* in a row; after *rest* seconds one request may test the source."""

    def __init__(self, failures: int, rest: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._rest, self._clock = failures, rest, clock
        self._failed = 0
        self._until = 0.0
        self._probing = False
        self._lock = threading.Lock()

    def admit(self) -> None:
        """Admit a request, which then must report `succeeded`, `failed` or `abandoned`.

        Raises:
            SourceUnavailable: the source is being left alone, or another request is trying it now.
        """
        with self._lock:
            if self._check():
                self._probing = True

    def check(self) -> None:
        """Refuse as `admit` would now, without starting a request."""
        with self._lock:
            self._check()

    def _check(self) -> bool:
        """Tell whether a request now would be the one that tests the source."""
        if self._failed < self._most:
            return False
        left = self._until - self._clock()
        if left > 0 or self._probing:
            raise SourceUnavailable(
                "The source has failed several times and is left alone for a while.", max(1, round(left))
            )
        return True

    def succeeded(self) -> None:
        """Record that the source answered, whatever its answer."""
        with self._lock:
            self._failed, self._probing = 0, False

    def failed(self) -> None:
        """Record that the source did not answer, or not in a usable way."""
        with self._lock:
            self._failed, self._probing = self._failed + 1, False
            if self._failed >= self._most:
                self._until = self._clock() + self._rest

    def abandoned(self) -> None:
        """Record that the request showed nothing about the source."""
        with self._lock:
            self._probing = False
