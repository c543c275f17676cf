"""Refusals by policy, counted for the audit log: one event a minute for each client, view and reason."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_COUNTED_COMBINATIONS = 1000
"""The most combinations told apart within a minute; the rest are counted together."""

Place = tuple[str, str, str, str]


class Refusals:
    """The refusals since they were last written down, in memory."""

    def __init__(self) -> None:
        self._counted: dict[Place, int] = {}
        self._lock = threading.Lock()

    def count(self, client: str, district: str, view: str, reason: str) -> None:
        """Count a refusal."""
        with self._lock:
            place = (client, district, view, reason)
            if place not in self._counted and len(self._counted) >= MAX_COUNTED_COMBINATIONS:
                place = ("*", "*", "*", "*")
            self._counted[place] = self._counted.get(place, 0) + 1

    def take(self) -> list[Mapping[str, Any]]:
        """Return the events to write down, which then are no longer counted here."""
        with self._lock:
            counted, self._counted = self._counted, {}
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        return [
            {
                "at": at, "operation": "refused", "client": client, "district": district, "view": view,
                "reason": reason, "rows": number, "status": 403,
            }
            for (client, district, view, reason), number in sorted(counted.items())
        ]  # fmt: skip

    def put_back(self, event: Mapping[str, Any]) -> None:
        """Count again what could not be written down."""
        place = (event["client"], event["district"], event["view"], event["reason"])
        with self._lock:
            self._counted[place] = self._counted.get(place, 0) + event["rows"]
