"""Whole worlds of Ed-Fi documents: at least one of each resource, every reference and descriptor value among them."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from graphlib import TopologicalSorter
from random import Random
from typing import TYPE_CHECKING, Any

from adapters.simulators.edfi.shape import ENROLLED, NAMED_AS, ORGANIZATION, ResourceShapes
from standards.edfi.model import model
from tests.standards.edfi.documents import FIRST_DAY, document

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from standards.edfi.model.model import Property, Resource

    Document = dict[str, Any]

CONCRETE = {ORGANIZATION: "School", ENROLLED: NAMED_AS}
FIRST_ORGANIZATION = 5_000_000_000
FIRST_YEAR, YEARS = 2021, 20
SHAPE = ResourceShapes()


def complete(count: int = 1, seed: int = 0, share: float = 1.0) -> list[tuple[str, Document]]:
    """Documents of all 349 endpoints with their collections, what is referred to before what refers to it.

    There are *count* worlds (500 at most) that know nothing of each other, but for descriptors and, from the 21st
    on, school years. Each has a document of every resource, and a second one where a resource can refer to another
    of its kind. Each optional member is there in about a *share* of them. The same arguments always give the same
    documents.
    """
    values: dict[str, Document] = {}
    made: list[tuple[str, Document]] = []
    for number in range(count):
        world = _World(number, Random(f"{seed} {number}"), share, values)
        made += world.documents()
    return [*_descriptors(values), *made]


@cache
def order() -> tuple[str, ...]:
    """The resources, each after those that its references mean."""
    graph: dict[str, list[str]] = {}
    for resource in model.resources().values():
        if not resource.is_descriptor:
            graph[resource.name] = sorted(set(_targets(resource.properties)) - {resource.name})
    return tuple(TopologicalSorter(graph).static_order())


class _World:
    def __init__(self, number: int, random: Random, share: float, values: dict[str, Document]) -> None:
        self._number, self._random, self._share, self._values = number, random, share, values
        self._made: dict[str, Document] = {}

    def documents(self) -> list[tuple[str, Document]]:
        found = []
        for place, name in enumerate(order()):
            resource = model.resources()[name]
            self._made[name] = self._document(resource, place, 0)
            if name != "SchoolYearType" or self._number < YEARS:
                found.append((resource.collection, self._made[name]))
            if name in _targets(resource.properties):
                found.append((resource.collection, self._document(resource, place, 1)))
        return found

    def _document(self, resource: Resource, place: int, turn: int) -> Document:
        given = document(resource, self._random, self._share)
        for known in resource.properties.values():
            if known.identity and known.type in {"string", "integer"} and not known.descriptor:
                given[known.name] = self._own(known, place, turn)
        given = self._members(resource, resource.properties, given, child=bool(turn))
        problems = model.validate(resource, given)
        assert not problems, (resource.name, problems)
        return given

    def _own(self, known: Property, place: int, turn: int) -> Any:
        """A value that no other document of the resource has in its key."""
        number = 2 * self._number + turn
        if known.name.endswith("Year"):
            return FIRST_YEAR + self._number % YEARS
        if known.type == "integer":
            return FIRST_ORGANIZATION + place * 1000 + number if known.format == "int64" else number + 1
        if known.format == "date":
            return (FIRST_DAY + timedelta(days=place * 50 + number)).isoformat()
        assert not known.format, known
        return f"{number}-é'&{known.name}/ß"[: known.max_length]

    def _members(
        self, resource: Resource, properties: Mapping[str, Property], given: Document, *, child: bool
    ) -> Document:
        found: Document = {}
        for name, value in given.items():
            known = properties[name]
            if known.reference:
                target = CONCRETE.get(known.reference, known.reference)
                if target == resource.name and not child:
                    continue
                found[name] = _reference(known, target, self._made[target])
            elif known.descriptor:
                found[name] = self._descriptor(value)
            elif known.collection:
                items = [self._members(resource, known.properties, item, child=child) for item in value]
                if items := list(_distinct(known, items)):
                    found[name] = items
            elif isinstance(value, dict):
                found[name] = self._members(resource, known.properties, value, child=child)
            else:
                found[name] = value
        return found

    def _descriptor(self, value: str) -> str:
        """A value in the one way in which it is written."""
        namespace, _, code = value.partition("#")
        kept = self._values.setdefault(value.lower(), {"namespace": namespace, "codeValue": code[:50]})
        return f"{kept['namespace']}#{kept['codeValue']}"


def _reference(known: Property, target: str, document: Document) -> Document:
    values = SHAPE.key_values(model.resources()[target], document)
    if known.reference == ORGANIZATION:
        return {"educationOrganizationId": values["schoolId"]}
    return {name: values[name] for name in known.properties}


def _distinct(known: Property, items: list[Document]) -> Iterator[Document]:
    seen = set()
    for item in items:
        key = str([_at(item, path.split(".")) for path in known.item_key]).lower()
        if item and (key not in seen or not known.item_key):
            yield item
        seen.add(key)


def _at(value: Any, path: list[str]) -> Any:
    for part in path:
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _targets(properties: Mapping[str, Property]) -> Iterator[str]:
    for known in properties.values():
        if known.reference:
            yield CONCRETE.get(known.reference, known.reference)
        else:
            yield from _targets(known.properties)


def _descriptors(values: Mapping[str, Document]) -> Iterator[tuple[str, Document]]:
    """Every descriptor value that is used, and one of each descriptor that is not."""
    used = set()
    for value in values.values():
        name = value["namespace"].rpartition("/")[2]
        used.add(name.lower())
        yield _described(name, value)
    for resource in model.resources().values():
        if resource.is_descriptor and resource.name.lower() not in used:
            yield _described(resource.name, {"namespace": f"uri://ed-fi.org/{resource.name}", "codeValue": "Other"})


def _described(name: str, value: Document) -> tuple[str, Document]:
    resource = next(one for one in model.resources().values() if one.name.lower() == name.lower())
    return resource.collection, {**value, "shortDescription": value["codeValue"]}
