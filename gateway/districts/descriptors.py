"""A district's descriptors: its system's own, and the standard ones where its system knows none."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from adapters.contract import NO_HINTS, Adapter, picker, same_key
from gateway.request_slots import approach
from standards.edfi.from_oneroster.default_descriptors import catalogue

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from adapters.contract import Change, Departure, Hints, Manifest, Notes, Problem, Record, Tagged, Wanted
    from standards.edfi.model.model import Resource


class Described(Adapter):
    """The system of *inner*, with items for the descriptors that its records are translated to.

    A descriptor that the system itself tells of stays as it is told. The items are the same whatever the records
    say, so that none of them tells anything of a record; *uris* are those that the district has declared.
    """

    def __init__(self, inner: Adapter, uris: Iterable[str] = ()) -> None:
        self.inner, self.district = inner, inner.district
        self._uris = tuple(uris)
        self._known = catalogue(self._uris)
        self._described: tuple[Manifest, Manifest] | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    @property
    def manifest(self) -> Manifest:
        """What the system has and can do, and the descriptors beside it."""
        own, described = self.inner.manifest, self._described
        if described is None or own is not described[0]:
            described = self._described = own, self._beside(own)
        return described[1]

    def _beside(self, own: Manifest) -> Manifest:
        items = self._known.keys() - own.entities
        delta = own.delta | items if own.delta else own.delta  # items never change, so that all of it can be followed
        touched = {**own.touched, **dict.fromkeys(items, frozenset[str]())}
        return replace(own, entities=own.entities | items, delta=delta, touched=touched)

    @property
    def notes(self) -> Notes:  # type: ignore[override]  # those of the system
        """What the system's adapter noticed while it read."""
        return self.inner.notes

    @property
    def declares(self) -> bool:  # type: ignore[override]  # each system's own answer
        """Whether the system's records lack what Ed-Fi requires."""
        return self.inner.declares

    def reachable(self) -> None:
        """Let pass whoever is about to ask the system."""
        self.inner.reachable()

    def beyond(self) -> Mapping[str, Resource]:
        """What the system's model has beyond the standard."""
        return self.inner.beyond()

    def check(self) -> list[Problem]:
        """Everything an operator must mend in the system."""
        return self.inner.check()

    def read(self, wanted: Wanted, hints: Hints = NO_HINTS) -> Iterator[tuple[str, Record]]:
        """The system's records, then the items."""
        own = self.inner.manifest.entities
        if asked := {entity: fields for entity, fields in wanted.items() if entity in own}:
            approach(self)
            yield from self.inner.read(asked, hints)
        for entity in wanted.keys() - own:
            pick = picker(entity, wanted[entity])
            yield from ((entity, pick(dict(record))) for record in self._known.get(entity, ()))

    def _ours(self, entity: str) -> bool:
        return entity in self._known and entity not in self.inner.manifest.entities

    def find(self, entity: str, identifier: str) -> Record | None:
        """One record of the system by its own id; an item has none."""
        if self._ours(entity):
            return None
        approach(self)
        return self.inner.find(entity, identifier)

    def find_tagged(self, entity: str, identifier: str) -> Tagged | None:
        """One record of the system by its own id, with the system's tag of its state."""
        if self._ours(entity):
            return None
        approach(self)
        return self.inner.find_tagged(entity, identifier)

    def locate(self, entity: str, key: tuple[str, ...]) -> Record | None:
        """One record or item by its natural key."""
        if not self._ours(entity):
            approach(self)
            return self.inner.locate(entity, key)
        return next((dict(record) for record in self._known[entity] if same_key(entity, record["key"], key)), None)

    def newest(self) -> int | None:
        """The system's own newest change version."""
        approach(self)
        return self.inner.newest()

    def changes(self, wanted: Wanted, since: int, until: int) -> Iterator[Change]:
        """What has changed in the system; items never do."""
        own = self.inner.manifest.entities
        approach(self)
        return self.inner.changes({name: fields for name, fields in wanted.items() if name in own}, since, until)

    def departures(self, entity: str, since: int, until: int, *, rekeyed: bool) -> Iterator[Departure]:
        """What has gone from the system."""
        approach(self)
        return self.inner.departures(entity, since, until, rekeyed=rekeyed)

    def save(self, entity: str, record: Record, *, new: bool, before: Tagged | None = None) -> str:
        """Create or replace a record of the system."""
        approach(self)
        return self.inner.save(entity, record, new=new, before=before)

    def delete(self, entity: str, identifier: str, *, before: Tagged | None = None) -> None:
        """Delete a record of the system."""
        approach(self)
        self.inner.delete(entity, identifier, before=before)

    def stamp(self) -> str:
        """The system's stamp: the items stay while the gateway runs."""
        approach(self)
        return self.inner.stamp()

    def close(self) -> None:
        """Give back what the system's adapter holds open."""
        self.inner.close()
