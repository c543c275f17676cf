"""Threads that answer requests, and the limit of requests that compute in them at once."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    T = TypeVar("T")

MAX_WAITING_REQUESTS: Final = 1024
"""The requests that may wait for a thread; their number would grow without end where clients do not wait."""


class Threads:
    """Threads that are started when all others are busy, and that do not keep the process from ending."""

    def __init__(self) -> None:
        self._work: SimpleQueue[tuple[Callable[[], Any], asyncio.Future[Any]]] = SimpleQueue()
        self._idle = 0
        self._lock = threading.Lock()

    def run(self, work: Callable[[], T]) -> asyncio.Future[T]:
        """Run *work* in a thread; return its result."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        with self._lock:
            enough = self._idle > 0
            self._idle -= enough
        if not enough:
            threading.Thread(target=self._go_on, name="request", daemon=True).start()
        self._work.put((work, future))
        return future

    def _go_on(self) -> None:
        while True:
            work, future = self._work.get()
            result = error = None
            try:
                result = work()
            except BaseException as raised:  # noqa: BLE001  whoever waits for the result is told
                error = raised
            with self._lock:
                self._idle += 1
            with suppress(RuntimeError):  # the loop has ended
                future.get_loop().call_soon_threadsafe(_settle, future, result, error)
            del work, future, result, error


def _settle(future: asyncio.Future[Any], result: object, error: BaseException | None) -> None:
    if future.done():  # the request was cancelled
        return
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)


class RequestPlaces:
    """The places of requests that may compute at once, those with a slot of a district not counted."""

    def __init__(self, most: int) -> None:
        self._free = asyncio.Semaphore(most)
        self._waiting = 0

    @property
    def crowded(self) -> bool:
        """Tell whether so many wait that no further one may."""
        return self._waiting >= MAX_WAITING_REQUESTS

    def place(self) -> RequestPlace:
        """Return a place for one request, which it must take."""
        return RequestPlace(self)

    async def take(self) -> None:
        """Wait for a place, in order of arrival."""
        self._waiting += 1
        try:
            await self._free.acquire()
        finally:
            self._waiting -= 1

    def give_back(self) -> None:
        """Give the place to the next request."""
        self._free.release()


class RequestPlace:
    """The place of one request, freed once by whoever is first."""

    def __init__(self, places: RequestPlaces) -> None:
        self._places, self._taken = places, False

    async def take(self) -> None:
        """Wait for it."""
        await self._places.take()
        self._taken = True

    def free(self) -> None:
        """Free it, if it is taken."""
        if self._taken:
            self._taken = False
            self._places.give_back()
