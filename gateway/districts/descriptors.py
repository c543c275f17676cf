"""Descriptors of a district: its system's own, and the standard ones where the system has none."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from adapters.contract import NO_HINTS, Adapter, picker, same_key
from gateway.request_slots import approach
from standards.edfi.from_oneroster.default_descriptors import catalogue

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from adapters.contract import Change, Departure, Hints, Manifest, Notes, Problem, Record, Tagged, Wanted
    from adapters.uploads import DeliveredFile
    from standards.edfi.model.model import Resource


class Described(Adapter):
    """The adapter of *inner*, extended by items for the descriptors that its records are translated to.

    A descriptor that the system itself has stays as it is. The items do not depend on the records, so that they reveal
    nothing of a record; *uris* are those that the district has declared.
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
        """The manifest of the system, with the descriptors added."""
        own, described = self.inner.manifest, self._described
        if described is None or own is not described[0]:
            described = self._described = own, self._beside(own)
        return described[1]

    def _beside(self, own: Manifest) -> Manifest:
        items = self._known.keys() - own.entities
        delta = own.delta | items if own.delta else own.delta  # items never change, so their changes are known
        touched = {**own.touched, **dict.fromkeys(items, frozenset[str]())}
        return replace(own, entities=own.entities | items, delta=delta, touched=touched)

    @property
    def notes(self) -> Notes:  # type: ignore[override]  # those of the system
        """The notes of the system's adapter from its last read."""
        return self.inner.notes

    @property
    def declares(self) -> bool:  # type: ignore[override]  # each system's own answer
        """Whether the system's records lack what Ed-Fi requires."""
        return self.inner.declares

    def delivered(self) -> DeliveredFile | None:
        """Describe the files of the system."""
        return self.inner.delivered()

    def reachable(self) -> None:
        """Check that the system may be contacted now."""
        self.inner.reachable()

    def beyond(self) -> Mapping[str, Resource]:
        """Return the resources of the system's model that the standard lacks."""
        return self.inner.beyond()

    def check(self) -> list[Problem]:
        """Return every problem that an operator must solve in the system."""
        return self.inner.check()

    def read(self, wanted: Wanted, hints: Hints = NO_HINTS) -> Iterator[tuple[str, Record]]:
        """Read the system's records, then the items."""
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
        """Find one record of the system by its own id; an item has none."""
        if self._ours(entity):
            return None
        approach(self)
        return self.inner.find(entity, identifier)

    def find_tagged(self, entity: str, identifier: str) -> Tagged | None:
        """Find one record of the system by its own id, with the system's ETag."""
        if self._ours(entity):
            return None
        approach(self)
        return self.inner.find_tagged(entity, identifier)

    def locate(self, entity: str, key: tuple[str, ...]) -> Record | None:
        """Find one record or item by its natural key."""
        if not self._ours(entity):
            approach(self)
            return self.inner.locate(entity, key)
        return next((dict(record) for record in self._known[entity] if same_key(entity, record["key"], key)), None)

    def newest(self) -> int | None:
        """Return the system's own newest change version."""
        approach(self)
        return self.inner.newest()

    def changes(self, wanted: Wanted, since: int, until: int) -> Iterator[Change]:
        """Read the changes in the system; items never change."""
        own = self.inner.manifest.entities
        approach(self)
        return self.inner.changes({name: fields for name, fields in wanted.items() if name in own}, since, until)

    def departures(self, entity: str, since: int, until: int, *, rekeyed: bool) -> Iterator[Departure]:
        """Read deletions or key changes in the system."""
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
        """Return the system's stamp: the items stay the same while the gateway runs."""
        approach(self)
        return self.inner.stamp()

    def close(self) -> None:
        """Close the system's adapter."""
        self.inner.close()
