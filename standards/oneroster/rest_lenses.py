"""Lenses of OneRoster's JSON documents: the gradebook and the assessment results.

The roster's documents have the facts of the roster's files, and are read through
`standards.oneroster.csv.roster_lenses`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from standards.lenses.lens import Lens, coded, converted, each, same, split
from standards.lenses.types import WRONG
from standards.oneroster import model

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from standards.lenses.lens import Pair

DIALECTS: Final = {"1.1": "oneroster11", "1.2": "oneroster"}
KEY: Final = ("sourcedId",)
CLASSES: Final = {
    "gradebookCategory": "category",
    "lineItem": "lineItem",
    "result": "result",
    "scoreScale": "scoreScale",
    "assessment": "assessmentLineItem",
    "assessmentResult": "assessmentResult",
}
COLLECTIONS: Final = {
    "gradebookCategory": "categories",
    "lineItem": "lineItems",
    "result": "results",
    "scoreScale": "scoreScales",
    "assessment": "assessmentLineItems",
    "assessmentResult": "assessmentResults",
}
WORTH: Final[Mapping[str, float]] = {"resultValueMin": 0.0, "resultValueMax": 100.0}
"""The worth of work whose source states none, where a version requires it."""


def _kept(value: Any) -> Any:
    """Return the metadata of a document without empty members."""
    if not isinstance(value, dict):
        return WRONG
    return {name: item for name, item in value.items() if item is not None} or None


def _metadata(collection: str) -> Pair:
    return converted("metadata", f"oneroster.{collection}.metadata", _kept, _kept)


def _ref(member: str, name: str) -> Pair:
    return split((f"{member}.sourcedId",), name)


RANGE: Final = (
    same("resultValueMin", "minimum", "number"),
    same("resultValueMax", "maximum", "number"),
    same("learningObjectiveSet", "objectives", "json"),
)
SCORED: Final = (
    _ref("student", "student"),
    _ref("scoreScale", "scoreScale"),
    coded("scoreStatus", "status", "scoreStatus"),
    same("score", "score", "number"),
    same("textScore", "textScore"),
    same("scoreDate", "date", "date"),
    same("comment", "comment"),
    same("learningObjectiveSet", "objectives", "json"),
    *(same(name, name, "truth") for name in ("inProgress", "incomplete", "late", "missing")),
)
PAIRS: Final[Mapping[str, tuple[Pair, ...]]] = {
    "gradebookCategory": (same("title", "title"), same("weight", "weight", "number")),
    "lineItem": (
        same("title", "title"),
        same("description", "description"),
        same("assignDate", "assigned", "datetime"),
        same("dueDate", "due", "datetime"),
        _ref("class", "section"),
        _ref("school", "school"),
        _ref("category", "category"),
        _ref("academicSession", "session"),
        _ref("gradingPeriod", "gradingPeriod"),
        _ref("scoreScale", "scoreScale"),
        *RANGE,
    ),
    "result": (_ref("lineItem", "lineItem"), _ref("class", "section"), *SCORED),
    "scoreScale": (
        same("title", "title"),
        same("type", "kind"),
        _ref("class", "section"),
        _ref("course", "course"),
        each("scoreScaleValue", "values", (same("itemValueLHS", "score"), same("itemValueRHS", "mark"))),
    ),
    "assessment": (
        same("title", "title"),
        same("description", "description"),
        _ref("class", "section"),
        _ref("parentAssessmentLineItem", "parent"),
        _ref("scoreScale", "scoreScale"),
        *RANGE,
    ),
    "assessmentResult": (
        _ref("assessmentLineItem", "assessment"),
        same("scorePercentile", "percentile", "number"),
        *SCORED,
    ),
}


def _lenses() -> Iterator[Lens]:
    for version, dialect in DIALECTS.items():
        known = model.classes(version)
        for entity, pairs in PAIRS.items():
            if members := known.get(CLASSES[entity]):
                collection = COLLECTIONS[entity]
                own = (same("sourcedId", "id"), _metadata(collection), *pairs)
                kept = tuple(pair for pair in own if pair.local_paths[0].partition(".")[0] in members)
                yield Lens(dialect, collection, entity, kept, KEY)


LENSES = tuple(_lenses())
BY_PLACE = {(lens.dialect, lens.entity): lens for lens in LENSES}


def lens(version: str, entity: str) -> Lens | None:
    """Return the lens of OneRoster *version* documents to an *entity* of the gradebook; None where there is none."""
    return BY_PLACE.get((DIALECTS[version], entity))


def completed(
    version: str,
    entity: str,
    document: Mapping[str, Any],
    before: Mapping[str, Any],
    address: Callable[[str, str], str],
) -> Any:
    """Complete the references of *document* and, where it is new, the members that its version requires.

    *address* returns where the object of a class with an id is. A reference that is what it was *before* keeps what its
    source states of it; one to nothing is left out.
    """
    members = model.classes(version)[CLASSES[entity]]
    demanded = WORTH if version == "1.1" and entity == "lineItem" and not before else {}
    whole = {**demanded, **document}
    for name, value in document.items():
        member = members.get(name)
        if member is None or member.type != "guidRef" or not isinstance(value, dict):
            continue
        found = value.get("sourcedId")
        if not found:
            del whole[name]
            continue
        kept = value if value == before.get(name) else {}
        whole[name] = {"href": address(member.ref, found), "type": member.ref, **kept, "sourcedId": found}
    return whole
