"""Education service centers: organizations of the kind ``serviceCenter``."""

from __future__ import annotations

from standards.edfi.institutions import institution, of_kind, parent
from standards.edfi.mapping import mapped

CENTERS = mapped("educationServiceCenters", "organization", ("educationServiceCenterId",), (
    *institution("educationServiceCenterId", "serviceCenter"),
    parent("stateEducationAgencyReference.stateEducationAgencyId"),
), where=of_kind("serviceCenter"))  # fmt: skip
LENS, VIEW = CENTERS.lens, CENTERS.view
