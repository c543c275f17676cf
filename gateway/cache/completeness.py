"""Completeness of a snapshot: rows set aside and dangling references, with lines that report them to the operator."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from adapters.notes import REASONS, ReadingNotes
from gateway.failure_reasons import HIDDEN, plain_place

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from adapters.contract import Aside

MAX_STATUS_PATHS: Final = 20
"""Set-aside rows that the status names one by one; the log has all of them."""


@dataclass(frozen=True, slots=True)
class SetAsideRows:
    """The rows *read* of an entity, and how many of them are set *aside* for which *reasons*.

    *gone* counts rows left out because they belong to a record that the source marks as deleted; it has no limit.
    """

    entity: str
    read: int
    aside: int = 0
    reasons: tuple[tuple[str, int], ...] = ()
    gone: int = 0


@dataclass(frozen=True, slots=True)
class References:
    """The references of the field *name*: how many there are (*all_of*), and how many dangle (*lost*).

    All may dangle where the source *lacks* the whole entity that they refer to: a system need not publish it.
    """

    name: str
    lost: int
    all_of: int
    lacks: bool = False


@dataclass(frozen=True, slots=True)
class Unknown:
    """A set-aside row that was in no earlier snapshot; records of the entities *made* may come from the same row."""

    entity: str
    own: str
    made: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Completeness:
    """What a load read of its source, entity by entity; *places* are set-aside rows that can be named.

    *unknown* are the set-aside rows that were in no earlier snapshot, where they bear an id.
    """

    rows: tuple[SetAsideRows, ...] = ()
    references: tuple[References, ...] = ()
    places: tuple[Aside, ...] = ()
    unknown: frozenset[Unknown] = frozenset()
    page: ReadingNotes = field(default_factory=ReadingNotes, compare=False)


def _counted(rows: Iterable[SetAsideRows]) -> Iterator[str]:
    """Count the rows of each entity; those of the many descriptors of Ed-Fi together."""
    descriptors = [one.read for one in rows if one.entity.endswith("Descriptors")]
    yield from (f"{plain_place(one.entity)} {one.read:,}" for one in rows if not one.entity.endswith("Descriptors"))
    if descriptors:
        yield f"descriptors {sum(descriptors):,} of {len(descriptors):,} kinds"


def told_lines(found: Completeness, places: int = MAX_STATUS_PATHS) -> Iterator[str]:
    """Describe what was read by entity, what of it is set aside and why, and which references dangle.

    At most *places* set-aside rows are named.
    """
    if found.rows:
        yield f"rows read: {', '.join(_counted(found.rows))}"
    for one in found.rows:
        if one.aside:
            why = ", ".join(f"{plain_reason(reason)} ({times})" for reason, times in one.reasons)
            yield f"set aside: {one.aside} of {one.read:,} rows of {plain_place(one.entity)}: {why}"
        if one.gone:
            what = "the source calls gone what they belong to"
            yield f"left out: {one.gone} of {one.read:,} rows of {plain_place(one.entity)}: {what}"
    for row in found.places[:places]:
        yield f"set aside: {plain_place(row.place)}: {plain_reason(row.told)}"
    for lost in found.references:
        why = ", since the source shows nothing that they could lead to" if lost.lacks else ""
        yield f"references that lead nowhere: {lost.lost} of {lost.all_of:,} of {plain_place(lost.name)}{why}"


def plain_reason(told: str) -> str:
    """Return a reason in which only the field name may come from the source."""
    if told in REASONS:
        return told
    name, _, reason = told.partition(" ")
    return f"{plain_place(name)} {reason}" if reason in REASONS else HIDDEN


def metrics_of(
    every: Mapping[str, Completeness | None],
) -> tuple[dict[tuple[str, str], float], dict[tuple[str, str], float]]:
    """Count set-aside rows by district and entity, and dangling references by district and field."""
    there = {name: found for name, found in every.items() if found is not None}
    aside = {(name, plain_place(one.entity)): float(one.aside) for name, found in there.items() for one in found.rows}
    lost = {(name, plain_place(one.name)): float(one.lost) for name, found in there.items() for one in found.references}
    return aside, lost
