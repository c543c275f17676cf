"""Readiness: whether the registry, the shared memory and the audit log can be used, checked in the background."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any, Final

import structlog
from prometheus_client import Gauge

from gateway import telemetry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from gateway.audit.log import Record
    from gateway.districts.district import District
    from gateway.storage.registry import Store
    from gateway.storage.shared_memory import Memory

    Check = Callable[[], object]

LOOK_SECONDS: Final = 1.0
BELIEVED_SECONDS: Final = 3.0
"""The seconds without an answer after which a part counts as not ready: a check that hangs fails like a refused one."""

ENDING_SECONDS: Final = 2.0
NOBODY: Final = "-"

_ready = Gauge("crossing_part_ready", "1 for a part that can be used.", ["part"], registry=telemetry.metrics)
_log: Any = structlog.get_logger()


def checks(store: Store, memory: Memory, record: Record) -> dict[str, Check]:
    """Return the check of each part; an audit log that has failed is reopened."""
    return {
        "registry": lambda: store.find_client(NOBODY),
        "memory": lambda: memory.find("readiness"),
        "record": record.check,
    }


class Readiness:
    """Tells whether every part answered its check lately; without `start` each question runs the checks."""

    def __init__(self, parts: Mapping[str, Check], monotonic: Callable[[], float] = time.monotonic) -> None:
        self._parts, self._monotonic = parts, monotonic
        self._answered = dict.fromkeys(parts, float("-inf"))
        self._failed: set[str] = set()
        self._end = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Check every part each second, each in a thread of its own, so that one that hangs hides no other."""
        for name in self._parts:
            self._threads.append(threading.Thread(target=self._watch, args=(name,), name=f"ready-{name}", daemon=True))
            self._threads[-1].start()

    def stop(self) -> None:
        """Stop checking."""
        self._end.set()
        for thread in self._threads:
            thread.join(ENDING_SECONDS)

    def ready(self) -> bool:
        """Tell whether every part can be used; answered at once from the last checks."""
        if not self._threads:
            for name in self._parts:
                self._look(name)
        oldest = self._monotonic() - BELIEVED_SECONDS
        return all(moment >= oldest for moment in self._answered.values())

    def _watch(self, name: str) -> None:
        while not self._end.is_set():
            self._look(name)
            self._end.wait(LOOK_SECONDS)

    def _look(self, name: str) -> None:
        try:
            self._parts[name]()
        except Exception:  # noqa: BLE001  whatever it is, the part cannot be used
            self._answered[name] = float("-inf")
            if name not in self._failed:
                self._failed.add(name)
                _log.error("part not ready", kind=name)
            _ready.labels(name).set(0)
            return
        self._answered[name] = self._monotonic()
        if name in self._failed:
            self._failed.discard(name)
            _log.info("part ready again", kind=name)
        _ready.labels(name).set(1)


class Upkeep:
    """A thread in which each district retries what has failed, once its time has come."""

    def __init__(self, districts: Callable[[], Iterable[District]]) -> None:
        self._districts, self._end = districts, threading.Event()
        self._thread = threading.Thread(target=self._tend, name="upkeep", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Stop the thread."""
        self._end.set()
        self._thread.join(ENDING_SECONDS)

    def _tend(self) -> None:
        while not self._end.wait(LOOK_SECONDS):
            for district in tuple(self._districts()):
                try:
                    district.retry_failed()
                except Exception as error:  # noqa: BLE001  one district must not keep the others from it
                    telemetry.fault(error)
