"""Times of the districts that take part: their school days, and when what they decide may leave."""

from __future__ import annotations

from datetime import UTC, date
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from gateway.registers.overlay import derived
from gateway.transfers.clocks.school_days import SchoolDays, school_days
from gateway.transfers.machine.batches import is_weekday, next_batch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from gateway.cache.snapshot import Snapshot, Table
    from gateway.config.settings import Settings
    from gateway.gateway import Gateway

TAUGHT: Final = frozenset({"Instructional day", "Make-up day"})
"""The calendar events of a day on which there is school."""
PLACE: Final = ("school days",)


class RegionTimes:
    """The times of all districts, as their snapshots in memory and the settings say: nothing is waited for.

    It is what the ledger asks (`DistrictTimes`). Without a gateway, or a snapshot, no calendar is known.
    """

    def __init__(self, settings: Callable[[], Settings], gateway: Callable[[], Gateway | None]) -> None:
        self._settings, self._gateway = settings, gateway

    def school_days(self, district: str) -> SchoolDays:
        """Return the school days of a district; none are known of one that has no calendar."""
        gateway = self._gateway()
        known = gateway.districts.get(district) if gateway is not None else None
        snapshot = known.latest if known is not None else None
        return school_days(self._zone(district), _taught(snapshot) if snapshot is not None else ())

    def next_batch(self, district: str, decided: datetime) -> datetime:
        """Return from when on what a district has *decided* may leave."""
        transfers = self._settings().transfers
        if transfers.batch_every:
            since = decided.astimezone(UTC).timestamp()
            waited = transfers.batch_every.total_seconds() - since % transfers.batch_every.total_seconds()
            return decided + transfers.batch_every * (waited / transfers.batch_every.total_seconds())
        days = self.school_days(district)
        return next_batch(decided, days.zone, transfers.batch_times, _leaving(days))

    def _zone(self, district: str) -> ZoneInfo:
        known = self._settings().districts.get(district)
        zone = known.timezone if known is not None else None
        return zone if isinstance(zone, ZoneInfo) else ZoneInfo("UTC")


def _leaving(days: SchoolDays) -> Callable[[date], bool]:
    """Return on which days packages leave: every weekday, and what the calendar calls a school day beside."""
    taught = frozenset(days.days)
    return lambda day: is_weekday(day) or day in taught


def _taught(snapshot: Snapshot) -> tuple[date, ...]:
    """Return the days of any school of a snapshot on which there is school, computed once for its calendar."""
    table = snapshot.table("calendarDay")
    facts: dict[tuple[str, ...], Any] = derived(table).facts
    if PLACE not in facts:
        facts[PLACE] = tuple(sorted(set(_days(table))))
    found: tuple[date, ...] = facts[PLACE]
    return found


def _days(table: Table) -> Iterator[date]:
    dates, events = table.columns.get("date"), table.columns.get("events")
    for day, what in zip(dates or (), events or (), strict=False):
        if day and TAUGHT.intersection(what or ()):
            yield date.fromisoformat(day)
