"""Grading periods: the parts of a session, which the vocabulary also calls sessions."""

from __future__ import annotations

from standards.edfi.model.mapping import STAMPS, mapped
from standards.edfi.model.term_titles import period_of
from standards.edfi.resources.school_sessions import FACTS, PERIOD_KEY, of_schools
from standards.lenses.lens import coded, read_only, same, split
from standards.view import Branch, Id, value

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
), nodes=(
    value("gradingPeriodDescriptor", "term", form=period_of),
    value("gradingPeriodName", "derivedName", "name"),
), where=(("kind", frozenset({"gradingPeriod"})),), prefix=("gp",))  # fmt: skip
OF_SCHOOL = Branch("schoolSession", (
    Id("id"),
    *FACTS,
    *(node for node in PERIOD_KEY if node.name in {"gradingPeriodDescriptor", "gradingPeriodName"}),
    *STAMPS,
), where=(("kind", frozenset({"gradingPeriod"})),), requires=("school",))  # fmt: skip
LENS = PERIODS.lens
VIEW = of_schools(PERIODS.view, OF_SCHOOL)
