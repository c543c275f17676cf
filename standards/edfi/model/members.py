"""Native members of the Ed-Fi model, which have no vocabulary name: their fields, reading and display.

A person's unique id is never kept as a value: such a member becomes a reference to that person, so that it is shown as
the consumer may see the person, or not at all.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from standards import vocabulary
from standards.codes import descriptor
from standards.edfi.model.facts import fact, parted, tells, told
from standards.edfi.model.references import TARGETS, organization_of, person
from standards.lenses.lens import each, read_only, same, split
from standards.view import Id, Items, List, Object, Reference, Value
from standards.vocabulary import Field

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from standards.edfi.model.model import Property
    from standards.edfi.model.references import Target
    from standards.lenses.lens import Pair
    from standards.view import Node

KINDS = {"integer": "integer", "number": "number", "boolean": "boolean"}
FORMATS = {"date": "date", "date-time": "datetime", "time": "time"}
CAPPED = {
    "personId": "hash",
    "studentAssessmentIdentifier": "hash",
    "disciplineActionIdentifier": "hash",
    "restraintEventIdentifier": "hash",
    "surveyResponseIdentifier": "hash",
    "identificationDocuments": "deny",
    "personalIdentificationDocuments": "deny",
}
"""The members of the model that number a person, or a record about one: those that the vocabulary has no name for."""

COMPARED = {"integer", "number", "boolean", "date", "datetime"}


@dataclass(frozen=True, slots=True)
class MemberSite:
    """The place where members stand.

    *release* begins the names by which agreements release what is no fact of the vocabulary, *prefix* the names members
    have in a record; *group* is the group whose items they are in, as fields of the entity name it.
    """

    entity: str
    release: str
    prefix: str = ""
    group: str = ""
    sensitivity: str = "education"

    def field(self, name: str, kind: str, release: str, **facts: Any) -> Field:
        """Make a field of the entity at this site, released as the fact it states, or else by its own name.

        One that *tells* facts of another record has a name below the fact that it states.
        """
        own, last = f"{self.release}.{release}", release.rpartition(".")[2]
        stated = fact(own)
        sensitivity = vocabulary.names()[stated].sensitivity if stated else self.sensitivity
        place, below = self.group + self.prefix + name, f".{last}" if facts.get("tells") else ""
        name = f"{stated}{below}" if stated else own
        return Field(self.entity, place, kind, name, sensitivity, capped=CAPPED.get(last, ""), **facts)

    def inside(self, collection: str) -> MemberSite:
        """Return the site of the items of a *collection* that stands here."""
        group = f"{self.group}{self.prefix}{collection}."
        return replace(self, release=f"{self.release}.{collection}", prefix="", group=group)


@dataclass(slots=True)
class MappedMembers:
    """The mapping of some members: fields of the entity, pairs of the lens, nodes of the view."""

    fields: list[Field] = field(default_factory=list)
    pairs: list[Pair] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    persons: list[str] = field(default_factory=list)

    def add(self, other: MappedMembers) -> None:
        """Append the mapping of further members."""
        self.fields += other.fields
        self.pairs += other.pairs
        self.nodes += other.nodes
        self.persons += other.persons


def members(properties: Iterable[Property], site: MemberSite) -> MappedMembers:
    """Make fields, pairs and nodes for *properties*, in their order."""
    made = MappedMembers()
    for known in properties:
        made.add(member(known, site))
    return made


def member(known: Property, site: MemberSite) -> MappedMembers:
    """Make fields, pairs and nodes for one member of a resource or of an item."""
    split = parted(f"{site.release}.{known.name}") or bool(tells(known.properties.values()))
    if known.collection:
        return _group(known, site) if split or points(known.properties) else whole(known, known.name, site)
    if known.reference:
        return _reference(known, site)
    if known.type == "object":
        return _object(known, site) if split else whole(known, known.name, site)
    return scalar(known, known.name, site)


def points(properties: Mapping[str, Property]) -> bool:
    """Tell whether *properties* anywhere name a person or another record that the consumer may not see."""
    return any(
        person(name) or inner.reference in TARGETS or points(inner.properties) for name, inner in properties.items()
    )


def kind_of(known: Property) -> str:
    """Return the vocabulary's type for a scalar of the model."""
    return FORMATS.get(known.format) or KINDS.get(known.type, "text")


def shown(name: str, source: str, kind: str) -> Value:
    """Show a value of a vocabulary type as a member."""
    return Value(name, (source,), None, kind if kind in COMPARED else "text")


def said(known: Property, source: str, kind: str) -> Value:
    """Show a value as the member *known*: never a bare text where the URI of a descriptor must stand."""
    made = shown(known.name, source, kind)
    return replace(made, form=descriptor(known.descriptor)) if known.descriptor else made


