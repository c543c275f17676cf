"""Sessions: the terms of a school's year."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from standards.codes import inward
from standards.edfi.model.mapping import STAMPS, mapped
from standards.edfi.model.references import TARGETS
from standards.edfi.model.term_titles import term_of, term_titled
from standards.edfi.resources.school_sessions import FACTS, PERIOD_KEY, of_schools
from standards.lenses.lens import coded, each, read_only, same, split
from standards.view import Branch, Const, Href, Id, Links, List, Object, value

if TYPE_CHECKING:
    from collections.abc import Mapping

KINDS = frozenset({"semester", "term"})
KEPT = frozenset({"semester", "term", "schoolYear"})
_PERIOD = TARGETS["GradingPeriod"]


def _kind(document: Mapping[str, Any]) -> str:
    """Return the kind of a session, never a grading period or a school year, which are sessions of their own."""
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
    value("sessionName", "derivedName", "name"),
    value("termDescriptor", "term", form=term_of),
    List("gradingPeriods", (Links("gradingPeriods"),), (
        Object("gradingPeriodReference", (*_PERIOD.nodes, *_PERIOD.link("GradingPeriod"))),
    )),
), where=(("kind", KINDS),))  # fmt: skip
OF_SCHOOL = Branch("schoolSession", (
    Id("id"),
    *FACTS,
    value("sessionName", "session.derivedName", "session.name"),
    value("termDescriptor", "session.name", form=term_titled),
    List("gradingPeriods", (Links("gradingPeriods"),), (
        Object("gradingPeriodReference", (*PERIOD_KEY, Object("link", (
            Const("rel", "GradingPeriod"), Href("href", "/ed-fi/gradingPeriods"),
        )))),
    )),
    *STAMPS,
), where=(("kind", KEPT),), requires=("school",))  # fmt: skip
LENS = SESSIONS.lens
VIEW = of_schools(SESSIONS.view, OF_SCHOOL)
