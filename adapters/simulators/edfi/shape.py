"""The shape of Ed-Fi documents: the possible targets of a reference, and the flat names of a key."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from standards.edfi.model import model
from standards.edfi.model.flat_key_names import ENROLLED, NAMED_AS, flattened, referred_keys

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from standards.edfi.model.model import Property, Resource

    Document = dict[str, Any]
    Key = tuple[Any, ...]

# The abstract resources, and the member (of the resources that are one) by which each of them is known.
ORGANIZATION: Final = "EducationOrganization"


@dataclass(frozen=True, slots=True)
class ValuePlace:
    """A reference or a descriptor value at one place of a document: in *owner*, under *name*; *path* for messages."""

    known: Property
    owner: Document
    name: str
    path: str


class ResourceShapes:
    """The resources of one system: those of the standard, and those that *more* adds to it."""

    def __init__(self, more: Mapping[str, Resource] | None = None) -> None:
        self.resources: Mapping[str, Resource] = {**model.resources(), **(more or {})}
        self._by_endpoint = {resource.endpoint.lower(): resource for resource in self.resources.values()}
        self._flat: dict[str, Mapping[str, str]] = {}

    def find(self, schema: str, collection: str) -> Resource | None:
        """Find the resource at an address, in any case."""
        return self._by_endpoint.get(f"/{schema}/{collection}".lower())

    def names(self, resource: Resource) -> tuple[str, ...]:
        """Return the names by which references mean documents of *resource*: its own, and what it is an instance of."""
        return (resource.name, *self._abstract.get(resource.name, ()))

    def key(self, resource: Resource, document: Mapping[str, Any]) -> Key:
        """Return the natural key of *document*; descriptors in any case."""
        values = model.natural_key(resource, document)
        return tuple(
            str(value).lower() if resource.is_descriptor or path.endswith("Descriptor") else value
            for path, value in zip(resource.identity, values, strict=True)
        )

    def identities(self, resource: Resource, document: Mapping[str, Any]) -> Iterator[tuple[str, Key]]:
        """Yield every name and key by which *document* can be referred to; its own first."""
        key = self.key(resource, document)
        yield resource.name, key
        if resource.is_descriptor:
            yield resource.name, (uri(document).lower(),)
        for name in self._abstract.get(resource.name, ()):
            yield name, key

    def meant(self, place: ValuePlace) -> tuple[str, Key]:
        """Return the name and the key of what the reference at *place* means."""
        value = place.owner[place.name]
        if place.known.descriptor:
            return place.known.descriptor, (str(value).lower(),)
        target = place.known.reference
        if target == ORGANIZATION:
            return target, (value.get("educationOrganizationId"),)
        resource = self._concrete(target)
        return target, tuple(_folded(path, value.get(name)) for path, name in self._names(resource).items())

    def places(self, resource: Resource, document: Document) -> Iterator[ValuePlace]:
        """Yield every reference and every descriptor value of *document*."""
        return _places(resource.properties, document, "$")

    def flat(self, resource: Resource) -> Mapping[str, str]:
        """Return the key of *resource* as a flat object has it: the path that each member stands for."""
        found: dict[str, str] = {}
        for path, name in self._names(resource).items():
            found.setdefault(name, path)
        return found

    def key_values(self, resource: Resource, document: Mapping[str, Any]) -> Document:
        """Return the natural key of *document* as a flat object."""
        values = dict(zip(resource.identity, model.natural_key(resource, document), strict=True))
        return {member: values[path] for member, path in self.flat(resource).items()}

    def _names(self, resource: Resource) -> Mapping[str, str]:
        if resource.name not in self._flat:
            self._flat[resource.name] = flattened(resource, self._members.get(resource.name, ()))
        return self._flat[resource.name]

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
        return referred_keys(self.resources)


def uri(descriptor: Mapping[str, Any]) -> str:
    """Return the URI by which documents refer to a *descriptor*."""
    return f"{descriptor.get('namespace')}#{descriptor.get('codeValue')}"


def _folded(path: str, value: Any) -> Any:
    return str(value).lower() if path.endswith("Descriptor") else value


def _places(properties: Mapping[str, Property], document: Document, path: str) -> Iterator[ValuePlace]:
    for name, value in document.items():
        known = properties.get(name)
        if known is None:
            continue
        if known.reference or known.descriptor:
            yield ValuePlace(known, document, name, f"{path}.{name}")
        if isinstance(value, dict):
            yield from _places(known.properties, value, f"{path}.{name}")
        elif isinstance(value, list):
            for number, item in enumerate(value):
                yield from _places(known.properties, item, f"{path}.{name}[{number}]")
