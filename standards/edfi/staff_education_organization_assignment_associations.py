"""A staff member's assignment to an organization."""

from __future__ import annotations

from standards.edfi.mapping import mapped
from standards.lens import coded, same, split

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
))  # fmt: skip
LENS, VIEW = ASSIGNMENTS.lens, ASSIGNMENTS.view
