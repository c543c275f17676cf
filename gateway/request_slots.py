"""Slots: how many requests may wait for the source of one district at once, in order of arrival."""

from __future__ import annotations

import threading
from collections import Counter, deque
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from standards.errors import SourceUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from adapters.contract import Adapter

MAX_QUEUED_REQUESTS: Final = 64
"""The requests that may wait for a slot of one district."""

RETRY_SECONDS: Final = 5


class DistrictBusy(SourceUnavailable):
    """Too many requests wait for the source of a district."""

    def __init__(self) -> None:
        super().__init__("Too many requests are waiting for the district's system.", RETRY_SECONDS)


class Interrupted(BaseException):
    """Ends a run of a request that needs a slot of *district* while none is free; the request is run again later.

    Nothing in between may take it for an error and go on, hence it is no `Exception`.
    """

    def __init__(self, district: str) -> None:
        self.district = district


@dataclass(slots=True, eq=False)
class Ticket:
    """A request over all its runs: the districts of which it has a slot, and what must be done only once.

    *held_one* is called, in the thread that runs the request, as soon as it has a first slot. A ticket that *stays*
    cannot be run again.
    """

    slots: Slots
    held_one: Callable[[], None]
    held: set[str] = field(default_factory=set)
    done: dict[object, Any] = field(default_factory=dict)
    stays: bool = False


_present: ContextVar[Ticket | None] = ContextVar("ticket", default=None)


class Slots:
    """The slots of every district, *each* so many, given in order of arrival."""

    def __init__(self, each: int) -> None:
        self._each = each
        self._taken: Counter[str] = Counter()
        self._queues: dict[str, deque[tuple[Ticket, Callable[[], None]]]] = {}
        self._lock = threading.Lock()

    def take(self, ticket: Ticket, district: str) -> bool:
        """Give a slot of *district* to the request, if one is free."""
        with self._lock:
            return self._take(ticket, district)

    def queue(self, ticket: Ticket, district: str, wake: Callable[[], None]) -> bool:
        """Queue the request for a slot of *district*, and *wake* it when it has one; False where too many wait."""
        with self._lock:
            if self._take(ticket, district):
                wake()
                return True
            waiting = self._queues.setdefault(district, deque())
            if len(waiting) >= MAX_QUEUED_REQUESTS:
                return False
            waiting.append((ticket, wake))
            return True

    def leave(self, ticket: Ticket) -> None:
        """Take back every slot that the request has, and remove it from every queue."""
        with self._lock:
            for district, waiting in list(self._queues.items()):
                self._queues[district] = deque(one for one in waiting if one[0] is not ticket)
            for district in ticket.held:
                self._hand_on(district)
            ticket.held.clear()

    def _take(self, ticket: Ticket, district: str) -> bool:
        if self._taken[district] >= self._each:
            return False
        self._taken[district] += 1
        ticket.held.add(district)
        return True

    def _hand_on(self, district: str) -> None:
        waiting = self._queues.get(district)
        if waiting:
            following, wake = waiting.popleft()
            following.held.add(district)
            wake()
        else:
            self._queues.pop(district, None)
            self._taken[district] -= 1


@contextmanager
def under(ticket: Ticket) -> Iterator[None]:
    """Run the block for the request of *ticket*."""
    token = _present.set(ticket)
    try:
        yield
    finally:
        _present.reset(token)


def approach(adapter: Adapter) -> None:
    """Take a slot of the district that *adapter* reads before its source is asked, for the rest of the request.

    What is asked outside a request, as by a refresh in the background, needs none.

    Raises:
        SourceUnavailable: the source has failed several times and is left alone; or no slot will be free.
        Interrupted: no slot is free now.
    """
    ticket = _present.get()
    if ticket is None or adapter.district in ticket.held:
        return
    adapter.reachable()
    if not ticket.slots.take(ticket, adapter.district):
        raise DistrictBusy if ticket.stays else Interrupted(adapter.district)
    if len(ticket.held) == 1:
        ticket.held_one()


def step_aside() -> None:
    """Let the present request compute no more: from here on it waits for a system that nobody else is waiting for.

    Its place goes to the next request. Whoever calls it bounds how many requests do so at once.
    """
    ticket = _present.get()
    if ticket is not None:
        ticket.held_one()


def once(what: object, do: Callable[[], Any]) -> Any:
    """Return the result of *do*, which is not done again where the present request is run again."""
    ticket = _present.get()
    if ticket is None:
        return do()
    if what not in ticket.done:
        ticket.done[what] = do()
    return ticket.done[what]
