"""Staff assignments: a staff member's work at an organization."""

from __future__ import annotations

from standards.codes import inward, outward
from standards.edfi.model.mapping import mapped
from standards.lenses.lens import coded, same, split
from standards.view import Once, value


def _of_role(role: str) -> str | None:
    """Return the classification that a source names by its OneRoster role."""
    return outward("staffClassification", "edfi")(inward("staffClassification", "oneroster")(role))


ASSIGNMENTS = mapped("staffEducationOrganizationAssignmentAssociations", "employment", (
    "beginDate", "educationOrganizationReference.educationOrganizationId", "staffClassificationDescriptor",
    "staffReference.staffUniqueId",
), (
    split(("staffReference.staffUniqueId",), "staff"),
    split(("educationOrganizationReference.educationOrganizationId",), "organization", ("integer",)),
    coded("staffClassificationDescriptor", "classification", "staffClassification"),
    same("positionTitle", "title"),
    same("beginDate", "begin", "date"),
    same("endDate", "end", "date"),
), nodes=(
    value("beginDate", "begin", "derivedBegin", type="date"),
), otherwise=(
    value("staffClassificationDescriptor", "role", form=_of_role),
), once=Once(("staff", "organization"), ("beginDate", "staffClassificationDescriptor"), "endDate"))  # fmt: skip
LENS, VIEW = ASSIGNMENTS.lens, ASSIGNMENTS.view
