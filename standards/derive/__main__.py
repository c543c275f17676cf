"""Derived facts of the standards, written from the reference facts: ``python -m standards.derive FOLDER``.

The files hold names, types, lengths and references only. They are committed, so nobody needs the
reference to run the gateway; a test derives them again wherever the reference is present.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

HERE = Path(__file__).parents[1]
PUBLISHED = ("ds33", "ds40", "ds50", "ds52")

# Key unifications that the published relational model does not list.
UNIFIED = {
    "BellSchedule": [["$.classPeriods[*].classPeriodReference.schoolId", "$.schoolReference.schoolId"]],
    "Section": [["$.classPeriods[*].classPeriodReference.schoolId", "$.courseOfferingReference.schoolId"]],
    "Session": [
        ["$.academicWeeks[*].academicWeekReference.schoolId", "$.schoolReference.schoolId"],
        ["$.gradingPeriods[*].gradingPeriodReference.schoolId", "$.schoolReference.schoolId"],
        ["$.gradingPeriods[*].gradingPeriodReference.schoolYear", "$.schoolYearTypeReference.schoolYear"],
    ],
    "StudentSectionAttendanceEvent": [
        ["$.classPeriods[*].classPeriodReference.schoolId", "$.sectionReference.schoolId"],
    ],
}
# Unifications that it lists, but the database of an ODS does not have: it keeps the two in columns of their own.
APART = {"Grade": [["$.gradingPeriodReference.schoolYear", "$.studentSectionAssociationReference.schoolYear"]]}


def derive(shared: Path) -> dict[str, str]:
    """Return the text of every derived file, by its path inside this package."""
    facts = shared / "facts"
    return {
        "edfi/model-ds52.json": _text(_edfi(_load(facts / "edfi-model-ds52.json"))),
        "edfi/member-names.json": _text(_names(_load(facts / f"edfi-model-{one}.json") for one in PUBLISHED)),
        "oneroster/csv.json": _text(_load(facts / "oneroster-csv.json")),
        "oneroster/model.json": _text(_load(facts / "oneroster-model.json")),
    }


def write(shared: Path, target: Path = HERE) -> None:
    """Write the derived files below *target*."""
    for name, text in derive(shared).items():
        (target / name).write_text(text, encoding="utf-8")


def _edfi(model: Mapping[str, Any]) -> dict[str, Any]:
    resources = {name: dict(resource) for name, resource in model.items() if name != "_meta"}
    for name, resource in resources.items():
        resource["properties"] = _without_old_bounds(resource["properties"])
        told = [pair for pair in resource.get("equality", []) if pair not in APART.get(name, [])]
        equality = told + UNIFIED.get(name, [])
        if equality:
            resource["equality"] = sorted(equality)
    return {"version": model["_meta"]["version"], "resources": resources}


def _names(models: Iterable[Mapping[str, Any]]) -> list[str]:
    """List the name of every member of every resource, wherever it stands."""
    found: set[str] = set()
    waiting = [one["properties"] for model in models for name, one in model.items() if name != "_meta"]
    for properties in waiting:
        found |= properties.keys()
        waiting += [one["properties"] for one in properties.values() if "properties" in one]
    return sorted(found)


def _without_old_bounds(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return *properties* without ``minLength: 1``, which the standard gave up in 5.1."""
    kept = {}
    for name, value in properties.items():
        facts = {word: fact for word, fact in value.items() if (word, fact) != ("minLength", 1)}
        if "properties" in facts:
            facts["properties"] = _without_old_bounds(facts["properties"])
        kept[name] = facts
    return kept


def _load(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n"


if __name__ == "__main__":
    write(Path(sys.argv[1]))
