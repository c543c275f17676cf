"""Targets of native references: what records of an Ed-Fi resource may refer to beyond the vocabulary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standards import registry
from standards.edfi.model.model import by_collection, resources

if TYPE_CHECKING:
    from collections.abc import Iterator

    from standards.edfi.model.model import Property
    from standards.view import View

SESSION, OF_SCHOOL = "session", "schoolSession"
"""The entities that a source keeps once for all schools, and the entity of each school's own copy."""


def native_targets(view: View) -> frozenset[str]:
    """Return the native entities that records of an Ed-Fi *view* may refer to."""
    if view.api != "edfi":
        return frozenset()
    return frozenset(entity for known in all_properties(view.name) if (entity := native_entity(known)))


def native_entity(known: Property) -> str:
    """Return the native entity that a member refers to; empty where it refers to none."""
    target = resources().get(known.reference)
    if target is None:
        return ""
    entity = registry.lens("edfi", target.collection).entity
    return entity if entity.startswith("edfi.") else ""


def all_properties(collection: str) -> Iterator[Property]:
    """Yield every member of an Ed-Fi resource, at any depth."""
    resource = by_collection(collection)
    waiting = list(resource.properties.values()) if resource else []
    while waiting:
        known = waiting.pop(0)
        yield known
        waiting += known.properties.values()
