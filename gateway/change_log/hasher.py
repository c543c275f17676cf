"""The hasher: background hashing of what change logs show, so that a restart recognizes unchanged records."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from gateway import telemetry

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.change_log.grant_log import ChangeLog

REST_TIMES_WORK = 19.0
"""The pause after each step, as a multiple of the time that the step took."""
CLOSING_SECONDS = 0.5
"""Work time that a closing gateway still spends on hashing: enough for a small district."""


class Hasher:
    """A background thread that hashes the added logs one after the other, and ends when there is nothing to do."""

    def __init__(self, active: bool, keep: Callable[[ChangeLog], None]) -> None:
        self._active, self._keep = active, keep
        self._waiting: list[ChangeLog] = []
        self._thread: threading.Thread | None = None
        self._closing = threading.Event()
        self._lock = threading.Lock()

    def add(self, log: ChangeLog) -> None:
        """Queue a *log*."""
        if not self._active:
            return
        with self._lock:
            self._waiting.append(log)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="change-logs", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Hash for a last moment, then write the logs."""
        self._closing.set()
        thread = self._thread
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._thread = None
                    return
                log = self._waiting.pop(0)
            try:
                self._hash(log)
            except Exception as error:  # noqa: BLE001  report it instead of ending the thread silently
                telemetry.fault(error)

    def _hash(self, log: ChangeLog) -> None:
        """Hash a *log*; pauses in between are computed from the processor time it costs, not from what it waits."""
        closing = 0.0
        while closing < CLOSING_SECONDS:
            begun = time.thread_time()
            if not log.hash_some():
                break
            took = time.thread_time() - begun
            if self._closing.is_set():
                closing += took
            else:
                self._closing.wait(took * REST_TIMES_WORK)
        with log.lock:
            self._keep(log)
