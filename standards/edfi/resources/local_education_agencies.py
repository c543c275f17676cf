"""Local education agencies: organizations of the kind ``district``."""

from __future__ import annotations

from standards.edfi.model.mapping import mapped
from standards.edfi.resources.institutions import institution, of_kind, parent
from standards.view import Const

CATEGORY = "uri://ed-fi.org/EducationOrganizationCategoryDescriptor#Local Education Agency"

AGENCIES = mapped("localEducationAgencies", "organization", ("localEducationAgencyId",), (
    *institution("localEducationAgencyId", "district"),
    parent(
        "parentLocalEducationAgencyReference.localEducationAgencyId",
        "educationServiceCenterReference.educationServiceCenterId",
        "stateEducationAgencyReference.stateEducationAgencyId",
    ),
), otherwise=(
    Const("categories", [{"educationOrganizationCategoryDescriptor": CATEGORY}]),
), where=of_kind("district"))  # fmt: skip
LENS, VIEW = AGENCIES.lens, AGENCIES.view
