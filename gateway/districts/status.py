"""The status of a district for its operator: what it serves, what failed last, and what waits for approval."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal

from prometheus_client.core import GaugeMetricFamily

from gateway.cache.completeness import metrics_of, told_lines
from gateway.failure_reasons import plain_place, reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from prometheus_client.core import Metric

    from gateway.cache.completeness import Completeness
    from gateway.cache.drop_limits import DropLimits
    from gateway.cache.snapshot import Snapshot
    from gateway.districts.retries import Retry
    from standards.losses import Loss

State = Literal["fresh", "stale", "failed", "loading", "live"]
STATES: Final[tuple[State, ...]] = ("fresh", "stale", "failed", "loading", "live")


def state_of(*, loaded: bool, young: bool, failed: bool, live: bool) -> State:
    """Return the state of a district, see `DistrictStatus`."""
    if loaded and young:
        return "stale" if failed else "fresh"
    if failed:
        return "failed"
    return "live" if live else "stale" if loaded else "loading"


@dataclass(frozen=True, slots=True)
class DistrictStatus:
    """The status of the district *name*.

    It is *fresh* while its snapshot has not expired and no refresh has failed, *stale* while an older snapshot still
    serves or waits for the next request, *failed* while it cannot serve, *loading* before its first snapshot, and
    *live* where nothing is cached. *since* and *next_try* are seconds since 1970, *rows* counts the snapshot's rows by
    entity, *waiting* is the loss to approve under *ticket*, *completeness* what the snapshot lacks; no
    refresh begins while it is *paused_until* a moment.
    """

    name: str
    state: State
    since: float | None = None
    next_try: float | None = None
    reason: str = ""
    rows: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    waiting: tuple[Loss, ...] = ()
    ticket: int = 0
    completeness: Completeness | None = None
    paused_until: float | None = None

    def lines(self) -> list[str]:
        """Return the status in one line, and one more line for each thing that an operator should know."""
        since = f" since {moment(self.since)}" if self.since is not None else ""
        held = f", {sum(self.rows.values()):,} rows cached" if self.rows else ""
        lines = [f"{self.state}{since}{held}"]
        if self.reason:
            tried = f"; next try {moment(self.next_try)}" if self.next_try is not None else ""
            lines.append(f"{self.reason}{tried}")
        if self.paused_until is not None:
            lines.append(f"paused until {moment(self.paused_until)}; what there is serves until it expires")
        if self.waiting:
            lines.append(
                f"would be dropped: {told(self.waiting)}; approve it with: crossing districts approve {self.name}"
            )
        if self.completeness is not None:
            lines += told_lines(self.completeness)
        return lines

    def text(self) -> str:
        """Return the lines as one text that begins with the district's name."""
        return f"{self.name}: " + "\n    ".join(self.lines())


def status_of(
    name: str, state: State, cached: Snapshot | None, failed: Retry | None, *, live: bool, losses: DropLimits
) -> DistrictStatus:
    """Compose the status of a district from its snapshot and its last failure, that of a *live* reading or not."""
    told = dict[str, Any]()
    if cached is not None:
        told = {"rows": {entity: table.size for entity, table in cached.tables.items() if table.size}}
        told |= {"since": cached.loaded, "completeness": cached.completeness}
    if failed is not None and failed.error is not None:
        told |= {"reason": str(reason(name, failed.error)), "since": failed.since}
        told |= {} if live else {"next_try": failed.next_try}
    return DistrictStatus(name, state, waiting=losses.waiting, ticket=losses.ticket, **told)


def told(losses: Iterable[Loss]) -> str:
    """List the rows that would be lost, by entity and count."""
    return ", ".join(f"{one.gone} of {one.held} rows of {plain_place(one.entity)}" for one in losses)


def moment(seconds: float) -> str:
    """Format a moment as a UTC date and time."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


class StatusCollector:
    """A Prometheus collector of the status of every district, as gauges."""

    def __init__(self, every: Iterable[DistrictStatus]) -> None:
        self._every = tuple(every)

    def collect(self) -> Iterator[Metric]:
        """Yield one metric family for each kind of number."""
        every = self._every
        state = {(one.name, name): float(name == one.state) for one in every for name in STATES}
        yield _family("crossing_district_state", "1 for the state that a district is in.", ("district", "state"), state)
        since = {(one.name,): one.since for one in every if one.since is not None}
        yield _family("crossing_district_since_timestamp_seconds", "When the state began.", ("district",), since)
        tried = {(one.name,): one.next_try for one in every if one.next_try is not None}
        about = "When what failed is tried again."
        yield _family("crossing_district_next_try_timestamp_seconds", about, ("district",), tried)
        rows = Counter[tuple[str, ...]]()
        waiting = Counter[tuple[str, ...]]()
        for one in every:
            for entity, size in one.rows.items():
                rows[one.name, plain_place(entity)] += size
            for loss in one.waiting:
                waiting[one.name, plain_place(loss.entity)] += loss.gone
        yield _family("crossing_district_rows", "Rows of the snapshot.", ("district", "entity"), rows)
        about = "Rows that would be dropped if an operator approved it."
        yield _family("crossing_district_waiting_rows", about, ("district", "entity"), waiting)
        aside, lost = metrics_of({one.name: one.completeness for one in every})
        about = "Rows of the source that the snapshot lacks because they cannot be understood or have no owner."
        yield _family("crossing_district_rows_set_aside", about, ("district", "entity"), aside)
        about = "References that lead nowhere."
        yield _family("crossing_district_unresolved_references", about, ("district", "field"), lost)


def _family(name: str, about: str, labels: tuple[str, ...], values: Mapping[Any, float]) -> Metric:
    family = GaugeMetricFamily(name, about, labels=labels)
    for key, value in sorted(values.items()):
        family.add_metric(key, value)
    return family
