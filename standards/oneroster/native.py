"""Native members of OneRoster records: the open metadata of each class."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from standards.vocabulary import Field, entities

if TYPE_CHECKING:
    from collections.abc import Mapping

COLLECTIONS = {
    "organization": ("orgs",),
    "session": ("academicSessions",),
    "course": ("courses",),
    "section": ("classes",),
    "student": ("users", "demographics"),
    "staff": ("users",),
    "contact": ("users",),
    "placement": ("enrollments",),
    "teaching": ("enrollments",),
    "studentInvolvement": ("enrollments",),
    "staffInvolvement": ("enrollments",),
    "contactInvolvement": ("enrollments",),
    "resource": ("resources",),
    "gradebookCategory": ("categories",),
    "lineItem": ("lineItems",),
    "result": ("results",),
    "scoreScale": ("scoreScales",),
    "assessment": ("assessmentLineItems",),
    "assessmentResult": ("assessmentResults",),
}

PERSONAL = frozenset(
    {
        "student", "staff", "contact", "placement", "teaching", "studentInvolvement", "staffInvolvement",
        "contactInvolvement", "result", "assessmentResult",
    }
)  # fmt: skip
"""Those of a person, of whose metadata anything may carry the person's id; a member that is named alone is known."""


@cache
def remainder(entity: str) -> Mapping[str, Field]:
    """Return the metadata of the collections that show *entity*; each member is released by its own name."""
    names = (f"oneroster.{collection}.metadata" for collection in COLLECTIONS.get(entity, ()))
    capped = "deny" if entity in PERSONAL else ""
    sensitivity = entities()[entity].fields["id"].sensitivity
    return {name: Field(entity, name, "open", name, sensitivity, capped=capped) for name in names}
