"""Student assessments: what one student reached in a test.

Ed-Fi keeps a score for every way of reporting. OneRoster asks for one: the first number that is no percentile, and the
first percentile beside it; the first other result, or else the first level, is the score in words.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from standards.codes import inward
from standards.edfi.model.mapping import mapped
from standards.edfi.model.references import TARGETS
from standards.edfi.resources.lists import objects
from standards.lenses.lens import coded, each, read_only, same, split
from standards.lenses.types import WRONG, reading
from standards.view import Id

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PERCENTILE = "percentile"
_TEST = [f"assessmentReference.{member}" for member in TARGETS["Assessment"].members]
_NUMBER = reading("number", textual=True)


def _results(document: Mapping[str, Any]) -> Iterator[tuple[bool, str, Any]]:
    """Yield for each score whether it is a percentile, its text, and its number or `WRONG`."""
    for item in document.get("scoreResults") or ():
        method, kind = (
            str(item.get(f"{name}Descriptor")) for name in ("assessmentReportingMethod", "resultDatatypeType")
        )
        percentile = any(PERCENTILE in text.rpartition("#")[2].casefold() for text in (method, kind))
        text = str(item.get("result") or "")
        yield percentile, text, _NUMBER(text)


def _number(document: Mapping[str, Any], *, percentile: bool) -> Any:
    found = (number for kind, _, number in _results(document) if kind == percentile and number is not WRONG)
    return next(found, None)


def _words(document: Mapping[str, Any]) -> str | None:
    said = [text for _, text, number in _results(document) if number is WRONG]
    known = inward("performanceLevel", "edfi")
    levels = (known(str(item.get("performanceLevelDescriptor"))) for item in objects(document, "performanceLevels"))
    return next((text.rpartition("#")[2] for text in (*said, *levels) if text), None)


def _day(document: Mapping[str, Any]) -> str | None:
    day = reading("date", textual=False)(document.get("administrationDate"))
    return None if day is WRONG else day


STUDENT_ASSESSMENTS = mapped("studentAssessments", "assessmentResult", (
    *_TEST, "studentAssessmentIdentifier", "studentReference.studentUniqueId",
), (
    split(("studentReference.studentUniqueId",), "student"),
    split(_TEST, "assessment"),
    same("studentAssessmentIdentifier", "identifier"),
    same("schoolYearTypeReference.schoolYear", "schoolYear", "integer"),
    coded("whenAssessedGradeLevelDescriptor", "gradeLevel", "gradeLevel"),
    split(("reportedSchoolReference.schoolId",), "school", ("integer",)),
    each("scoreResults", "scores", (
        coded("assessmentReportingMethodDescriptor", "method", "reportingMethod"),
        coded("resultDatatypeTypeDescriptor", "kind", "resultType"),
        same("result", "value"),
    )),
    each("performanceLevels", "levels", (
        coded("assessmentReportingMethodDescriptor", "method", "reportingMethod"),
        coded("performanceLevelDescriptor", "level", "performanceLevel"),
    )),
    read_only((), "date", _day),
    read_only((), "score", partial(_number, percentile=False)),
    read_only((), "percentile", partial(_number, percentile=True)),
    read_only((), "textScore", _words),
), otherwise=(Id("studentAssessmentIdentifier"),), needs=("assessmentReference",))  # fmt: skip
LENS, VIEW = STUDENT_ASSESSMENTS.lens, STUDENT_ASSESSMENTS.view
