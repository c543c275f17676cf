"""Gradebook members that several classes share: learning objectives, moments and the state of a score."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from standards.codes import outward
from standards.lenses.formats import truth
from standards.oneroster.model import classes
from standards.view import Const, value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from standards.view import Node

SOURCES = classes("1.2")["learningObjectiveSet"]["source"]
UNSTATED = "ext:unstated"


def objectives(stated: Any) -> list[dict[str, Any]] | None:
    """Return the sets of learning objectives that a line item names, without empty ones (`learningObjectiveSet`)."""
    return [
        {"source": source, "learningObjectiveIds": ids}
        for source, one in _sets(stated)
        if (ids := [found for found in _items(one, "learningObjectiveIds") if isinstance(found, str)])
    ] or None


def scored(stated: Any) -> list[dict[str, Any]] | None:
    """Return the sets of learning objectives with a student's score in each (`learningObjectiveScoreSet`)."""
    return [
        {"source": source, "learningObjectiveResults": results}
        for source, one in _sets(stated)
        if (results := [_score(found) for found in _items(one, "learningObjectiveResults") if _named(found)])
    ] or None


def score_state(*scores: str) -> tuple[Node, ...]:
    """Show whether the work was handed in and graded; where the source does not state it, by the score itself.

    Work with a score or a mark has been graded, work that is called missing has not been submitted; of any other the
    standard's extension states that nothing is known, since each of its own words would claim something.
    """
    return (
        value("scoreStatus", "status", form=outward("scoreStatus", "oneroster")),
        value("scoreStatus", *scores, "textScore", form=lambda _score: "fully graded"),
        value("scoreStatus", "missing", form=lambda missing: "not submitted" if missing else None),
        Const("scoreStatus", UNSTATED),
    )


def marks(*scores: str) -> tuple[Node, ...]:
    """Show all that the standard lets one state about a score, from the first of *scores* that there is."""
    return (
        *score_state(*scores),
        value("score", *scores, type="number"),
        value("textScore"),
        value("comment"),
        value("learningObjectiveSet", "objectives", form=scored),
        *(value(name, form=truth) for name in ("inProgress", "incomplete", "late", "missing")),
    )


def _sets(stated: Any) -> list[tuple[str, Mapping[str, Any]]]:
    found = [one for one in stated if isinstance(one, dict)] if isinstance(stated, list) else []
    return [(_source(one.get("source")), one) for one in found]


def _source(stated: Any) -> str:
    """Return the catalogue that objectives come from; one that the standard has no word for is unknown."""
    known = isinstance(stated, str) and (stated in SOURCES.values or re.fullmatch(SOURCES.extension, stated))
    return stated if known else "unknown"


def _items(one: Mapping[str, Any], name: str) -> list[Any]:
    found = one.get(name)
    return found if isinstance(found, list) else []


def _named(found: Any) -> bool:
    return isinstance(found, dict) and isinstance(found.get("learningObjectiveId"), str)


def _score(found: Mapping[str, Any]) -> dict[str, Any]:
    said = {"learningObjectiveId": found["learningObjectiveId"]}
    if type(score := found.get("score")) in {int, float}:
        said["score"] = score
    if isinstance(text := found.get("textScore"), str):
        said["textScore"] = text
    return said
