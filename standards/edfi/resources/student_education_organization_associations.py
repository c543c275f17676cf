"""Student education organization associations: demographics, addresses, telephones, e-mail, codes of a student."""

from __future__ import annotations

from standards.codes import outward
from standards.edfi.model.mapping import mapped
from standards.edfi.resources.lists import race_fields, races, races_shown
from standards.edfi.resources.people import ADDRESSES, EMAILS, PHONES, alone_mail, alone_phone, chosen
from standards.edfi.resources.state_codes import state_code
from standards.lenses.lens import coded, each, same, split
from standards.view import value

COLLECTION = "studentEducationOrganizationAssociations"

PROFILES = mapped(COLLECTION, "profile", (
    "educationOrganizationReference.educationOrganizationId", "studentReference.studentUniqueId",
), (
    split(("studentReference.studentUniqueId",), "student"),
    split(("educationOrganizationReference.educationOrganizationId",), "organization", ("integer",)),
    coded("sexDescriptor", "sex", "sex"),
    *races(),
    same("hispanicLatinoEthnicity", "ethnicity.hispanicOrLatino", "boolean"),
    ADDRESSES,
    EMAILS,
    PHONES,
    *chosen("Home/Personal"),
    each("studentIdentificationCodes", "identificationCodes", (
        same("studentIdentificationSystemDescriptor", "system"),
        same("assigningOrganizationIdentificationCode", "assigner"),
        same("identificationCode", "code"),
    )),
), nodes=(races_shown(),), otherwise=(
    alone_mail(),
    alone_mail("student.email"),
    alone_phone(),
    alone_phone("student.phone"),
    state_code(),
    value("sexDescriptor", "student.sex", form=outward("sex", "edfi")),
    value("hispanicLatinoEthnicity", "student.ethnicity.hispanicOrLatino", type="boolean"),
),
    extra=race_fields("profile", "student", COLLECTION))  # fmt: skip
LENS, VIEW = PROFILES.lens, PROFILES.view
