"""State education agencies: organizations of the kind ``state``."""

from __future__ import annotations

from standards.edfi.institutions import institution, of_kind
from standards.edfi.mapping import mapped

STATES = mapped("stateEducationAgencies", "organization", ("stateEducationAgencyId",), (
    *institution("stateEducationAgencyId", "state"),
), where=of_kind("state"))  # fmt: skip
LENS, VIEW = STATES.lens, STATES.view
