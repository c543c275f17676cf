"""What a snapshot lacks of its source, in words for the operator: rows set aside and references that lead nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from adapters.notes import REASONS
from gateway.failure_reasons import HIDDEN, plain_place

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gateway.cache.completeness import Completeness

PLACES_IN_STATUS: Final = 20
"""So many rows are told one by one in the status; the log has had them all."""


def told_lines(found: Completeness, places: int = PLACES_IN_STATUS) -> Iterator[str]:
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
