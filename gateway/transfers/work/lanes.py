"""Lanes: one thread at a time for each district, so that one whose system hangs delays no other."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Final

from gateway import telemetry

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_LANES: Final = 32
"""The districts that are worked for at one moment; the others come with the next round."""


class DistrictLanes:
    """The lanes of one worker; a district whose lane is taken waits for it."""

    def __init__(self, most: int = MAX_LANES) -> None:
        self._taken: dict[str, threading.Thread] = {}
        self._most, self._lock = most, threading.Lock()

    def begin(self, district: str, work: Callable[[], object]) -> bool:
        """Begin *work* for a district; False where its lane, or every one, is taken."""
        with self._lock:
            self._taken = {name: one for name, one in self._taken.items() if one.is_alive()}
            if district in self._taken or len(self._taken) >= self._most:
                return False
            thread = threading.Thread(target=_attempt, args=(work,), name=f"transfers-{district}", daemon=True)
            self._taken[district] = thread
            thread.start()
        return True

    def wait(self, seconds: float) -> bool:
        """Wait until every lane is free, for some seconds at most; tell whether they are."""
        end = time.monotonic() + seconds
        with self._lock:
            threads = tuple(self._taken.values())
        for one in threads:
            one.join(max(0.0, end - time.monotonic()))
        return not any(one.is_alive() for one in threads)


def _attempt(work: Callable[[], object]) -> None:
    try:
        work()
    except Exception as error:  # noqa: BLE001  the lane must come free again
        telemetry.fault(error)
