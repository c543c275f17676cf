"""What a contact is to a student."""

from __future__ import annotations

from standards.edfi.mapping import mapped
from standards.lens import coded, same, split

GUARDIANSHIPS = mapped("studentContactAssociations", "guardianship", (
    "contactReference.contactUniqueId", "studentReference.studentUniqueId",
), (
    split(("contactReference.contactUniqueId",), "contact"),
    split(("studentReference.studentUniqueId",), "student"),
    coded("relationDescriptor", "relation", "relation"),
    same("primaryContactStatus", "primary", "boolean"),
    same("emergencyContactStatus", "emergency", "boolean"),
    same("livesWith", "livesWith", "boolean"),
    same("legalGuardian", "legal", "boolean"),
    same("contactPriority", "priority", "integer"),
    same("contactRestrictions", "restrictions"),
))  # fmt: skip
LENS, VIEW = GUARDIANSHIPS.lens, GUARDIANSHIPS.view
