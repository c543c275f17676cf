"""Staff members."""

from __future__ import annotations

from standards.edfi.model.mapping import mapped
from standards.edfi.resources.lists import race_fields, races, races_shown
from standards.edfi.resources.people import ADDRESSES, EMAILS, NAMES, PHONES, alone_mail, alone_phone, chosen
from standards.lenses.lens import coded, each, same
from standards.view import Id

STAFF = mapped("staffs", "staff", ("staffUniqueId",), (
    same("staffUniqueId", "uniqueId"),
    *NAMES,
    same("loginId", "username"),
    same("birthDate", "birthDate", "date"),
    coded("sexDescriptor", "sex", "sex"),
    *races(),
    same("hispanicLatinoEthnicity", "ethnicity.hispanicOrLatino", "boolean"),
    ADDRESSES,
    EMAILS,
    PHONES,
    *chosen("Work", "Organization"),
    each("identificationCodes", "identificationCodes", (
        same("staffIdentificationSystemDescriptor", "system"),
        same("assigningOrganizationIdentificationCode", "assigner"),
        same("identificationCode", "code"),
    )),
), nodes=(
    Id("staffUniqueId", unique=True), races_shown(),
), otherwise=(alone_mail(), alone_phone()), extra=race_fields("staff", "staff", "staffs"))  # fmt: skip
LENS, VIEW = STAFF.lens, STAFF.view
