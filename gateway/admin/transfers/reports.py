"""Reports of transfers: what is open on each track, how long it takes, what was refused and what is late."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from itertools import takewhile
from statistics import median
from typing import TYPE_CHECKING

from gateway.admin.transfers.office import NO_DISTRICT, REPORTS, TransferOffice
from gateway.storage.transfers.tries import TransferTries
from gateway.transfers.machine.words import CLOSED, EventKind, Track, TransferRefusal
from standards.errors import InvalidBody, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from gateway.transfers.clocks.school_days import SchoolDays
    from gateway.transfers.ledger.lists import TransferFigures


@dataclass(frozen=True, slots=True)
class TrackReport:
    """One track of a district: how many are open, amber, late or stopped, and the median of school days until done.

    Those that were refused, withdrawn or ended, or have lapsed, are neither open nor done.
    """

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
    """The figures of one *district* as the sending one, over requests asked on the days from *begin* to *end*.

    *end* is the last day; *states* counts all of them by state, *refused* the reasons of those refused. *put_off* are
    the searches that wait now, as a district has asked for too many who were not found.
    """

    district: str
    begin: date
    end: date
    asked: int = 0
    tracks: tuple[TrackReport, ...] = ()
    refused: Mapping[TransferRefusal, int] = field(default_factory=dict)
    states: Mapping[str, int] = field(default_factory=dict)
    put_off: int = 0


class TransferReports(TransferOffice):
    """Figures alone, without a name."""

    def districts(self) -> tuple[str, ...]:
        """Return the districts of which the actor may have reports."""
        settings = self.region.settings()
        there = (name for name in settings.transfers.districts if name in settings.districts)
        return tuple(name for name in there if self.actor.allows(REPORTS, name))

    def report(self, begin: date, end: date, district: str = "") -> TransferReport:
        """Count the requests to a *district*, by default that of the actor.

        Raises:
            NotFound: there is no such district of which the actor may know.
        """
        name = district or self.org
        if name not in self.districts():
            raise NotFound(NO_DISTRICT)
        if end < begin:
            raise InvalidBody("The last day must not be before the first.")
        days = self.times.school_days(name)
        since, until = datetime.combine(begin, time(), days.zone).astimezone(UTC), days.end_of(end)
        rows, now = self.lists.figures(name, since, until), self.region.clock()
        refused = self.lists.reasons(name, EventKind.REFUSE, since, until)
        return TransferReport(
            name, begin, end, len(rows), tuple(_track(track, rows, days, now) for track in Track),
            {one: refused[one.value] for one in TransferRefusal if one.value in refused},
            dict(sorted(Counter(one.state.value for one in rows).items())),
            TransferTries(self.region.store, self.region.clock).count_put_off(name),
        )  # fmt: skip


def _track(track: Track, rows: Iterable[TransferFigures], days: SchoolDays, now: datetime) -> TrackReport:
    """Count one track."""
    counted: Counter[str] = Counter()
    taken: list[int] = []
    for one in rows:
        if one.state in CLOSED:
            continue
        amber, due, done = (getattr(one, f"{track}_{name}") for name in ("amber", "due", "done"))
        counted.update(_words(amber, due, done, now))
        if done is not None:
            taken.append(school_days_between(one.opened, done, days))
    return TrackReport(track, **counted, median_days=float(median(taken)) if taken else None)


def _words(amber: datetime | None, due: datetime | None, done: datetime | None, now: datetime) -> Iterable[str]:
    if done is not None:
        return ("done", "done_late") if due is not None and done > due else ("done",)
    if due is None or amber is None:
        return ("open", "stopped")
    return ("open", "late") if now >= due else ("open", "amber") if now >= amber else ("open",)


def school_days_between(begin: datetime, end: datetime, days: SchoolDays) -> int:
    """Count the school days of a district after that of *begin*, up to that of *end*."""
    last = days.local_day(end)
    return sum(1 for _ in takewhile(lambda one: one.day <= last, days.after(days.local_day(begin))))
