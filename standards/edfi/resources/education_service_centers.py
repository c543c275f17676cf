"""Education service centers: organizations of the kind ``serviceCenter``."""

from __future__ import annotations

from standards.edfi.model.mapping import mapped
from standards.edfi.resources.institutions import institution, of_kind, parent

CENTERS = mapped("educationServiceCenters", "organization", ("educationServiceCenterId",), (
    *institution("educationServiceCenterId", "serviceCenter"),
    parent("stateEducationAgencyReference.stateEducationAgencyId"),
), where=of_kind("serviceCenter"))  # fmt: skip
LENS, VIEW = CENTERS.lens, CENTERS.view
