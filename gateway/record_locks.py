"""Locks of single records, by which writes of one record are serialised in this process."""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from standards.errors import SourceUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

    Name = tuple[str, ...]

MAX_WAIT_SECONDS: Final = 30.0
RETRY_SECONDS: Final = 5


class RecordBusy(SourceUnavailable):
    """Another write of the record takes longer than a write may wait for it."""

    def __init__(self) -> None:
        super().__init__("Another write of the record is under way.", RETRY_SECONDS)


@dataclass(slots=True)
class _Entry:
    lock: threading.Lock = field(default_factory=threading.Lock)
    users: int = 0


class RecordLocks:
    """A lock for every name that somebody holds or waits for, and for no other.

    A write holds at most two: first that of a natural key, then that of a record, so that no two wait for each other.
    """

    def __init__(self, longest_wait_seconds: float = MAX_WAIT_SECONDS) -> None:
        self._longest_wait_seconds = longest_wait_seconds
        self._entries: dict[Name, _Entry] = {}
        self._ended: Counter[tuple[str, str]] = Counter()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """Return the number of names that somebody holds or waits for."""
        return len(self._entries)

    def ended(self, district: str, entity: str) -> int:
        """Return how many writes of an *entity* of a *district* have ended: what was read before one did may be old."""
        return self._ended[district, entity]

    @contextmanager
    def hold(self, district: str, entity: str, *name: str) -> Iterator[None]:
        """Lock *name*, of an *entity* of a *district*, until the end of the block.

        Raises:
            RecordBusy: another write has held it for too long.
        """
        name = (district, entity, *name)
        with self._lock:
            entry = self._entries.setdefault(name, _Entry())
            entry.users += 1
        try:
            if not entry.lock.acquire(timeout=self._longest_wait_seconds):
                raise RecordBusy
            try:
                yield
            finally:
                with self._lock:
                    self._ended[district, entity] += 1
                entry.lock.release()
        finally:
            with self._lock:
                entry.users -= 1
                if not entry.users:
                    del self._entries[name]
