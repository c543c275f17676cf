"""Student gradebook entries: what one student got for one piece of work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from standards.edfi.model.mapping import mapped
from standards.edfi.model.references import TARGETS
from standards.lenses.lens import coded, read_only, same, split

if TYPE_CHECKING:
    from collections.abc import Mapping

LATE = {"late": True, "not late": False, "on time": False}
MISSING = {"missing": True, "not submitted": True}
_ENTRY = [f"gradebookEntryReference.{member}" for member in TARGETS["GradebookEntry"].members]


def _word(document: Mapping[str, Any], member: str) -> str:
    return str(document.get(member) or "").rpartition("#")[2].casefold()


RESULTS = mapped("studentGradebookEntries", "result", (*_ENTRY, "studentReference.studentUniqueId"), (
    split(("studentReference.studentUniqueId",), "student"),
    split(_ENTRY, "lineItem"),
    coded("submissionStatusDescriptor", "status", "scoreStatus"),
    same("pointsEarned", "score", "number"),
    same("numericGradeEarned", "grade", "number"),
    same("letterGradeEarned", "textScore"),
    same("dateFulfilled", "date", "date"),
    same("diagnosticStatement", "comment"),
    read_only((), "late", lambda document: LATE.get(_word(document, "assignmentLateStatusDescriptor"))),
    read_only((), "missing", lambda document: MISSING.get(_word(document, "submissionStatusDescriptor"))),
), needs=("gradebookEntryReference",))  # fmt: skip
LENS, VIEW = RESULTS.lens, RESULTS.view
