"""Courses of an organization's catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from standards.codes import inward, table
from standards.edfi.model.mapping import mapped
from standards.edfi.resources.lists import codes_in
from standards.lenses.lens import read_only, same, split
from standards.view import value

if TYPE_CHECKING:
    from collections.abc import Mapping


SYSTEM = "uri://ed-fi.org/CourseIdentificationSystemDescriptor#LEA course code"


def _own_code(code: str) -> list[dict[str, str]]:
    """Return the code of a course as the code that its district gave it."""
    return [{"courseIdentificationSystemDescriptor": SYSTEM, "identificationCode": code}]


def _sced(document: Mapping[str, Any]) -> list[str] | None:
    """Return for each subject its code in the School Courses for the Exchange of Data; None where one has none."""
    known = inward("subject", "edfi")
    codes = {row["value"]: row["sced"] for row in table("subject").rows}
    found = document.get("academicSubjects")
    items = [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []
    told = [codes.get(known(str(item.get("academicSubjectDescriptor"))), "") for item in items]
    return told if told and all(told) else None


COURSES = mapped("courses", "course", ("courseCode", "educationOrganizationReference.educationOrganizationId"), (
    same("courseCode", "code"),
    same("courseTitle", "title"),
    same("courseDescription", "description"),
    split(("educationOrganizationReference.educationOrganizationId",), "organization", ("integer",)),
    codes_in("academicSubjects", "academicSubjectDescriptor", "subjects", "subject"),
    codes_in("offeredGradeLevels", "gradeLevelDescriptor", "grades", "gradeLevel"),
    read_only((), "subjectCodes", _sced),
), nodes=(
    value("courseCode", "derivedCode", "code"),
), otherwise=(
    value("identificationCodes", "code", form=_own_code),
))  # fmt: skip
LENS, VIEW = COURSES.lens, COURSES.view
