"""Schools: organizations of the kind ``school``."""

from __future__ import annotations

from standards.codes import outward
from standards.edfi.institutions import institution, of_kind
from standards.edfi.lists import codes_in
from standards.edfi.mapping import mapped
from standards.lens import split
from standards.view import Const, Kids, Many, v

CATEGORY = "uri://ed-fi.org/EducationOrganizationCategoryDescriptor#School"

SCHOOLS = mapped("schools", "organization", ("schoolId",), (
    *institution("schoolId", "school"),
    split(("localEducationAgencyReference.localEducationAgencyId",), "parent", ("integer",)),
    codes_in("gradeLevels", "gradeLevelDescriptor", "gradesOffered", "gradeLevel"),
), otherwise=(
    Const("educationOrganizationCategories", [{"educationOrganizationCategoryDescriptor": CATEGORY}]),
    Many("gradeLevels", (Kids("enrollment", "school"),), (
        v("gradeLevelDescriptor", "grade", form=outward("gradeLevel", "edfi")),
    ), distinct=True),
), where=of_kind("school"))  # fmt: skip
LENS, VIEW = SCHOOLS.lens, SCHOOLS.view
