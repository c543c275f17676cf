"""Readings of a district's system: what came of each, in counts and places, for whoever listens; never a value."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from gateway.cache.completeness import plain_reason
from gateway.failure_reasons import FILE, HIDDEN, plain_place, reason
from gateway.storage.people.deliveries import READING, Delivery
from standards.errors import Incomplete, LossRefused, SourceBroken, SourceUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from adapters.contract import Adapter
    from adapters.uploads import DeliveredFile
    from gateway.cache.completeness import Completeness
    from gateway.cache.snapshot import Snapshot
    from gateway.storage.people.deliveries import Verdict
    from standards.losses import Loss

LINE_WRONG: Final = "what stands on this line is not as the standard says"
FILE_WRONG: Final = "this file is not as the standard says"
SOURCE_WRONG: Final = "what the source gives here is not as the standard says"
"""What is kept of a mistake whose own words could quote a value: they are told once, and kept nowhere."""

MAX_MISTAKES: Final = 20
"""The mistakes of a delivery that are named; all are counted."""


class Overtaken(SourceUnavailable):
    """A reading of a district that its successor has read in the meantime: nothing has failed, and nothing is kept."""

    def __init__(self) -> None:
        super().__init__("The district was read anew in the meantime.", 1)


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading: the *delivery* it was, and how to find which *files* were read, which may take a while."""

    delivery: Delivery
    adapter: Adapter
    stamp: str = ""

    def files(self) -> DeliveredFile | None:
        """Describe the files that were read; None where there are none, or others by now."""
        if not self.stamp or self.adapter.stamp() != self.stamp:
            return None
        found = self.adapter.delivered()
        return found if self.adapter.stamp() == self.stamp else None


def unheard(_reading: Reading) -> None:
    """Listen to nothing."""


class Readings:
    """The readings of the district *name*, each told to a *listener*, who must not take long."""

    def __init__(
        self, name: str, adapter: Adapter, clock: Callable[[], float], listener: Callable[[Reading], None] = unheard
    ) -> None:
        self._name, self._adapter, self._clock, self._listener = name, adapter, clock, listener

    @contextmanager
    def watching(self, before: Snapshot | None, *, approved: bool = False) -> Iterator[Callable[[Snapshot], None]]:
        """Tell of the reading in the block: of the snapshot that it says was made, or of the failure that ends it."""
        made: list[Snapshot] = []
        try:
            yield made.append
        except Overtaken:
            raise
        except Exception as error:
            self._tell(before, None, failed(self._name, self._now(), before, error))
            raise
        for fresh in made:
            self._tell(before, fresh, taken(self._name, self._now(), before, fresh, approved=approved))

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)

    def _tell(self, before: Snapshot | None, fresh: Snapshot | None, delivery: Delivery) -> None:
        changed = fresh is not None and (before is None or fresh.stamp != before.stamp)
        self._listener(Reading(delivery, self._adapter, fresh.stamp if fresh is not None and changed else ""))


def taken(name: str, at: datetime, before: Snapshot | None, fresh: Snapshot, *, approved: bool = False) -> Delivery:
    """Return the delivery of a *fresh* snapshot that replaces the one *before*."""
    same = before is not None and not fresh.differs(before)
    verdict: Verdict = "approved" if approved else "unchanged" if same else "fresh"
    counts, mistakes = _lacking(fresh.completeness)
    return Delivery(name, at, READING, verdict, {"rows": rows(before, fresh), **counts}, mistakes)


def failed(name: str, at: datetime, before: Snapshot | None, error: BaseException) -> Delivery:
    """Return the delivery of a reading that an *error* ended."""
    why = reason(name, error)
    counts: dict[str, Any] = {"why": why.told, "kind": why.kind, "rows": rows(before, None)}
    mistakes: tuple[tuple[str, str], ...] = ((why.place, why.told),) if why.place else ()
    verdict: Verdict = "refused" if isinstance(error, SourceBroken) else "failed"
    if isinstance(error, LossRefused):
        verdict, counts["loss"] = "waiting", _losses(why.losses)
    if isinstance(error, Incomplete):
        counts["lacks"] = _losses(why.lacks)
        mistakes = named(error.places) or mistakes
    return Delivery(name, at, READING, verdict, counts, mistakes)


def rows(before: Snapshot | None, fresh: Snapshot | None) -> dict[str, list[int | None]]:
    """Count the rows of each entity now and last; None where it was not read."""
    entities = {entity for one in (before, fresh) if one is not None for entity in one.tables}
    found = {entity: [_size(fresh, entity), _size(before, entity)] for entity in sorted(entities)}
    return {plain_place(entity): sizes for entity, sizes in found.items() if any(sizes)}


def named(places: Iterable[tuple[str, str]], most: int = MAX_MISTAKES) -> tuple[tuple[str, str], ...]:
    """Return the first mistakes, each by its place and in fixed words."""
    return tuple((plain_place(place), _kept(plain_place(place), told)) for place, told in tuple(places)[:most])


def _kept(place: str, told: str) -> str:
    """Return what is kept of a mistake: its words where they are fixed ones, else what its *place* tells of it."""
    plain = plain_reason(told)
    if HIDDEN not in plain:
        return plain
    file, _, line = place.partition(":")
    return (LINE_WRONG if line[:1].isdigit() else FILE_WRONG) if FILE.fullmatch(file) else SOURCE_WRONG


def as_upload(delivery: Delivery, kind: str, found: DeliveredFile, actor: str) -> Delivery:
    """Return the *delivery* as that of a file that somebody sent."""
    return replace(delivery, kind=kind, name=found.name, size=found.size, sha256=found.sha256, actor=actor)


def _size(snapshot: Snapshot | None, entity: str) -> int | None:
    return snapshot.tables[entity].size if snapshot is not None and entity in snapshot.tables else None


def _losses(losses: Iterable[Loss]) -> dict[str, list[int]]:
    return {plain_place(one.entity): [one.gone, one.held] for one in losses}


def _lacking(found: Completeness | None) -> tuple[Mapping[str, Any], tuple[tuple[str, str], ...]]:
    """Count what is set aside and why, and which references lead nowhere; name the first rows."""
    if found is None:
        return {}, ()
    aside = {
        plain_place(one.entity): {
            "read": one.read,
            "aside": one.aside,
            "why": {plain_reason(told): times for told, times in one.reasons},
        }
        for one in found.rows
        if one.aside
    }
    lost = {plain_place(one.name): [one.lost, one.all_of] for one in found.references}
    counts: dict[str, Any] = ({"aside": aside} if aside else {}) | ({"references": lost} if lost else {})
    return counts, named((one.place, one.told) for one in found.places)
