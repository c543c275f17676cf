"""The last refusals of each client, for whoever asks why: codes, views and steps, never a value of a request."""

from __future__ import annotations

import hashlib
import hmac
import queue
import re
import threading
from collections import OrderedDict, deque
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple

import orjson

from standards.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.storage.shared_memory import Memory

MAX_OF_A_CLIENT: Final = 200
MAX_OF_ALL: Final = 20_000
"""The refusals kept in this process; beyond it, those of the client that was refused longest ago are dropped."""

MAX_WAITING: Final = 1000
"""The refusals that may wait to be written to the memory of all processes; more are kept in this one alone."""

CLOSING_SECONDS: Final = 5.0
KEPT_SECONDS: Final = 7 * 86_400.0
GENERATED = re.compile(r"[0-9a-fA-F-]{16,64}")
"""Ids that look like generated ones, as UUIDs and trace ids do: others could be anything, and are kept as a hash."""


class LastRefusal(NamedTuple):
    """One refused request: when, of what *view* and *district*, by which *method*, with which *status* and *code*.

    *step* is the one at which it was refused, *trace* the id of its trace. Of a correlation id that the client chose
    only the keyed hash is kept (*mark*), and what looks like a generated id itself (*correlation*).
    """

    at: float
    method: str
    api: str
    view: str
    district: str
    status: int
    code: str
    step: str
    trace: str
    correlation: str = ""
    mark: str = ""


class LastRefusals:
    """The last refusals, in this process, and in the *shared* memory where there is one, behind the requests.

    A request is never held up, nor fails, because its refusal cannot be kept.
    """

    def __init__(self, key: bytes, clock: Callable[[], float], shared: Memory | None = None) -> None:
        self._key, self.clock, self._shared = key, clock, shared
        self._kept: OrderedDict[str, deque[LastRefusal]] = OrderedDict()
        self._number, self._lock = 0, threading.Lock()
        self._waiting: queue.Queue[tuple[str, LastRefusal] | None] = queue.Queue(MAX_WAITING)
        self._writer: threading.Thread | None = None

    def marked(self, identifier: str) -> str:
        """Return the keyed hash of an id that a client chose."""
        return hmac.digest(self._key, identifier.encode("utf-8", "replace"), hashlib.sha256)[:16].hex()

    def keep(self, client: str, refusal: LastRefusal) -> None:
        """Keep a refusal of a *client*."""
        with self._lock:
            theirs = self._kept.setdefault(client, deque(maxlen=MAX_OF_A_CLIENT))
            self._number += len(theirs) < MAX_OF_A_CLIENT
            theirs.append(refusal)
            self._kept.move_to_end(client)
            while self._number > MAX_OF_ALL:
                _, dropped = self._kept.popitem(last=False)
                self._number -= len(dropped)
        if self._shared is not None:
            self._hand_over(client, refusal)

    def of(self, client: str) -> tuple[LastRefusal, ...]:
        """Return the last refusals of a *client*, newest first."""
        if self._shared is not None:
            with suppress(StoreUnavailable):
                return self._read(self._shared, client)
        with self._lock:
            return tuple(reversed(self._kept.get(client, ())))

    def find(self, client: str, identifier: str) -> LastRefusal | None:
        """Find the newest refusal of a *client* by its correlation or trace id."""
        mark, lower = self.marked(identifier), identifier.lower()
        return next((one for one in self.of(client) if mark == one.mark or lower == one.trace), None)

    def close(self) -> None:
        """Write what waits to the shared memory, and end."""
        if self._writer is not None:
            with suppress(queue.Full):
                self._waiting.put_nowait(None)
            self._writer.join(CLOSING_SECONDS)

    def _hand_over(self, client: str, refusal: LastRefusal) -> None:
        if self._writer is None:
            with self._lock:
                if self._writer is None:
                    self._writer = threading.Thread(target=self._write_all, name="last-refusals", daemon=True)
                    self._writer.start()
        with suppress(queue.Full):
            self._waiting.put_nowait((client, refusal))

    def _write_all(self) -> None:
        while (one := self._waiting.get()) is not None:
            with suppress(StoreUnavailable):
                self._write(*one)

    def _write(self, client: str, refusal: LastRefusal) -> None:
        assert self._shared is not None
        number = self._shared.increment(f"refused:{client}", KEPT_SECONDS)
        place = f"refused:{client}:{number % MAX_OF_A_CLIENT}"
        self._shared.put(place, orjson.dumps(refusal._asdict()), KEPT_SECONDS)

    def _read(self, shared: Memory, client: str) -> tuple[LastRefusal, ...]:
        places = (f"refused:{client}:{number}" for number in range(MAX_OF_A_CLIENT))
        found = [LastRefusal(**orjson.loads(one)) for place in places if (one := shared.find(place)) is not None]
        return tuple(sorted(found, key=lambda one: -one.at))
