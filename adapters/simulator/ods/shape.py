"""What the model facts say between the lines: whom a reference can mean, and what a key is called when it is flat."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from standards.edfi import model

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from standards.edfi.model import Property, Resource

    Document = dict[str, Any]
    Key = tuple[Any, ...]

# The abstract resources, and the member (of the resources that are one) by which each of them is known.
ORGANIZATION: Final = "EducationOrganization"
ENROLLED: Final = "GeneralStudentProgramAssociation"
NAMED_AS: Final = "StudentProgramAssociation"
# Those whose keys the database lets change, with everything that refers to them.
KEY_CHANGES: Final = frozenset({
    "ClassPeriod", "CourseOffering", "GradebookEntry", "Grade", "Location", "Section", "Session",
    "StudentSchoolAssociation", "StudentSectionAssociation", "StudentSectionAttendanceEvent",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """A reference or a descriptor value at one place of a document: in *owner*, under *name*; *path* for messages."""

    known: Property
    owner: Document
    name: str
    path: str


class Shape:
    """The resources of one system: those of the standard, and those that *more* adds to it."""

    def __init__(self, more: Mapping[str, Resource] | None = None) -> None:
        self.resources: Mapping[str, Resource] = {**model.resources(), **(more or {})}
        self._by_endpoint = {resource.endpoint.lower(): resource for resource in self.resources.values()}
        self._flat: dict[str, Mapping[str, str]] = {}

    def find(self, schema: str, collection: str) -> Resource | None:
        """The resource at an address, in any case."""
        return self._by_endpoint.get(f"/{schema}/{collection}".lower())

    def names(self, resource: Resource) -> tuple[str, ...]:
        """The names by which references mean documents of *resource*: its own, and what it is an instance of."""
        return (resource.name, *self._abstract.get(resource.name, ()))

    def key(self, resource: Resource, document: Mapping[str, Any]) -> Key:
        """What tells *document* from every other of its resource; descriptors in any case."""
        values = model.natural_key(resource, document)
        return tuple(
            str(value).lower() if resource.is_descriptor or path.endswith("Descriptor") else value
            for path, value in zip(resource.identity, values, strict=True)
        )

    def identities(self, resource: Resource, document: Mapping[str, Any]) -> Iterator[tuple[str, Key]]:
        """Every name and key by which *document* can be referred to; its own first."""
        key = self.key(resource, document)
        yield resource.name, key
        if resource.is_descriptor:
            yield resource.name, (uri(document).lower(),)
        for name in self._abstract.get(resource.name, ()):
            yield name, key

    def meant(self, place: Place) -> tuple[str, Key]:
        """The name and the key of what is referred to at *place*."""
        value = place.owner[place.name]
        if place.known.descriptor:
            return place.known.descriptor, (str(value).lower(),)
        target = place.known.reference
        if target == ORGANIZATION:
            return target, (value.get("educationOrganizationId"),)
        members = {path: member for member, path in self.flat(self._concrete(target), tuple(value)).items()}
        resource = self._concrete(target)
        return target, tuple(
            _folded(path, value.get(members.get(path, path.rpartition(".")[2]))) for path in resource.identity
        )

    def places(self, resource: Resource, document: Document) -> Iterator[Place]:
        """Every reference and every descriptor value of *document*."""
        return _places(resource.properties, document, "$")

    def flat(self, resource: Resource, members: tuple[str, ...] = ()) -> Mapping[str, str]:
        """The key of *resource* as a flat object has it: the path that each member stands for."""
        known = self._members.get(resource.name) or frozenset(members)
        if resource.name not in self._flat:
            self._flat[resource.name] = _flattened(resource, known)
        return self._flat[resource.name]

    def key_values(self, resource: Resource, document: Mapping[str, Any]) -> Document:
        """The natural key of *document* as a flat object."""
        values = dict(zip(resource.identity, model.natural_key(resource, document), strict=True))
        return {member: values[path] for member, path in self.flat(resource).items()}

    def _concrete(self, name: str) -> Resource:
        return self.resources[NAMED_AS if name == ENROLLED else name]

    @cached_property
    def _abstract(self) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        enrolled = set(self.resources[NAMED_AS].identity)
        for resource in self.resources.values():
            if "nameOfInstitution" in resource.properties:
                found[resource.name] = (ORGANIZATION,)
            elif set(resource.identity) == enrolled:
                found[resource.name] = (ENROLLED,)
        return found

    @cached_property
    def _members(self) -> Mapping[str, frozenset[str]]:
        """The members of the references to each resource."""
        found: dict[str, frozenset[str]] = {}
        for resource in self.resources.values():
            for known in _references(resource.properties):
                found[known.reference] = frozenset(known.properties)
        if ENROLLED in found:
            found[NAMED_AS] = found[ENROLLED]
        return found


def uri(descriptor: Mapping[str, Any]) -> str:
    """The value by which documents mean a *descriptor*."""
    return f"{descriptor.get('namespace')}#{descriptor.get('codeValue')}"


def capital(text: str) -> str:
    """*text* with its first letter a capital."""
    return text[:1].upper() + text[1:]


def _folded(path: str, value: Any) -> Any:
    return str(value).lower() if path.endswith("Descriptor") else value


def _references(properties: Mapping[str, Property]) -> Iterator[Property]:
    for known in properties.values():
        if known.reference:
            yield known
        else:
            yield from _references(known.properties)


def _places(properties: Mapping[str, Property], document: Document, path: str) -> Iterator[Place]:
    for name, value in document.items():
        known = properties.get(name)
        if known is None:
            continue
        if known.reference or known.descriptor:
            yield Place(known, document, name, f"{path}.{name}")
        if isinstance(value, dict):
            yield from _places(known.properties, value, f"{path}.{name}")
        elif isinstance(value, list):
            for number, item in enumerate(value):
                yield from _places(known.properties, item, f"{path}.{name}[{number}]")


def _flattened(resource: Resource, known: frozenset[str]) -> Mapping[str, str]:
    """The path behind each flat member; *known* are the members where a reference to the resource tells them."""
    found: dict[str, str] = {}
    agreeing = {frozenset(pair) for pair in resource.equality}
    for path in resource.identity:
        head, _, leaf = path.rpartition(".")
        whole, role = "", ""
        if head:
            whole = head.removesuffix("Reference")
            target = resource.properties[head].reference
            role = "" if whole.lower() == target.lower() else whole.removesuffix(target)
        choices = [
            (role or whole) + capital(leaf),
            leaf if not role or leaf.lower().startswith(role.lower()) else role + capital(leaf),
            leaf,
        ]
        if known:
            member = next((choice for choice in choices if choice in known), leaf)
            found.setdefault(member, path)
        else:
            member = choices[1]
            if member in found and frozenset((found[member], path)) not in agreeing:
                member = choices[0]
            found.setdefault(member, path)
    return found
