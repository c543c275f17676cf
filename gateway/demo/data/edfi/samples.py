"""Sample Ed-Fi documents of every resource that a district has none of, consistent with what it has."""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import date, timedelta
from functools import cache
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING, Any, Final

from adapters.simulators.edfi.shape import ORGANIZATION, ResourceShapes
from standards import codes
from standards.edfi.model import model
from standards.edfi.model.flat_key_names import ENROLLED, NAMED_AS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from standards.edfi.model.model import Property, Resource

    Document = dict[str, Any]
    Documents = Sequence[tuple[str, Document]]

CONCRETE: Final = {ORGANIZATION: "School", ENROLLED: NAMED_AS}
WORDS: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
SHAPE: Final = ResourceShapes()
MAX_NUMBER: Final = 100
FIRST_ORGANIZATION: Final = 990_000
TIMES: Final = "08:30:00"
BORN: Final = date(1990, 1, 1)
RECENT_DAYS: Final = 30


def everything(documents: Documents, anchors: Sequence[Document], today: date) -> list[tuple[str, Document]]:
    """Return *documents* with some of every other resource, and with every descriptor value in use.

    Around each of the *anchors* (placements of students in sections) one document is made of each resource that
    has none yet, so that what belongs to one child, one section and one school stands together.
    """
    given: dict[str, list[Document]] = defaultdict(list)
    for collection, document in documents:
        given[_resource(collection).name].append(document)
    missing = [name for name in _order() if name not in given]
    made: dict[tuple[str, str], tuple[str, Document]] = {}
    for number, anchor in enumerate(anchors, start=1):
        world = _World(number, given, anchor, today)
        for name in missing:
            resource, document = model.resources()[name], world.make(name)
            made.setdefault((name, str(SHAPE.key(resource, document))), (resource.collection, document))
    told = [*documents, *made.values()]
    return [*_descriptors(told), *told]


def _resource(collection: str) -> Resource:
    found = model.by_collection(collection)
    assert found is not None
    return found


@cache
def _order() -> tuple[str, ...]:
    """Order the resources, each after those that it refers to."""
    graph: dict[str, set[str]] = {
        one.name: set(_targets(one.properties)) - {one.name}
        for one in model.resources().values()
        if not one.is_descriptor
    }
    return tuple(TopologicalSorter(graph).static_order())


def _targets(properties: Mapping[str, Property]) -> Iterator[str]:
    for known in properties.values():
        if known.reference:
            yield CONCRETE.get(known.reference, known.reference)
        else:
            yield from _targets(known.properties)


