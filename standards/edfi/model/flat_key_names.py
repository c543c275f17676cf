"""Flat key names: the names of a natural key's members outside the document, where no reference holds them.

Filters, change feeds, the documents of the API, adapters and simulators all use these names.
"""

from __future__ import annotations

from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from standards.edfi.model.model import by_collection, resources

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from standards.edfi.model.model import Property, Resource

# References mean any enrolment in a program by the name of what all of them are.
ENROLLED, NAMED_AS = "GeneralStudentProgramAssociation", "StudentProgramAssociation"


@cache
def flat_key_names(collection: str) -> Mapping[str, str]:
    """Return the flat name of each member of a resource's natural key, by path; those that must agree share one."""
    resource = by_collection(collection)
    assert resource is not None
    return flattened(resource, _referred().get(resource.name, frozenset()))


def referred_keys(known: Mapping[str, Resource]) -> Mapping[str, frozenset[str]]:
    """Return the members of the references to each of the resources that are *known*."""
    found: dict[str, frozenset[str]] = {}
    for resource in known.values():
        for one in _references(resource.properties):
            found[one.reference] = frozenset(one.properties)
    if ENROLLED in found:
        found[NAMED_AS] = found[ENROLLED]
    return MappingProxyType(found)


def flattened(resource: Resource, told: Collection[str] = ()) -> Mapping[str, str]:
    """Return the flat name of every member of a key, by its path; *told* are the members of references to the resource.

    Without those a member goes by its own name, behind its reference's role; where another has that name already, by
    the name of its reference.
    """
    names: dict[str, str] = {}
    agreeing = {frozenset(pair) for pair in resource.equality}
    for path in resource.identity:
        whole, plain, leaf = choices(resource, path)
        if told:
            names[path] = next((name for name in (whole, plain) if name in told), leaf)
        else:
            held = next((other for other, name in names.items() if name == plain), path)
            names[path] = plain if held == path or frozenset((held, path)) in agreeing else whole
    return MappingProxyType(names)


def choices(resource: Resource, path: str) -> tuple[str, str, str]:
    """Return the possible names of a member: by its whole reference, behind the reference's role, by its own name."""
    head, _, leaf = path.rpartition(".")
    if not head:
        return leaf, leaf, leaf
    whole, tail = head.removesuffix("Reference"), leaf[0].upper() + leaf[1:]
    target = resource.properties[head].reference
    role = "" if whole.lower() == target.lower() else whole.removesuffix(target)
    return (role or whole) + tail, leaf if leaf.lower().startswith(role.lower()) else role + tail, leaf


@cache
def _referred() -> Mapping[str, frozenset[str]]:
    return referred_keys(resources())


def _references(properties: Mapping[str, Property]) -> Iterator[Property]:
    for known in properties.values():
        if known.reference:
            yield known
        else:
            yield from _references(known.properties)
