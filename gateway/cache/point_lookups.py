"""Point lookups: the few records that the rows of one request refer to, read one by one instead of whole entities."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from adapters.contract import picker
from standards.fields import fields_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from adapters.contract import Adapter, Hints, Record, Wanted

    Named = tuple[str, Record]

Key = tuple[str, ...]
PointLookups = Mapping[str, Iterable[Key]]

MAX_LOOKUPS = 25
NO_LOOKUPS: PointLookups = MappingProxyType({})


def read(adapter: Adapter, wanted: Wanted, hints: Hints, point_lookups: PointLookups) -> list[Named]:
    """Read the *wanted* records; of the entities in *point_lookups* only those keys and what other records refer to.

    With more than `MAX_LOOKUPS` keys these entities are read whole.
    """
    own = adapter.manifest.ids_shown
    apart = frozenset(point_lookups) & wanted.keys() & own - hints.keys()
    found = list(adapter.read({entity: names for entity, names in wanted.items() if entity not in apart}, hints))
    met = {(entity, key) for entity in apart for key in point_lookups[entity]}
    waiting = met | set(_named(found, apart))
    met = set(waiting)
    more: list[Named] = []
    while waiting:
        if len(met) > MAX_LOOKUPS:
            return found + list(adapter.read({entity: wanted[entity] for entity in apart}))
        fresh = [(entity, record) for entity, key in waiting if (record := adapter.locate(entity, key)) is not None]
        more += [(entity, picker(entity, wanted[entity])(record)) for entity, record in fresh]
        waiting = set(_named(fresh, apart)) - met
        met |= waiting
    return found + more


def references(entity: str, record: Record) -> dict[str, set[Key]]:
    """Return the keys that a *record* of *entity* refers to, by entity."""
    found: defaultdict[str, set[Key]] = defaultdict(set)
    for to, key in _named([(entity, record)], frozenset(field.to for field in fields_of(entity).values())):
        found[to].add(key)
    return found


def _named(records: Collection[Named], apart: frozenset[str]) -> Iterator[tuple[str, Key]]:
    """Yield the keys that *records* refer to, of the entities that are read *apart*."""
    references = {
        entity: [one for one in fields_of(entity).values() if one.type == "ref" and one.to in apart]
        for entity in {entity for entity, _ in records}
    }
    for entity, record in records:
        for field in references[entity]:
            for key in _keys(record, field.name.split(".")):
                yield from ((field.to, tuple(one)) for one in (key if field.many else (key,)))


def _keys(record: Record, parts: list[str]) -> Iterator[Any]:
    """Yield the value of a reference in a record, or in the items of its groups."""
    name = ".".join(parts)
    if name in record:
        yield record[name]
        return
    for cut in range(1, len(parts)):
        for inner in record.get(".".join(parts[:cut])) or ():
            yield from _keys(inner, parts[cut:])
