"""Faults of a simulated system, on request: in its answers, and in place of them."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

from adapters.simulators.wire import EdFiReply

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Kind = Literal[
    "expired", "unauthorized", "forbidden", "throttled", "unavailable", "error", "missing", "redirect", "insert",
    "delete", "reorder", "total", "duplicate", "short", "clamp", "kind", "html", "truncated", "no-wrapper",
    "error-in-success", "huge", "bomb", "reset", "silent", "slow", "drip", "garbage", "deep", "stalled", "latin",
    "bad-gateway", "too-many-tokens", "no-snapshot", "endless", "hollow", "stranger", "keyless", "mistyped", "twins",
    "link-local",
]  # fmt: skip
R = TypeVar("R")
RETRIED_LATER: Final = frozenset({"throttled", "unavailable", "bad-gateway"})
REDIRECTS: Final = {
    "redirect": "http://127.0.0.2:9/elsewhere",
    "link-local": "http://169.254.169.254/latest/meta-data/",
}


@dataclass(slots=True)
class Fault:
    """One fault that happens *times* times, at a *collection* (any where empty), after *after* good requests.

    *value* is what it needs to know: seconds, bytes, a number to add to the total, a size.
    """

    kind: Kind
    collection: str = ""
    after: int = 0
    times: int = 1
    value: float = 0


class Faults:
    """The faults that are to come; they may be changed while the system runs."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, kind: Kind, collection: str = "", *, after: int = 0, times: int = 1, value: float = 0) -> None:
        """Add a fault."""
        with self._lock:
            self._waiting.append(Fault(kind, collection, after, times, value))

    def clear(self) -> None:
        """Remove all faults."""
        with self._lock:
            self._waiting.clear()

    def take(self, collection: str) -> dict[str, float]:
        """Take the faults of this request for *collection*, each with its value."""
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


def answer_instead(
    faults: Mapping[str, float], refusals: Mapping[str, R], refuse: Callable[[R], EdFiReply]
) -> EdFiReply | None:
    """Answer with the refusal of a fault by its name, or with a redirect; None where neither is to come."""
    for name, refusal in refusals.items():
        if name in faults:
            reply = refuse(refusal)
            if faults[name] and name in RETRIED_LATER:
                reply.headers["Retry-After"] = str(int(faults[name]))
            return reply
    return next((EdFiReply(302, None, {"Location": url}) for name, url in REDIRECTS.items() if name in faults), None)


def misstate_total(reply: EdFiReply, header: str, faults: Mapping[str, float]) -> None:
    """Change the number of records that the *header* states."""
    if "total" in faults and header in reply.headers:
        reply.headers[header] = str(int(reply.headers[header]) + int(faults["total"]))


def cut(records: list[Any], faults: Mapping[str, float]) -> list[Any]:
    """Cut a page of *records* short, or put what is no record in their place."""
    if "garbage" in faults:
        return [1, "two", None]
    if "clamp" in faults:
        records = records[: int(faults["clamp"])]
    return records[: max(1, len(records) // 2)] if "short" in faults else records