class _World:
    """The documents of one *anchor* that belong together: of each resource one."""

    def __init__(self, number: int, given: Mapping[str, list[Document]], anchor: Document, today: date) -> None:
        self._number, self._today = number, today
        self._values: dict[str, Any] = SHAPE.key_values(_resource("studentSectionAssociations"), anchor)
        self._made: dict[str, Document] = {"StudentSectionAssociation": anchor}
        for name in reversed(_order()):
            found = self._chosen(name, given.get(name, ()))
            if found:
                self._made.setdefault(name, found)

    def _chosen(self, name: str, some: Sequence[Document]) -> Document | None:
        """Return the first of *some* documents that contradicts none of those chosen already."""
        resource = model.resources()[name]
        for document in some:
            values = SHAPE.key_values(resource, document)
            told = {member: value for member, value in values.items() if not member.endswith("Descriptor")}
            if all(self._values.get(member, value) == value for member, value in told.items()):
                if len(told) < len(values) or name != "StudentSectionAssociation":
                    self._values = {**told, **self._values}
                return document
        return None

    def make(self, name: str) -> Document:
        """Make a document of a resource that has none."""
        resource = model.resources()[name]
        made = self._members(resource, resource.properties)
        for known in resource.properties.values():
            if known.identity and not known.descriptor and known.type == "integer" and known.format == "int64":
                made[known.name] = FIRST_ORGANIZATION + 10 * (_order().index(name) + 1) + self._number
        for left, right in resource.equality:
            _agree(made, left.split("."), right.split("."))
        self._made.setdefault(name, made)
        return made

    def _members(self, resource: Resource, properties: Mapping[str, Property]) -> Document:
        found: Document = {}
        for name, known in properties.items():
            if known.reference:
                target = CONCRETE.get(known.reference, known.reference)
                if target in self._made and target != resource.name:
                    found[name] = _reference(known, target, self._made[target])
            elif known.collection:
                if item := self._members(resource, known.properties):
                    found[name] = [item]
            elif known.type == "object":
                if inner := self._members(resource, known.properties):
                    found[name] = inner
            else:
                found[name] = self._scalar(known)
        return found

    def _scalar(self, known: Property) -> Any:
        match known.type:
            case "boolean":
                return True
            case "integer":
                return (
                    self._values.get("schoolYear", self._today.year)
                    if known.name.endswith("Year")
                    else max(int(known.min or 0), self._number)
                )
            case "number":
                return self._amount(known)
            case _:
                return self._text(known)

    def _amount(self, known: Property) -> float:
        digits = (known.precision or 9) - (known.scale or 0)
        return min(float(known.max or MAX_NUMBER), float(10**digits - 1), float(max(known.min or 0, self._number)))

    def _text(self, known: Property) -> str:
        if known.descriptor:
            return _usual(known.descriptor)
        if known.format == "date":
            first = BORN if "birth" in known.name.lower() else self._today - timedelta(days=RECENT_DAYS)
            return (first + timedelta(days=self._number)).isoformat()
        if known.format:
            return TIMES if known.format == "time" else f"{self._today.isoformat()}T{TIMES}Z"
        if known.name == "namespace":
            return "uri://fir.example/samples"
        words = " ".join(word.lower() for word in WORDS.findall(known.name)).capitalize()
        text = f"{words} {self._number}"
        short = f"{self._number:03}"[-(known.max_length or len(text)) :]
        return text if known.max_length is None or len(text) <= known.max_length else short


def _reference(known: Property, target: str, document: Document) -> Document:
    values = SHAPE.key_values(model.resources()[target], document)
    if known.reference == ORGANIZATION:
        return {"educationOrganizationId": values["schoolId"]}
    return {name: values[name] for name in known.properties}


@cache
def _usual(descriptor: str) -> str:
    """Return a value of a descriptor: the first that the code sets have."""
    rows = (row.get("edfi", "") for table in map(codes.table, codes.names()) for row in table.rows)
    return next((uri for uri in rows if f"/{descriptor}#" in uri), f"uri://ed-fi.org/{descriptor}#Other")


def _agree(made: Document, left: list[str], right: list[str]) -> None:
    """Set the member at *left* to the value of the one at *right*."""
    value: Any = made
    for part in right:
        value = value.get(part) if isinstance(value, dict) else None
    places: list[Any] = [made]
    for part in left[:-1]:
        found = [place[name] for place in places if (name := part.removesuffix("[*]")) in place]
        places = [item for items in found for item in items] if part.endswith("[*]") else found
    for place in places if value is not None else ():
        if left[-1] in place:
            place[left[-1]] = value


def _descriptors(documents: Iterable[tuple[str, Document]]) -> list[tuple[str, Document]]:
    """Yield a document of every descriptor value in use, and one of each descriptor that is not."""
    found: dict[str, tuple[str, Document]] = {}
    for collection, document in documents:
        resource = _resource(collection)
        if not resource.is_descriptor:
            for place in SHAPE.places(resource, document):
                if place.known.descriptor:
                    value = str(place.owner[place.name])
                    found.setdefault(value.lower(), _described(place.known.descriptor, value))
    named = {collection for collection, _ in found.values()}
    given = {f"{one.get('namespace')}#{one.get('codeValue')}".lower() for _, one in documents}
    for resource in model.resources().values():
        if resource.is_descriptor and resource.collection not in named:
            value = _usual(resource.name)
            found.setdefault(value.lower(), _described(resource.name, value))
    return [made for value, made in found.items() if value not in given]


def _described(descriptor: str, value: str) -> tuple[str, Document]:
    namespace, _, code = value.partition("#")
    document = {"namespace": namespace, "codeValue": code, "shortDescription": code, "description": code}
    return model.resources()[descriptor].collection, document
