"""Sessions: the terms of a school's year."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from standards.codes import inward
from standards.edfi.mapping import mapped
from standards.edfi.references import TARGETS
from standards.lens import coded, each, read_only, same, split
from standards.view import Links, Many, Obj

if TYPE_CHECKING:
    from collections.abc import Mapping

KINDS = frozenset({"semester", "term"})
_PERIOD = TARGETS["GradingPeriod"]


def _kind(document: Mapping[str, Any]) -> str:
    """Never a grading period or a school year, which are sessions of their own."""
    found = inward("sessionKind", "edfi")(str(document.get("termDescriptor")))
    return found if found in KINDS else "term"


def _year(document: Mapping[str, Any]) -> tuple[str, str] | None:
    year = document.get("schoolYearTypeReference")
    found = year.get("schoolYear") if isinstance(year, dict) else None
    return None if found is None else ("sy", str(found))


SESSIONS = mapped("sessions", "session", (
    "schoolReference.schoolId", "schoolYearTypeReference.schoolYear", "sessionName",
), (
    same("sessionName", "name"),
    split(("schoolReference.schoolId",), "school", ("integer",)),
    same("schoolYearTypeReference.schoolYear", "schoolYear", "integer"),
    read_only((), "kind", _kind),
    read_only((), "parent", _year),
    coded("termDescriptor", "term", "term"),
    same("beginDate", "begin", "date"),
    same("endDate", "end", "date"),
    same("totalInstructionalDays", "instructionalDays", "integer"),
    each("gradingPeriods", "gradingPeriods", (
        split([f"gradingPeriodReference.{member}" for member in _PERIOD.members], "",
              ("integer", "integer", "text", "text"), _PERIOD.prefix),
    )),
), nodes=(
    Many("gradingPeriods", (Links("gradingPeriods"),), (
        Obj("gradingPeriodReference", (*_PERIOD.nodes, *_PERIOD.link("GradingPeriod"))),
    )),
), where=(("kind", KINDS),))  # fmt: skip
LENS, VIEW = SESSIONS.lens, SESSIONS.view
