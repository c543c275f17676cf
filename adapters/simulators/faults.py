"""What can go wrong with a system, to be had on request."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal[
    "expired", "unauthorized", "forbidden", "throttled", "unavailable", "error", "missing", "redirect", "insert",
    "delete", "reorder", "total", "duplicate", "short", "clamp", "kind", "html", "truncated", "no-wrapper",
    "error-in-success", "huge", "bomb", "reset", "silent", "slow", "drip", "garbage", "deep", "stalled", "latin",
    "bad-gateway", "too-many-tokens", "no-snapshot", "endless", "hollow", "stranger", "keyless", "mistyped", "twins",
    "link-local",
]  # fmt: skip
ALWAYS: Final = 1_000_000


@dataclass(slots=True)
class Fault:
    """One thing that goes wrong *times* times, at a *collection* (any where empty), after *after* good requests.

    *value* is what it needs to know: seconds, bytes, a number to add to the total, a size.
    """

    kind: Kind
    collection: str = ""
    after: int = 0
    times: int = 1
    value: float = 0


class Faults:
    """The faults that are to come; to be changed while the system runs."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, kind: Kind, collection: str = "", *, after: int = 0, times: int = 1, value: float = 0) -> None:
        """Have something go wrong."""
        with self._lock:
            self._waiting.append(Fault(kind, collection, after, times, value))

    def clear(self) -> None:
        """Have nothing go wrong any more."""
        with self._lock:
            self._waiting.clear()

    def take(self, collection: str) -> dict[str, float]:
        """What goes wrong with this request for *collection*, each with its value."""
        found: dict[str, float] = {}
        with self._lock:
            for fault in self._waiting:
                if fault.collection not in {"", collection} or fault.times <= 0:
                    continue
                if fault.after > 0:
                    fault.after -= 1
                else:
                    fault.times -= 1
                    found[fault.kind] = fault.value
            self._waiting = [fault for fault in self._waiting if fault.times > 0]
        return found
