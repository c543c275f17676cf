"""Students: the person's own names, birth and ids."""

from __future__ import annotations

from standards.edfi.model.mapping import mapped
from standards.edfi.resources.people import NAMES
from standards.lenses.lens import coded, same
from standards.view import Id

STUDENTS = mapped("students", "student", ("studentUniqueId",), (
    same("studentUniqueId", "uniqueId"),
    *NAMES,
    same("birthDate", "birthDate", "date"),
    coded("birthSexDescriptor", "birthSex", "sex"),
    same("birthCity", "birthCity"),
    coded("birthStateAbbreviationDescriptor", "birthState", "state"),
    coded("birthCountryDescriptor", "birthCountry", "country"),
), nodes=(Id("studentUniqueId", unique=True),))  # fmt: skip
LENS, VIEW = STUDENTS.lens, STUDENTS.view
