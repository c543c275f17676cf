"""Reports of transfers: what is open on each track, how long it takes, what was refused and what is late."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.admin.transfers.office import TransferOffice

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from gateway.transfers.machine.words import Track, TransferRefusal


@dataclass(frozen=True, slots=True)
class TrackReport:
    """One track of a district: how many are open, amber, late or stopped, and the median of school days until done."""

    track: Track
    open: int = 0
    amber: int = 0
    late: int = 0
    stopped: int = 0
    done: int = 0
    done_late: int = 0
    median_days: float | None = None


@dataclass(frozen=True, slots=True)
class TransferReport:
    """The figures of one *district* as the sending one, over requests asked from *begin* on and before *end*."""

    district: str
    begin: date
    end: date
    asked: int = 0
    tracks: tuple[TrackReport, ...] = ()
    refused: Mapping[TransferRefusal, int] | None = None
    states: Mapping[str, int] | None = None


class TransferReports(TransferOffice):
    """Figures alone, without a name."""

    def districts(self) -> tuple[str, ...]:
        """Return the districts of which the actor may have reports."""
        raise NotImplementedError

    def report(self, begin: date, end: date, district: str = "") -> TransferReport:
        """Count the requests to a *district*, by default that of the actor."""
        raise NotImplementedError
