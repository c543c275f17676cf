"""Identification codes: the one list of a resource whose items can be filtered by their members, as in an ODS."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from standards.edfi.model.model import by_collection
from standards.query import Item

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

CODE = "identificationCode"


@cache
def members(collection: str) -> Mapping[str, str]:
    """Return the path of each member of an item, by its query parameter; none where a resource has no such list."""
    resource = by_collection(collection)
    properties = resource.properties.values() if resource else ()
    listed = next((one for one in properties if one.collection and CODE in one.properties), None)
    if listed is None:
        return {}
    simple = (inner for inner in listed.properties.values() if inner.type not in {"object", "array"})
    return {_parameter(inner.name, inner.descriptor): f"{listed.name}.{inner.name}" for inner in simple}


def item(wanted: Iterable[tuple[str, str]]) -> Item:
    """Make the condition that one item has all that is *wanted*: members by their paths, with their values."""
    pairs = [(*path.rpartition(".")[::2], value) for path, value in wanted]
    return Item(pairs[0][0], tuple((member, value) for _, member, value in pairs))


def _parameter(member: str, descriptor: str) -> str:
    """Return the query parameter of a member: for a descriptor its type."""
    return descriptor[0].lower() + descriptor[1:] if descriptor else member
