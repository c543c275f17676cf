"""Schools: organizations of the kind ``school``."""

from __future__ import annotations

from standards.codes import outward
from standards.edfi.model.mapping import mapped
from standards.edfi.resources.institutions import institution, of_kind
from standards.edfi.resources.lists import codes_in
from standards.lenses.lens import split
from standards.view import Children, Const, List, value

CATEGORY = "uri://ed-fi.org/EducationOrganizationCategoryDescriptor#School"

SCHOOLS = mapped("schools", "organization", ("schoolId",), (
    *institution("schoolId", "school"),
    split(("localEducationAgencyReference.localEducationAgencyId",), "parent", ("integer",)),
    codes_in("gradeLevels", "gradeLevelDescriptor", "gradesOffered", "gradeLevel"),
), otherwise=(
    Const("educationOrganizationCategories", [{"educationOrganizationCategoryDescriptor": CATEGORY}]),
    List("gradeLevels", (Children("enrollment", "school"),), (
        value("gradeLevelDescriptor", "grade", form=outward("gradeLevel", "edfi")),
    ), distinct=True),
), where=of_kind("school"))  # fmt: skip
LENS, VIEW = SCHOOLS.lens, SCHOOLS.view
