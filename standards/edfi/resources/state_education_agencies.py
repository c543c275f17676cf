"""State education agencies: organizations of the kind ``state``."""

from __future__ import annotations

from standards.edfi.model.mapping import mapped
from standards.edfi.resources.institutions import institution, of_kind

STATES = mapped("stateEducationAgencies", "organization", ("stateEducationAgencyId",), (
    *institution("stateEducationAgencyId", "state"),
), where=of_kind("state"))  # fmt: skip
LENS, VIEW = STATES.lens, STATES.view
