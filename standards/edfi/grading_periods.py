"""Grading periods: the parts of a session, which the vocabulary also calls sessions."""

from __future__ import annotations

from standards.edfi.mapping import mapped
from standards.lens import coded, read_only, same, split

PERIODS = mapped("gradingPeriods", "session", (
    "schoolReference.schoolId", "schoolYearTypeReference.schoolYear", "gradingPeriodDescriptor", "gradingPeriodName",
), (
    same("gradingPeriodName", "name"),
    split(("schoolReference.schoolId",), "school", ("integer",)),
    same("schoolYearTypeReference.schoolYear", "schoolYear", "integer"),
    read_only((), "kind", lambda _document: "gradingPeriod"),
    coded("gradingPeriodDescriptor", "term", "term"),
    same("beginDate", "begin", "date"),
    same("endDate", "end", "date"),
    same("totalInstructionalDays", "instructionalDays", "integer"),
    same("periodSequence", "sequence", "integer"),
), where=(("kind", frozenset({"gradingPeriod"})),), prefix=("gp",))  # fmt: skip
LENS, VIEW = PERIODS.lens, PERIODS.view
