"""Shared memory for short-lived state: tokens, rate limits, nonces; gone when it expires."""

from __future__ import annotations

import heapq
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, cast

import redis

from standards.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MAX_ENTRIES = 500_000
REDIS_TIMEOUT_SECONDS = 2.0


class Memory(Protocol):
    """Short-lived values under short names; while it is unreachable, everything that depends on it is refused."""

    def put(self, key: str, value: bytes, seconds: float) -> None:
        """Store *value* for *seconds*, replacing an earlier one."""

    def put_if_absent(self, key: str, value: bytes, seconds: float) -> bool:
        """Store *value* unless there is one; tell whether it was stored. Of concurrent calls exactly one succeeds."""

    def find(self, key: str) -> bytes | None:
        """Return the value of *key*, if it has not expired."""

    def take(self, key: str) -> bytes | None:
        """Return the value of *key* and remove it atomically: only one caller ever receives it."""

    def increment(self, key: str, seconds: float | None = None, by: int = 1) -> int:
        """Increase the counter *key* *by* a number and return it; a new one expires after *seconds*, or never."""

    def delete(self, key: str) -> None:
        """Remove *key*."""

    def close(self) -> None:
        """Close the connections; no call may follow."""


def open_memory(url: str) -> Memory:
    """Open the memory at a ``redis://`` URL, or a local one where *url* is empty."""
    return RedisMemory(url) if url else LocalMemory()


class LocalMemory:
    """Memory of one process: right for one worker, and for the demonstration.

    It is bounded, and refuses rather than forgets: a forgotten nonce or rate limit would let someone in.
    """

    def __init__(self, capacity: int = MAX_ENTRIES, clock: Callable[[], float] = time.monotonic) -> None:
        self._capacity, self._clock = capacity, clock
        self._lock = threading.Lock()
        self._values: dict[str, tuple[bytes, float]] = {}
        self._ends: list[tuple[float, str]] = []

    def put(self, key: str, value: bytes, seconds: float) -> None:
        """Store *value* for *seconds*, replacing an earlier one."""
        with self._lock:
            self._keep(key, value, self._clock() + seconds)

    def put_if_absent(self, key: str, value: bytes, seconds: float) -> bool:
        """Store *value* unless there is one; tell whether it was stored."""
        with self._lock:
            if self._live(key) is not None:
                return False
            self._keep(key, value, self._clock() + seconds)
            return True

    def find(self, key: str) -> bytes | None:
        """Return the value of *key*, if it has not expired."""
        with self._lock:
            kept = self._live(key)
            return kept[0] if kept else None

    def take(self, key: str) -> bytes | None:
        """Return the value of *key* and remove it atomically."""
        with self._lock:
            kept = self._live(key)
            self._values.pop(key, None)
            return kept[0] if kept else None

    def increment(self, key: str, seconds: float | None = None, by: int = 1) -> int:
        """Increase the counter *key* *by* a number and return it; a new one expires after *seconds*, or never."""
        with self._lock:
            kept = self._live(key)
            if kept:
                number = int(kept[0]) + by
                self._values[key] = (str(number).encode(), kept[1])
                return number
            self._keep(key, str(by).encode(), float("inf") if seconds is None else self._clock() + seconds)
            return by

    def delete(self, key: str) -> None:
        """Remove *key*."""
        with self._lock:
            self._values.pop(key, None)

    def close(self) -> None:
        """Remove everything."""
        with self._lock:
            self._values.clear()
            self._ends.clear()

    def _live(self, key: str) -> tuple[bytes, float] | None:
        kept = self._values.get(key)
        return kept if kept and kept[1] > self._clock() else None

    def _keep(self, key: str, value: bytes, end: float) -> None:
        if key not in self._values and len(self._values) >= self._capacity:
            self._drop_expired()
            if len(self._values) >= self._capacity:
                raise StoreUnavailable("The shared memory is full.")
        self._values[key] = (value, end)
        heapq.heappush(self._ends, (end, key))
        if len(self._ends) > 2 * len(self._values) + 64:
            self._drop_expired()

    def _drop_expired(self) -> None:
        now = self._clock()
        while self._ends and self._ends[0][0] <= now:
            _, key = heapq.heappop(self._ends)
            kept = self._values.get(key)
            if kept and kept[1] <= now:
                del self._values[key]
        if len(self._ends) > 2 * len(self._values) + 64:
            self._ends = [(end, key) for key, (_, end) in self._values.items()]
            heapq.heapify(self._ends)


class RedisMemory:
    """Memory in Redis, shared by every worker and replica; while it is unreachable, every call is refused."""

    def __init__(self, url: str, prefix: str = "cg:") -> None:
        self._prefix = prefix
        try:
            self._redis = redis.Redis.from_url(
                url, socket_timeout=REDIS_TIMEOUT_SECONDS, socket_connect_timeout=REDIS_TIMEOUT_SECONDS
            )
        except ValueError:
            raise StoreUnavailable("The address of the shared memory is not a redis:// URL.") from None

    def put(self, key: str, value: bytes, seconds: float) -> None:
        """Store *value* for *seconds*, replacing an earlier one."""
        with _reachable():
            self._redis.set(self._prefix + key, value, px=_milliseconds(seconds))

    def put_if_absent(self, key: str, value: bytes, seconds: float) -> bool:
        """Store *value* unless there is one; tell whether it was stored."""
        with _reachable():
            return bool(self._redis.set(self._prefix + key, value, px=_milliseconds(seconds), nx=True))

    def find(self, key: str) -> bytes | None:
        """Return the value of *key*, if it has not expired."""
        with _reachable():
            return cast("bytes | None", self._redis.get(self._prefix + key))

    def take(self, key: str) -> bytes | None:
        """Return the value of *key* and remove it atomically."""
        with _reachable():
            return cast("bytes | None", self._redis.getdel(self._prefix + key))

    def increment(self, key: str, seconds: float | None = None, by: int = 1) -> int:
        """Increase the counter *key* *by* a number and return it; a new one expires after *seconds*, or never."""
        name = self._prefix + key
        with _reachable():
            if seconds is None:
                return int(self._redis.incrby(name, by))
            together = self._redis.pipeline(transaction=True)
            together.set(name, b"0", px=_milliseconds(seconds), nx=True)
            together.incrby(name, by)
            return int(together.execute()[1])

    def delete(self, key: str) -> None:
        """Remove *key*."""
        with _reachable():
            self._redis.delete(self._prefix + key)

    def close(self) -> None:
        """Close every connection."""
        self._redis.close()


def _milliseconds(seconds: float) -> int:
    return max(1, round(seconds * 1000))


@contextmanager
def _reachable() -> Iterator[None]:
    try:
        yield
    except (redis.RedisError, OSError):
        raise StoreUnavailable("The shared memory cannot be reached.") from None
