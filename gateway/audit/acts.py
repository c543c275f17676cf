"""Acts of administrators in the audit log: carried over from the registry, and read without those that are twice."""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import UTC, datetime
from secrets import token_hex
from typing import TYPE_CHECKING, Any, Final

from gateway import telemetry
from gateway.audit.chain import read_events
from gateway.one_line import one_line
from gateway.storage.acts import Acts
from standards.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from gateway.audit.log import Record
    from gateway.storage.acts import Act, SqlRegistry

OPERATION: Final = "act"
MAX_NUMBER: Final = 2**63
"""The numbers of the log are below it."""
CLAIM_SECONDS = 30.0
"""For how long a process that stops without a word keeps others from carrying the acts over."""


def event_of(act: Act) -> dict[str, Any]:
    """Build the event of an *act*; what it is about is flat: texts, numbers, and lists of them."""
    at = act.at or datetime.fromtimestamp(0, UTC)
    told = {
        "operation": OPERATION,
        "at": at.astimezone(UTC).isoformat(timespec="milliseconds"),
        "act": act.number,
        "actor": act.actor,
        "action": act.action,
        "district": act.district,
        "content": {str(_one(name)): _flat(value) for name, value in act.content.items()},
        "reason": act.reason,
    }
    return {name: value for name, value in told.items() if value not in ("", {})}


def _flat(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_one(one) for one in value]
    return None if value is None else _one(value)


def _one(value: Any) -> str | int:
    """Return a text or number that the log can hold: else one act that it cannot would keep all others from it."""
    if isinstance(value, int) and abs(value) < MAX_NUMBER:
        return value
    return str(value).encode("utf-8", "replace").decode()


def read_acts(folder: Path) -> Iterator[dict[str, Any]]:
    """Read every act of the log, oldest first; one that was carried over twice only once."""
    return once_each(event for event in read_events(folder) if event.get("operation") == OPERATION)


def once_each(events: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield each act among *events* once, though it was carried over twice."""
    known: set[str] = set()
    for event in events:
        told = str(sorted((name, str(value)) for name, value in event.items() if name != "seq"))
        if told not in known:
            known.add(told)
            yield event


class Carrier:
    """The carrying over of acts from the registry into the audit log, by one process at a time.

    An act is noted as recorded only after it is in the log: whatever fails leaves it waiting, so it may be there twice.
    """

    def __init__(self, record: Record, store: SqlRegistry, clock: Callable[[], datetime]) -> None:
        self._record, self._acts, self._clock = record, Acts(store), clock
        self._holder, self._running = token_hex(16), threading.Lock()
        self._failed, self._twice = "", 0

    def carry(self) -> int:
        """Carry over what waits, if no other process does so; return how many acts that were."""
        with self._running:
            try:
                carried = self._carry()
            except StoreUnavailable as error:
                if self._failed != error.message:
                    telemetry.fault(error)
                self._failed = error.message
                return 0
            self._failed = ""
            return carried

    def stop(self) -> None:
        """Carry over what waits, and let another process do so from now on."""
        self.carry()
        with suppress(StoreUnavailable):
            self._acts.release(self._holder)

    def notes(self) -> list[str]:
        """List what an operator must know: acts that wait, and acts that another process has written too."""
        waiting = [f"acts of administrators wait for the audit log: {self._failed}"] if self._failed else []
        twice = f"{self._twice} acts are in the audit logs of two gateways: both carried them over at once"
        return [*waiting, *([twice] if self._twice else [])]

    def _write_down(self, act: Act) -> None:
        """Write an act into the log, which is reopened where that fails, as after a disclosure."""
        try:
            self._record.append(event_of(act))
        except StoreUnavailable:
            with suppress(StoreUnavailable):
                self._record.reopen()
            raise

    def _carry(self) -> int:
        carried = 0
        while waiting := self._acts.waiting():
            for act in waiting:
                if not self._acts.claim(self._holder, self._clock().timestamp(), CLAIM_SECONDS):
                    return carried
                self._write_down(act)
                self._twice += not self._acts.note_recorded(act.number, self._clock())
                carried += 1
        return carried


def words(event: Mapping[str, Any]) -> str:
    """Tell an act in words: who did what, in which district, to what, and why."""
    where = f" in {event['district']}" if event.get("district") else ""
    told = {name: value for name, value in event.get("content", {}).items() if value not in ("", None)}
    lines = [
        f"event {event['seq']}, {event.get('at', '')}",
        f"  who: {event.get('actor') or '-'}",
        f"  did: {event.get('action', '-')}{where} (act {event.get('act', '-')})",
        *(f"  {name}: {_listed(value)}" for name, value in told.items()),
        f"  why: {event.get('reason') or 'no reason was given'}",
    ]
    return "\n".join(map(one_line, lines))


def _listed(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
