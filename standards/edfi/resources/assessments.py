"""Assessments: tests, whoever takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from standards.edfi.model.mapping import mapped
from standards.edfi.model.references import TARGETS, key_in
from standards.edfi.resources.lists import codes_in, objects
from standards.lenses.lens import coded, read_only, same
from standards.view import Const, Id

if TYPE_CHECKING:
    from collections.abc import Mapping


def _section(document: Mapping[str, Any]) -> tuple[str, ...] | None:
    """Return the class an assessment is given in, where it is given in one only."""
    found = objects(document, "sections")
    return key_in(found[0], "sectionReference", TARGETS["Section"].members) if len(found) == 1 else None


ASSESSMENTS = mapped("assessments", "assessment", ("assessmentIdentifier", "namespace"), (
    same("assessmentIdentifier", "identifier"),
    same("assessmentTitle", "title"),
    coded("assessmentCategoryDescriptor", "category", "assessmentCategory"),
    codes_in("academicSubjects", "academicSubjectDescriptor", "subjects", "subject"),
    codes_in("assessedGradeLevels", "gradeLevelDescriptor", "grades", "gradeLevel"),
    same("assessmentVersion", "version", "integer"),
    same("maxRawScore", "maximum", "number"),
    read_only((), "section", _section),
), otherwise=[
    node for node in TARGETS["Assessment"].nodes if isinstance(node, Const | Id)
])  # fmt: skip
LENS, VIEW = ASSESSMENTS.lens, ASSESSMENTS.view
