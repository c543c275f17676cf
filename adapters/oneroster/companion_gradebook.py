"""The companion gradebook: a OneRoster service beside a district's main system, whose records it refers to by id."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

from adapters.contract import Problem
from standards.errors import GatewayError
from standards.fields import fields_of
from standards.oneroster import rest_lenses

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from adapters.contract import Adapter, Hints, Record, Wanted

    Key = tuple[str, ...]
    Read = Callable[[Wanted], Iterator[tuple[str, Record]]]

ENTITIES: Final = frozenset({*rest_lenses.CLASSES, "resource"})
SHARED: Final = frozenset({"assessment", "assessmentResult"})
"""Entities that both systems keep: the main one under a natural key of several parts, this one under an id."""


@cache
def strangers(entity: str) -> Mapping[str, str]:
    """Return the references of *entity* that lead to records of the main system, and the entity of each."""
    return {
        name: field.to
        for name, field in fields_of(entity).items()
        if field.type == "ref" and field.to not in ENTITIES and "." not in name
    }


NAMED: Final = frozenset(to for entity in ENTITIES for to in strangers(entity).values())


class Names:
    """The ids of the main system's records by natural key, and the keys by id.

    They are learned from the records as they are read, and *read* separately where nothing was read yet.
    """

    def __init__(self, read: Read) -> None:
        self._read = read
        self._ids: dict[str, dict[Key, str]] = {}
        self._keys: dict[str, dict[str, Key]] = {}

    def learning(self, wanted: Wanted, records: Iterable[tuple[str, Record]]) -> Iterator[tuple[str, Record]]:
        """Yield the *records* unchanged, and know their ids once all have passed."""
        fresh: dict[str, dict[Key, str]] = {entity: {} for entity in NAMED & wanted.keys()}
        for entity, record in records:
            if entity in fresh and "id" in record:
                fresh[entity][record["key"]] = record["id"]
            yield entity, record
        for entity, ids in fresh.items():
            self._take(entity, ids)

    def note(self, entity: str, record: Record) -> None:
        """Note the id and key of one more record."""
        if entity in self._ids and "id" in record:
            self._ids[entity] = {**self._ids[entity], record["key"]: record["id"]}
            self._keys[entity] = {**self._keys[entity], record["id"]: record["key"]}

    def key(self, entity: str, identifier: str) -> Key:
        """Return the natural key of the record with an id; one that no record has where there is none."""
        found: Key = self._known(self._keys, entity).get(identifier, ("", identifier))
        return found

    def id(self, entity: str, key: Key) -> str:
        """Return the id of the record with a natural key; the gradebook's own id where the main system has none."""
        found: str = self._known(self._ids, entity).get(key, key[-1])
        return found

    def _known(self, table: dict[str, dict[Any, Any]], entity: str) -> dict[Any, Any]:
        if entity not in table:
            for _ in self.learning({entity: frozenset()}, self._read({entity: frozenset()})):
                pass
        return table[entity]

    def _take(self, entity: str, ids: dict[Key, str]) -> None:
        self._ids[entity] = ids
        self._keys[entity] = {identifier: key for key, identifier in ids.items()}


class Beside:
    """The gradebook that *service* keeps, its references translated through *names*."""

    def __init__(self, service: Adapter, names: Names) -> None:
        self.service, self.names = service, names

    @property
    def entities(self) -> frozenset[str]:
        """The entities that are read from the companion service."""
        return self.service.manifest.entities & ENTITIES

    @staticmethod
    def keeps(record: Record) -> bool:
        """Tell whether the companion service keeps a shared record, by its key."""
        return len(record.get("key", ())) <= 1

    @property
    def writes(self) -> frozenset[str]:
        """The entities that are written to the companion service."""
        return self.service.manifest.writes & ENTITIES

    def check(self, place: str) -> list[Problem]:
        """Check that the service knows the gateway's client."""
        try:
            for _ in self.service.read({"gradebookCategory": None}):
                pass
        except GatewayError as error:
            return [Problem(error.message, place)]
        return []

    def read(self, wanted: Wanted, hints: Hints) -> Iterator[tuple[str, Record]]:
        """Yield every record of the *wanted* entities that is kept here."""
        own = {entity: names for entity, names in wanted.items() if entity in self.entities}
        if own:
            for entity, record in self.service.read(own, hints):
                yield entity, self._inward(entity, record)

    def find(self, entity: str, identifier: str) -> Record | None:
        """Find the record with an id, as it is kept now."""
        found = self.service.find(entity, identifier)
        return None if found is None else self._inward(entity, found)

    def save(self, entity: str, record: Record, *, new: bool) -> str:
        """Save a record; return the id it now bears."""
        return self.service.save(entity, self._outward(entity, record), new=new)

    def delete(self, entity: str, identifier: str) -> None:
        """Delete the record with an id."""
        self.service.delete(entity, identifier)

    def _inward(self, entity: str, record: Record) -> Record:
        told = {name: self.names.key(to, record[name][0]) for name, to in strangers(entity).items() if name in record}
        return {**record, **told}

    def _outward(self, entity: str, record: Record) -> Record:
        told = {name: (self.names.id(to, record[name]),) for name, to in strangers(entity).items() if name in record}
        return {**record, **told}
