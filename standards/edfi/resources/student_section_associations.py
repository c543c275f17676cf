"""Student section associations: a student's place in a section."""

from __future__ import annotations

from standards.edfi.model.mapping import mapped
from standards.edfi.model.references import TARGETS
from standards.lenses.lens import same, split
from standards.view import Once, value

_SECTION = [f"sectionReference.{member}" for member in TARGETS["Section"].members]

PLACEMENTS = mapped("studentSectionAssociations", "placement", (
    "beginDate", *_SECTION, "studentReference.studentUniqueId",
), (
    split(("studentReference.studentUniqueId",), "student"),
    split(_SECTION, "section", ("text", "integer", "integer", "text", "text")),
    same("beginDate", "begin", "date"),
    same("endDate", "end", "date"),
    same("homeroomIndicator", "homeroom", "boolean"),
), nodes=(
    value("beginDate", "begin", "derivedBegin", type="date"),
), once=Once(("student", "section"), ("beginDate",), "endDate"))  # fmt: skip
LENS, VIEW = PLACEMENTS.lens, PLACEMENTS.view
