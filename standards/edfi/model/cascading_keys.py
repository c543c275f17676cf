"""Cascading keys: resources whose natural key may change, by a change of their own or of a resource it refers to."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from standards.edfi.model.model import resources

if TYPE_CHECKING:
    from standards.edfi.model.model import Resource

CASCADING_KEYS: Final = frozenset(
    {
        "ClassPeriod",
        "Grade",
        "GradebookEntry",
        "Location",
        "Section",
        "Session",
        "StudentSchoolAssociation",
        "StudentSectionAssociation",
    }
)
"""The resources of which a client may change the key; an ODS cascades it to everything that refers to them."""


def following() -> frozenset[str]:
    """Return the resources whose key may change: `CASCADING_KEYS`, and those whose key refers to one of them."""
    return CASCADING_KEYS.union(*map(followers, CASCADING_KEYS))


@cache
def followers(name: str) -> frozenset[str]:
    """Return the resources whose key refers to the resource *name*, directly or through other keys."""
    found: set[str] = {name}
    while more := {other for other, one in resources().items() if other not in found and _refers(one, found)}:
        found |= more
    return frozenset(found - {name})


def _refers(resource: Resource, names: set[str]) -> bool:
    """Tell whether a part of the natural key of a *resource* is a reference to one of these *names*."""
    parts = (resource.properties.get(path.partition(".")[0]) for path in resource.identity)
    return any(part is not None and part.reference in names for part in parts)
