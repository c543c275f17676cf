"""What OneRoster records carry beyond the model: the open metadata of each class."""

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


@cache
def remainder(entity: str) -> Mapping[str, Field]:
    """The metadata of the collections that show *entity*; each member of it is released by its own name."""
    names = (f"oneroster.{collection}.metadata" for collection in COLLECTIONS.get(entity, ()))
    return {name: Field(entity, name, "open", name, entities()[entity].fields["id"].sensitivity) for name in names}