def scalar(known: Property, path: str, site: MemberSite, target: str = "") -> MappedMembers:
    """Map a single value at *path*, or in a reference to *target*; it leaves only with the facts that it reveals."""
    kind, name = kind_of(known), site.prefix + path
    kept = site.field(path, kind, path, tells=told(target, known.name))
    return MappedMembers([kept], [same(path, name, kind)], [said(known, name, kind)])


def whole(known: Property, path: str, site: MemberSite) -> MappedMembers:
    """Map a collection or an object at *path* that names nobody: the JSON value as it is."""
    name, kept = site.prefix + path, site.field(path, "json", path, tells=tells((known,)))
    return MappedMembers([kept], [same(path, name, "json")], [Value(known.name, (name,))])


def _object(known: Property, site: MemberSite) -> MappedMembers:
    """Map an object whose members are different facts, which are released one by one."""
    made = MappedMembers()
    for leaf in known.properties.values():
        tell = whole if leaf.type in {"object", "array"} else scalar
        made.add(tell(leaf, f"{known.name}.{leaf.name}", site))
    made.nodes = [Object(known.name, tuple(made.nodes))]
    return made


def _group(known: Property, site: MemberSite) -> MappedMembers:
    """Map a collection whose items hold several facts, or name people and records, with which they are hidden."""
    name, inner = site.prefix + known.name, members(known.properties.values(), site.inside(known.name))
    listed = List(known.name, (Items(name, tuple(inner.persons)),), tuple(inner.nodes))
    return MappedMembers(
        [site.field(known.name, "group", known.name, many=True), *inner.fields],
        [each(known.name, name, inner.pairs)],
        [listed],
    )


def _reference(known: Property, site: MemberSite) -> MappedMembers:
    """Map a reference: its members one by one, people as references, and a guard where its target may be hidden."""
    target = TARGETS.get(known.reference)
    if target and [person(name) for name in known.properties] == [target.entity]:
        return _person(known, next(iter(known.properties.values())), site, link=target.link(known.reference))
    made, guard = MappedMembers(), f"{site.prefix}{known.name}@"
    for leaf in known.properties.values():
        path = f"{known.name}.{leaf.name}"
        made.add(_person(known, leaf, site) if person(leaf.name) else scalar(leaf, path, site, known.reference))
    nodes = [Reference("", guard, own), *made.nodes] if target and (own := _own(target, known)) else list(made.nodes)
    decides = target or organization_of(known.properties)
    if decides:
        owner = any(leaf.identity for leaf in known.properties.values()) and not site.group
        facts = {"to": decides.entity, "owner": owner, "lenient": True}
        made.fields.append(site.field(f"{known.name}@", "ref", known.name, **facts))
        made.pairs.append(_guard(known, guard, decides))
    if target and (link := target.link(known.reference)):
        nodes.append(Reference("", guard, link))
    made.nodes = [Object(known.name, tuple(nodes), guard if decides else "")]
    return made


def _own(target: Target, known: Property) -> tuple[Node, ...]:
    """Show the members of a reference from the fields of its target, or of what decides on the reference."""
    return tuple(
        node
        for node in target.nodes
        if node.name in known.properties
        and isinstance(node, Value)
        and all(_near(target.entity, source) for source in node.sources)
    )


def _near(entity: str, source: str) -> bool:
    """Tell whether *source* is a field of *entity*, or of what owns it."""
    fields, (head, _, rest) = vocabulary.entities()[entity].fields, source.partition(".")
    if source in fields or head == "edfi":
        return True
    return head in fields and fields[head].owner and _near(fields[head].to, rest)


def _person(known: Property, leaf: Property, site: MemberSite, link: tuple[Node, ...] | None = None) -> MappedMembers:
    """Map somebody's unique id inside the reference *known*; with *link* the reference is nothing else."""
    path, to = f"{known.name}.{leaf.name}", person(leaf.name)
    name = site.prefix + path
    owner = not site.group and (leaf.identity or (to == "student" and known.required))
    hop = Reference("" if link is None else known.name, name, (Id(leaf.name, unique=True), *(link or ())))
    return MappedMembers([site.field(path, "ref", path, to=to, owner=owner)], [split((path,), name)], [hop], [name])


def _guard(known: Property, name: str, target: Target) -> Pair:
    paths = tuple(f"{known.name}.{leaf}" for leaf in target.members)

    def key(document: Mapping[str, Any]) -> tuple[str, ...] | None:
        inner = document.get(known.name)
        parts = [inner.get(leaf) if isinstance(inner, dict) else None for leaf in target.members]
        return None if None in parts else (*target.prefix, *map(str, parts))

    return read_only(paths, name, key)
