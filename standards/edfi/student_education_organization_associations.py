"""What an organization knows of a student: demographics, addresses, telephones, e-mail, codes."""

from __future__ import annotations

from standards.edfi.lists import race_fields, races, races_shown
from standards.edfi.mapping import mapped
from standards.edfi.people import ADDRESSES, EMAILS, PHONES, alone_mail, alone_phone, chosen
from standards.lens import coded, each, same, split

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
), nodes=(races_shown(),), otherwise=(alone_mail(), alone_phone()),
    extra=race_fields("profile", "student", COLLECTION))  # fmt: skip
LENS, VIEW = PROFILES.lens, PROFILES.view
