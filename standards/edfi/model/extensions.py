"""Extensions: members that a state or a district adds to the standard's resources, below ``_ext`` by namespace.

A namespace is one fact, released as a whole by its own name (``edfi.students._ext.TPDM``). Where it names people or
records that may be hidden, those of its members are left out, since nothing defines how to hide them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from standards.edfi.model.members import MappedMembers, MemberSite, points, scalar, whole
from standards.edfi.model.model import EXTENSIONS, by_collection
from standards.lenses.lens import Lens
from standards.view import Object, View

if TYPE_CHECKING:
    from standards.edfi.model.model import Property


def members(collection: str, entity: str) -> MappedMembers:
    """Make the fields, pairs and nodes for a collection's members below ``_ext``."""
    resource = by_collection(collection)
    known = resource.properties.get(EXTENSIONS) if resource else None
    mapped = not entity.startswith("edfi.")
    release = f"edfi.{collection.replace('/', '.')}"
    site = MemberSite(entity, release, f"{release}." if mapped else "", "", "sensitive")
    made = MappedMembers()
    for namespace in known.properties.values() if known else ():
        inner = _namespace(namespace, site)
        inner.nodes = [Object(namespace.name, tuple(inner.nodes))] if points(namespace.properties) else inner.nodes
        made.add(inner)
    made.nodes = [Object(EXTENSIONS, tuple(made.nodes))] if made.nodes else []
    return made


def grown(thing: Lens | View) -> Lens | View:
    """Add the members below ``_ext`` to a lens or a view of the standard."""
    if isinstance(thing, Lens):
        made = members(thing.local, thing.entity) if thing.dialect == "edfi" else MappedMembers()
        return replace(thing, pairs=(*thing.pairs, *made.pairs)) if made.pairs else thing
    made = members(thing.name, thing.branches[0].entity) if thing.api == "edfi" else MappedMembers()
    if not made.nodes:
        return thing
    first, *others = thing.branches
    return replace(thing, branches=(replace(first, nodes=(*first.nodes, *made.nodes)), *others))


def _namespace(namespace: Property, site: MemberSite) -> MappedMembers:
    path = f"{EXTENSIONS}.{namespace.name}"
    if not points(namespace.properties):
        return whole(namespace, path, site)
    made = MappedMembers()
    for leaf in namespace.properties.values():
        if not points({leaf.name: leaf}):
            made.add((whole if leaf.type in {"object", "array"} else scalar)(leaf, f"{path}.{leaf.name}", site))
    return made
