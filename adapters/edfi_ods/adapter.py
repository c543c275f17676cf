"""The adapter for an Ed-Fi ODS/API: reads everything the ODS shows, and writes where it may."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from adapters import registry
from adapters.contract import NO_HINTS, Adapter, Manifest, Problem, Tagged
from adapters.edfi import categories
from adapters.edfi.records import collections, lenses
from adapters.edfi_ods import changes as ods_changes
from adapters.edfi_ods import metadata, plan
from adapters.edfi_ods.changes import OdsChanges
from adapters.edfi_ods.client import OdsClient
from adapters.edfi_ods.reader import OdsReader, Offered, side_by_side
from adapters.edfi_ods.records import JOINED, MADE, Records, touches
from adapters.edfi_ods.settings import OdsSettings, gradebook
from adapters.edfi_ods.writer import OdsWriter
from adapters.oneroster.companion_gradebook import SHARED, Beside, Names
from adapters.transport.connection_settings import connect
from standards.errors import GatewayError, SettingsError, Unsupported, suggestion

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from marshmallow import Schema

    from adapters.contract import Change, Departure, Hints, Record, Wanted
    from standards.edfi.model.model import Resource

FIRST = ("schools", "students")


class EdFiOds(Adapter):
    """An Ed-Fi ODS/API, asked over HTTP."""

    name: ClassVar[str] = "edfi_ods"
    Settings: ClassVar[type[Schema]] = OdsSettings

    def __init__(self, district: str, settings: Mapping[str, Any]) -> None:
        super().__init__(district, settings)
        said = self.settings
        self._http = connect(said)
        self._service = OdsClient(self._http, said)
        self._offered = Offered(_named(said["resources"], district))
        reader = OdsReader(self._service, self._offered, said["page_size"], said["rows"], self.notes)
        self._records = Records(reader, said["in_flight"])
        self._changes = OdsChanges(self._service, self._records)
        self._writer = OdsWriter(self._service, self._records)
        self._tells = True  # until the ODS states otherwise
        self._manifest: tuple[tuple[int, bool], Manifest] | None = None
        self._names = Names(self._records_of)
        beside = gradebook(said)
        self._beside = Beside(registry.find("oneroster_rest")(district, beside), self._names) if beside else None

    @property
    def manifest(self) -> Manifest:
        """Every entity that the ODS shows the gateway, as far as known; changes once the ODS has stated its version."""
        rests_on = len(self._offered.denied), self._tells
        if self._manifest is None or self._manifest[0] != rests_on:
            self._manifest = rests_on, self._told()
        return self._manifest[1]

    def _told(self) -> Manifest:
        known = (*collections(), categories.ENTITY)
        entities = frozenset(entity for entity in known if self._records.collections(entity))
        writes = entities & collections().keys() if self.settings["writable"] else frozenset[str]()
        delta = entities & ods_changes.told() if self._tells else frozenset[str]()
        kept = self._beside.entities if self._beside else frozenset[str]()
        shared = kept & entities & SHARED
        own = kept - shared
        return Manifest(
            entities | own,
            operators=frozenset({"="}),
            writes=writes - own | (self._beside.writes if self._beside else frozenset()),
            bulk=False,
            delta=delta - kept,
            edfi=entities - own,
            shared=shared,
            ids_shown=entities - MADE - kept,
            touched={entity: touches(entity) for entity in entities - MADE} | dict.fromkeys(own, frozenset()),
        )

    def check(self) -> list[Problem]:
        """Check that the ODS knows the gateway's client and shows it schools and students."""
        place = f"districts.{self.district}"
        deadline = self._http.deadline()
        try:
            self.newest()
            for name in FIRST if not self._offered.named else sorted(self._offered.named)[:20]:
                page = self._service.page(plan.path_of(name), (("limit", "1"),), deadline)
                for document in page.documents:
                    self._records.record(name, document)
        except GatewayError as error:
            return [Problem(error.message, place)]
        return self._beside.check(place) if self._beside else []

    def read(self, wanted: Wanted, hints: Hints = NO_HINTS) -> Iterator[tuple[str, Record]]:
        """Yield every record of the *wanted* entities; each entity is read whole before its first record is yielded."""
        own = {entity: names for entity, names in wanted.items() if not self._only_beside(entity)}
        records = self._records_of(own, hints)
        if self._beside is None:
            yield from records
            return
        whole = {entity: names for entity, names in own.items() if entity not in hints}
        yield from self._names.learning(whole, records)
        yield from self._beside.read(wanted, hints)
        self.notes.add(self._beside.service.notes.page)
        self._beside.service.notes.clear()

    def _records_of(self, wanted: Wanted, hints: Hints = NO_HINTS) -> Iterator[tuple[str, Record]]:
        """Yield every record of the *wanted* entities that the ODS keeps."""
        self.notes.clear()
        deadline = self._http.deadline()
        apart = {entity for entity in wanted if entity in JOINED and plan.windowed(hints.get(entity, ()))}
        empty = {entity for entity, asked in hints.items() if plan.empty(asked)}
        plain = {entity: names for entity, names in wanted.items() if entity not in apart | empty}
        yield from self._records.read(plain, hints, deadline)
        for entity in apart - empty:
            since, until = plan.ends(hints[entity])
            for change in self.changes({entity: wanted[entity]}, since, until):
                if change.record is not None:
                    yield entity, change.record

    def find(self, entity: str, identifier: str) -> Record | None:
        """Find the record of *entity* with an id, as the ODS has it now."""
        if entity in MADE:
            return super().find(entity, identifier)
        own = None if self._only_beside(entity) else self._records.find(entity, identifier, self._http.deadline())
        beside = self._beside if own is None and self._has_beside(entity) else None
        return beside.find(entity, identifier) if beside else own

    def find_tagged(self, entity: str, identifier: str) -> Tagged | None:
        """Find the record of *entity* with an id, and the tag of its document, which was read no later."""
        if self._only_beside(entity) or entity == categories.ENTITY:
            return super().find_tagged(entity, identifier)
        deadline = self._http.deadline()
        found = self._records.alone_tagged(entity, identifier, deadline)
        if found is None:
            beside = self._beside.find(entity, identifier) if self._beside and self._has_beside(entity) else None
            return None if beside is None else Tagged(beside)
        if entity not in MADE:
            return replace(found, record=self._records.joined(entity, [found.record], deadline)[0])
        whole = self.find(entity, identifier)
        return None if whole is None else replace(found, record=whole)

    def locate(self, entity: str, key: tuple[str, ...]) -> Record | None:
        """Find the record of *entity* with a natural key, as the ODS has it now."""
        if self._beside and self._kept_beside(entity, {"key": key}):
            return self._beside.find(entity, key[-1])
        if entity in MADE:
            return super().locate(entity, key)
        return self._records.locate(entity, key, self._http.deadline())

    def beyond(self) -> Mapping[str, Resource]:
        """Return what the ODS describes beyond the standard model, where settings want it."""
        if not self.settings["extensions"]:
            return {}
        return metadata.beyond(self._service.descriptions(self._http.deadline()))

    def newest(self) -> int | None:
        """Return the newest change version of the ODS; None where it has no change queries."""
        versions = self._service.versions(self._http.deadline())
        self._tells = versions is not None
        return versions[1] if versions else None

    def changes(self, wanted: Wanted, since: int, until: int) -> Iterator[Change]:
        """Yield every difference of the *wanted* entities in a window of change versions."""
        deadline = self._http.deadline()
        self._changes.known(since, deadline)
        if untold := sorted(wanted.keys() - ods_changes.told()):
            raise Unsupported(f"The district's system does not tell what has changed of {untold[0]}.")

        def of(entity: str) -> list[Change]:
            return list(self._changes.of(entity, wanted[entity], since, until, deadline))

        for found in side_by_side(of, list(wanted), self.settings["in_flight"]):
            for change in found:
                if self._beside and change.record is not None:
                    self._names.note(change.entity, change.record)
                yield change

    def departures(self, entity: str, since: int, until: int, *, rekeyed: bool) -> Iterator[Departure]:
        """Yield the records of *entity* deleted in a window of change versions, or (*rekeyed*) given another key."""
        deadline = self._http.deadline()
        self._changes.known(since, deadline)
        yield from self._changes.departures(entity, since, until, deadline, rekeyed=rekeyed)

    def save(self, entity: str, record: Record, *, new: bool, before: Tagged | None = None) -> str:
        """Create a record by POST, or replace the one with its id by PUT if it is still in the state that was read."""
        self._may_write(entity)
        if self._beside and self._kept_beside(entity, record if new else self._known(entity, record)):
            return self._beside.save(entity, record, new=new)
        deadline = self._http.deadline()
        if new:
            identifier = self._writer.create(entity, record, deadline)
        else:
            identifier = self._writer.replace(entity, record, before, deadline)
        if self._beside and "key" in record:
            self._names.note(entity, {**record, "id": identifier})
        return identifier

    def delete(self, entity: str, identifier: str, *, before: Tagged | None = None) -> None:
        """Delete the record with an id if it is still in the state that was read."""
        self._may_write(entity)
        if self._beside and self._kept_beside(entity, self._known(entity, {"id": identifier})):
            self._beside.delete(entity, identifier)
            return
        self._writer.delete(entity, identifier, before, self._http.deadline())

    def stamp(self) -> str:
        """Return the newest change version, where the ODS has one; otherwise a different text each time."""
        newest = self.newest()
        return secrets.token_hex(16) if newest is None else f"change version {newest}"

    def reachable(self) -> None:
        """Refuse at once, before a request is made, where the ODS is being left alone."""
        self._http.reachable()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()
        if self._beside:
            self._beside.service.close()

    def _has_beside(self, entity: str) -> bool:
        return self._beside is not None and entity in self._beside.entities

    def _only_beside(self, entity: str) -> bool:
        return self._has_beside(entity) and entity not in self.manifest.shared

    def _known(self, entity: str, record: Record) -> Record:
        """Read *record* with its key where its entity is shared, since the key decides which system keeps it."""
        shared = entity in self.manifest.shared and "key" not in record
        return (self.find(entity, record["id"]) or {}) if shared else record

    def _kept_beside(self, entity: str, record: Record) -> bool:
        """Tell whether the companion gradebook keeps a *record*."""
        return self._only_beside(entity) or (self._has_beside(entity) and Beside.keeps(record))

    def _may_write(self, entity: str) -> None:
        if entity not in self.manifest.writes:
            raise Unsupported(f"The district's system takes no changes of {entity}.")


def _named(resources: list[str], district: str) -> frozenset[str]:
    known = {name.lower(): name for name in lenses()}
    for name in resources:
        if name.lower() not in known:
            message = f"resources: {name!r} is no resource of the Ed-Fi model{suggestion(name, lenses())}"
            raise SettingsError(message, f"districts.{district}")
    return frozenset(known[name.lower()] for name in resources)
