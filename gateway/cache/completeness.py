"""Completeness of a snapshot: rows set aside and references that lead nowhere, with lines that tell the operator."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from adapters.notes import REASONS, OneRosterPage
from gateway.failure_reasons import HIDDEN, plain_place

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from adapters.contract import Aside

MAX_STATUS_PATHS: Final = 20
"""So many rows are told one by one in the status; the log has had them all."""


@dataclass(frozen=True, slots=True)
class SetAsideRows:
    """The rows *read* of an entity, and how many of them are set *aside* for which *reasons*.

    Those that belong to what the source calls *gone* are left out with it, however many they are.
    """

    entity: str
    read: int
    aside: int = 0
    reasons: tuple[tuple[str, int], ...] = ()
    gone: int = 0


@dataclass(frozen=True, slots=True)
class References:
    """How many references of the field *name* there are, and how many of them lead nowhere.

    They may all where the source *lacks* everything that they could lead to: a system need not show it.
    """

    name: str
    lost: int
    all_of: int
    lacks: bool = False


@dataclass(frozen=True, slots=True)
class Unknown:
    """A row set aside of which no snapshot before knew what it was; of what entities other records are *made* of it."""

    entity: str
    own: str
    made: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Completeness:
    """What a load has of its source, entity by entity; *places* are rows set aside, as far as they can be told.

    *unknown* are those of which no snapshot before knew what they were, as far as they say which ones they are.
    """

    rows: tuple[SetAsideRows, ...] = ()
    references: tuple[References, ...] = ()
    places: tuple[Aside, ...] = ()
    unknown: frozenset[Unknown] = frozenset()
    page: OneRosterPage = field(default_factory=OneRosterPage, compare=False)


def told_lines(found: Completeness, places: int = MAX_STATUS_PATHS) -> Iterator[str]:
    """What was read, entity by entity, what of it is set aside and why, and which references lead nowhere.

    Of the rows set aside as many *places* are told.
    """
    if found.rows:
        yield "rows read: " + ", ".join(f"{plain_place(one.entity)} {one.read:,}" for one in found.rows)
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
    """A reason of which the field, and nothing else, may be the source's own word."""
    if told in REASONS:
        return told
    name, _, reason = told.partition(" ")
    return f"{plain_place(name)} {reason}" if reason in REASONS else HIDDEN


def metrics_of(
    every: Mapping[str, Completeness | None],
) -> tuple[dict[tuple[str, str], float], dict[tuple[str, str], float]]:
    """By district and entity the rows set aside, by district and field the references that lead nowhere."""
    there = {name: found for name, found in every.items() if found is not None}
    aside = {(name, plain_place(one.entity)): float(one.aside) for name, found in there.items() for one in found.rows}
    lost = {(name, plain_place(one.name)): float(one.lost) for name, found in there.items() for one in found.references}
    return aside, lost
