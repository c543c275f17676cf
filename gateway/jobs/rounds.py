"""Rounds: a job that is done again every few seconds, where a minute is too long: in demonstrations."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from gateway.jobs.consumer import attempt

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta

STOP_SECONDS: Final = 5.0


class Rounds:
    """A thread that does the same *work* again after each pause, until it is told to stop."""

    def __init__(self, work: Callable[[], object], pause: timedelta) -> None:
        self._work, self._pause = work, pause.total_seconds()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="rounds", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Let the thread end, after what it is at."""
        self._over.set()
        self._thread.join(STOP_SECONDS)

    def _run(self) -> None:
        while not self._over.wait(self._pause):
            attempt(self._work)
