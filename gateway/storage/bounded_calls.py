"""Calls to the registry's database, bounded in time and number, so that a hanging database blocks no request."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Protocol, TypeVar

from standards.errors import GatewayError, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

MAX_CALLS = 4
"""Calls under way at once: fewer than a server has threads, so that an outage does not block all of them."""

WAITING_SHARE = 0.2
"""The share of a call's time limit that it may wait for a free thread, before its time begins."""

MAX_CALL_SECONDS = 1.5
"""The time after which a call fails, whatever the database does."""

MAX_COMMAND_SECONDS = 30.0
"""The same for an administrator's command, which blocks no request."""

SILENT = "The registry does not answer."

Given = ParamSpec("Given")
Found = TypeVar("Found")


class Calls:
    """Calls to a database, each in a thread of its own, so that one that hangs does not block its caller.

    While the database does not answer, one call at a time tries it again; the others fail at once.
    """

    def __init__(self, seconds: float = MAX_CALL_SECONDS) -> None:
        self._seconds, self._threads = seconds, ThreadPoolExecutor(MAX_CALLS, "registry")
        self._places, self._lock = threading.Semaphore(MAX_CALLS), threading.Lock()
        self._running, self._down = 0, False
        self._here = threading.local()

    def run(self, work: Callable[[], Found]) -> Found:
        """Run *work* and return its result; a call within another is part of it, and takes no place of its own.

        Raises:
            StoreUnavailable: it did not end in time.
        """
        if getattr(self._here, "inside", False):
            return work()
        future = self._begin(work)
        try:
            found = future.result(self._seconds)
        except TimeoutError:
            self._down = True
            raise StoreUnavailable(SILENT) from None
        except GatewayError:
            self._down = False
            raise
        self._down = False
        return found

    def _begin(self, work: Callable[[], Found]) -> Future[Found]:
        with self._lock:
            if self._down and self._running:
                raise StoreUnavailable(SILENT)
            self._running += 1
        if not self._places.acquire(timeout=WAITING_SHARE * self._seconds):
            self._leave()
            raise StoreUnavailable("The registry is asked too much at once.")
        future = self._threads.submit(self._inside, work)
        future.add_done_callback(self._end)
        return future

    def _inside(self, work: Callable[[], Found]) -> Found:
        self._here.inside = True
        try:
            return work()
        finally:
            self._here.inside = False

    def _end(self, _future: Future[Any]) -> None:
        self._places.release()
        self._leave()

    def _leave(self) -> None:
        with self._lock:
            self._running -= 1

    def close(self) -> None:
        """Wait for the calls under way, each of which ends with its connection's timeout at the latest."""
        self._threads.shutdown()


class Called(Protocol):
    """An object that makes its calls to a database through `Calls`."""

    calls: Calls


Owner = TypeVar("Owner", bound=Called)


def timely(
    method: Callable[Concatenate[Owner, Given], Found],
) -> Callable[Concatenate[Owner, Given], Found]:
    """Run a method that queries the database through the object's `Calls`, with their time limit."""

    @wraps(method)
    def asked(self: Owner, /, *args: Given.args, **kwargs: Given.kwargs) -> Found:
        return self.calls.run(lambda: method(self, *args, **kwargs))

    return asked
