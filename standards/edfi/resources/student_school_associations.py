"""Student school associations: a student's enrollment in a school."""

from __future__ import annotations

from standards.edfi.model.mapping import mapped
from standards.lenses.lens import coded, same, split
from standards.view import Once, value

ENROLLMENTS = mapped("studentSchoolAssociations", "enrollment", (
    "entryDate", "schoolReference.schoolId", "studentReference.studentUniqueId",
), (
    split(("studentReference.studentUniqueId",), "student"),
    split(("schoolReference.schoolId",), "school", ("integer",)),
    same("entryDate", "entry", "date"),
    same("exitWithdrawDate", "exit", "date"),
    coded("entryGradeLevelDescriptor", "grade", "gradeLevel"),
    coded("entryTypeDescriptor", "entryKind", "entryType"),
    coded("exitWithdrawTypeDescriptor", "exitKind", "exitType"),
    same("schoolYearTypeReference.schoolYear", "schoolYear", "integer"),
    same("primarySchool", "primary", "boolean"),
), nodes=(
    value("entryDate", "entry", "derivedEntry", type="date"),
), once=Once(("student", "school"), ("entryDate",), "exitWithdrawDate"))  # fmt: skip
LENS, VIEW = ENROLLMENTS.lens, ENROLLMENTS.view
