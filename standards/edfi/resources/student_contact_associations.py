"""Student contact associations: the relation of a contact to a student."""

from __future__ import annotations

from standards.codes import inward, outward
from standards.edfi.model.mapping import mapped
from standards.lenses.lens import coded, same, split
from standards.view import value


def _of_role(role: str) -> str | None:
    """Return the relation that a source names by its OneRoster role."""
    return outward("relation", "edfi")(inward("relation", "oneroster")(role))


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
), otherwise=(value("relationDescriptor", "role", form=_of_role),))  # fmt: skip
LENS, VIEW = GUARDIANSHIPS.lens, GUARDIANSHIPS.view
