"""Times of the districts that take part: their school days, and when what they decide may leave."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from gateway.config.settings import Settings
    from gateway.gateway import Gateway
    from gateway.transfers.clocks.school_days import SchoolDays


class RegionTimes:
    """The times of all districts, as their snapshots in memory and the settings say: nothing is waited for.

    It is what the ledger asks (`DistrictTimes`). Without a gateway, or a snapshot, no calendar is known.
    """

    def __init__(self, settings: Callable[[], Settings], gateway: Callable[[], Gateway | None]) -> None:
        self._settings, self._gateway = settings, gateway

    def school_days(self, district: str) -> SchoolDays:
        """Return the school days of a district; none are known of one that has no calendar."""
        raise NotImplementedError

    def next_batch(self, district: str, decided: datetime) -> datetime:
        """Return from when on what a district has *decided* may leave."""
        raise NotImplementedError
