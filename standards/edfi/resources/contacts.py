"""Contacts: parents, guardians and others who answer for a student."""

from __future__ import annotations

from standards.edfi.model.mapping import mapped
from standards.edfi.resources.people import ADDRESSES, EMAILS, NAMES, PHONES, alone_mail, alone_phone, chosen
from standards.lenses.lens import coded, same
from standards.view import Id

CONTACTS = mapped("contacts", "contact", ("contactUniqueId",), (
    same("contactUniqueId", "uniqueId"),
    *NAMES,
    same("loginId", "username"),
    coded("sexDescriptor", "sex", "sex"),
    ADDRESSES,
    EMAILS,
    PHONES,
    *chosen("Home/Personal"),
), nodes=(Id("contactUniqueId", unique=True),), otherwise=(alone_mail(), alone_phone()))  # fmt: skip
LENS, VIEW = CONTACTS.lens, CONTACTS.view
