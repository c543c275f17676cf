"""Schools: organizations of the kind ``school``."""

from __future__ import annotations

from standards.edfi.institutions import institution, of_kind
from standards.edfi.lists import codes_in
from standards.edfi.mapping import mapped
from standards.lens import split

SCHOOLS = mapped("schools", "organization", ("schoolId",), (
    *institution("schoolId", "school"),
    split(("localEducationAgencyReference.localEducationAgencyId",), "parent", ("integer",)),
    codes_in("gradeLevels", "gradeLevelDescriptor", "gradesOffered", "gradeLevel"),
), where=of_kind("school"))  # fmt: skip
LENS, VIEW = SCHOOLS.lens, SCHOOLS.view
