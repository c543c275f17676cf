"""A district whose system keeps Ed-Fi documents in memory and takes changes of all of them."""

from __future__ import annotations

import uuid
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from marshmallow import Schema, fields

from adapters import registry as adapters
from adapters.contract import NO_HINTS, Adapter, Manifest, picker
from adapters.edfi.categories import ENTITY as CATEGORY
from standards import registry
from standards.errors import DependentItemExists, NonUniqueIdentity, NotFound
from tests.standards.edfi.world import around, references
from tests.standards.edfi.world import stand_in as least
from tests.support.regions import Site

if TYPE_CHECKING:
    from collections.abc import Iterator

    from standards.lenses.lens import Lens

    Record = dict[str, Any]

LENSES = {lens.local: lens for lens in registry.lenses() if lens.dialect == "edfi"}
VIEWS = registry.views("edfi")
ENTITIES = frozenset(lens.entity for lens in LENSES.values())


@dataclass
class Room:
    """One system's documents by collection and id, and *beside* them records that only others point to."""

    documents: dict[str, dict[str, dict[str, Any]]] = field(default_factory=lambda: defaultdict(dict))
    beside: dict[tuple[str, tuple[str, ...]], Record] = field(default_factory=dict)
    writes: frozenset[str] = ENTITIES
    entities: frozenset[str] = ENTITIES
    needed: set[str] = field(default_factory=set)
    changes: int = 0
    log: list[tuple[str, str]] = field(default_factory=list)

    def clear(self) -> None:
        """Delete everything, as on the first day."""
        for kept in (self.documents, self.beside, self.needed, self.log):
            kept.clear()
        self.writes = self.entities = ENTITIES

    def put(self, collection: str, document: dict[str, Any], identifier: str = "") -> str:
        """Store a document; return its id."""
        identifier = identifier or uuid.uuid4().hex
        self.documents[collection][identifier] = document
        self.changes += 1
        return identifier

    def surround(self, collection: str, document: dict[str, Any]) -> None:
        """Store a record of everything around a document: what it points to and what that points to, but not itself."""
        entity, record = LENSES[collection].entity, LENSES[collection].read(document)
        for to, key in references(entity, record):
            for one, made in around(to, stand_in(to, key)):
                self.beside.setdefault((one, made["key"]), made | {"id": uuid.uuid4().hex})
        self.changes += 1


ROOMS: dict[str, Room] = {}


class RoomSettings(Schema):
    """The settings of the adapter: the name of the room."""

    room = fields.String(required=True, metadata={"description": "The name of the room."})


class EdFiMemory(Adapter):
    """An adapter over the documents of a room."""

    name = "edfi_memory"
    Settings = RoomSettings

    @property
    def room(self) -> Room:
        return ROOMS[self.settings["room"]]

    @property
    def manifest(self) -> Manifest:
        return Manifest(self.room.entities | {CATEGORY}, writes=self.room.writes, edfi=self.room.entities)

    def check(self):
        return []

    def stamp(self) -> str:
        return str(self.room.changes)

    def read(self, wanted, hints=NO_HINTS) -> Iterator[tuple[str, Record]]:
        for entity, record in self._records():
            if entity in wanted:
                yield entity, picker(entity, wanted[entity])(record)

    def _records(self) -> Iterator[tuple[str, Record]]:
        seen = set()
        for collection, documents in self.room.documents.items():
            lens = LENSES[collection]
            for identifier, document in documents.items():
                record = lens.read(document) | {"id": identifier}
                seen.add((lens.entity, record["key"]))
                yield lens.entity, record
        for (entity, key), record in self.room.beside.items():
            if (entity, key) not in seen:
                yield entity, dict(record)

    def save(self, entity: str, record: Record, *, new: bool) -> str:
        lens = self._lens(entity, record)
        self.room.log.append(("save", entity))
        held = self.room.documents[lens.local]
        identifier = record.get("id") or uuid.uuid4().hex
        document = lens.write(record, onto=None if new else held[identifier])
        document.pop("id", None)
        key = lens.read(document)["key"]
        if any(lens.read(one)["key"] == key for other, one in held.items() if other != identifier):
            raise NonUniqueIdentity("The key is taken.")
        return self.room.put(lens.local, document, identifier)

    def delete(self, entity: str, identifier: str) -> None:
        self.room.log.append(("delete", entity))
        if identifier in self.room.needed:
            raise DependentItemExists("Others point to it.")
        for lens in LENSES.values():
            if lens.entity == entity and self.room.documents[lens.local].pop(identifier, None) is not None:
                self.room.changes += 1
                return
        raise NotFound("There is nothing with this id.")

    @staticmethod
    def _lens(entity: str, record: Record) -> Lens:
        """Return the lens of the resource that a record is one of."""
        for lens in LENSES.values():
            branch = VIEWS[lens.local].branches[0]
            if lens.entity == entity and all(record.get(name) in values for name, values in branch.where):
                return lens
        raise AssertionError(entity)


@contextmanager
def room(name: str) -> Iterator[Room]:
    """Register a room and its adapter with the gateway until the end of the block."""
    adapters.BUILT_IN["edfi_memory"] = "tests.support.edfi_memory:EdFiMemory"
    adapters._known.cache_clear()
    ROOMS[name] = Room()
    try:
        yield ROOMS[name]
    finally:
        del ROOMS[name]
        adapters.BUILT_IN.pop("edfi_memory", None)
        adapters._known.cache_clear()


def site(name: str, hold: str = "1h") -> Site:
    """Return the site that reads the room."""
    return Site("edfi_memory", {"room": name}, hold)


def stand_in(entity: str, key: tuple[str, ...]) -> Record:
    """Make the least record of *entity* under a natural key, which others can point to."""

    record = least(entity, key)
    return record | ({"kind": "school"} if entity == "organization" else {})
