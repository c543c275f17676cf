"""Departments inside an organization: organizations of the kind ``department``."""

from __future__ import annotations

from standards.edfi.model.mapping import mapped
from standards.edfi.resources.institutions import institution, of_kind
from standards.lenses.lens import split

DEPARTMENTS = mapped("organizationDepartments", "organization", ("organizationDepartmentId",), (
    *institution("organizationDepartmentId", "department"),
    split(("parentEducationOrganizationReference.educationOrganizationId",), "parent", ("integer",)),
), where=of_kind("department"))  # fmt: skip
LENS, VIEW = DEPARTMENTS.lens, DEPARTMENTS.view
