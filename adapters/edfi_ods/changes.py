"""Change queries of an ODS: documents by their change versions, deletes and key changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from adapters.contract import Change, Departure, picker
from adapters.edfi import categories
from adapters.edfi.records import collections, lenses
from adapters.edfi_ods import plan
from adapters.edfi_ods.errors import CollectionDenied
from adapters.edfi_ods.records import JOINED
from standards.edfi.model.cascading_keys import following
from standards.edfi.model.model import by_collection
from standards.errors import ChangesLost, SourceBroken, SourceRefused

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from adapters.contract import Record
    from adapters.edfi_ods.client import OdsClient
    from adapters.edfi_ods.plan import Parameters
    from adapters.edfi_ods.records import Records
    from adapters.transport.http import Deadline

    Document = dict[str, Any]
    Fields = frozenset[str] | None

MAX_SINGLE_READS: Final = 200
UNTOLD: Final = frozenset({categories.ENTITY})
PERSONS: Final = {"student": "studentUniqueId", "staff": "staffUniqueId"}


def told() -> frozenset[str]:
    """Return the entities whose changes an ODS can report: all that have documents of their own."""
    return frozenset(collections()) - UNTOLD


@dataclass(frozen=True, slots=True)
class OdsChanges:
    """The differences between two change versions of the records that *records* reads."""

    service: OdsClient
    records: Records

    def known(self, since: int, deadline: Deadline) -> None:
        """Check that the ODS still knows all that has changed after a version.

        Raises:
            ChangesLost: it does not, or its versions have started again.
        """
        versions = self.service.versions(deadline)
        if versions is None:
            raise ChangesLost("The district's system tells no change versions.")
        oldest, newest = versions
        if oldest > since + 1 or newest < since:
            raise ChangesLost("The district's system no longer knows everything that has changed since.")

    def of(self, entity: str, names: Fields, since: int, until: int, deadline: Deadline) -> Iterator[Change]:
        """Yield every record of an entity that is new, changed or deleted in a window of change versions."""
        if since >= until:
            return
        pick, window = picker(entity, names), plan.window(since, until)
        if entity == "session":
            for record in self._sessions(window, deadline):
                yield Change(entity, record.get("id") or " ".join(record["key"]), pick(record))
            return
        known: set[str] = set()
        for record in self.changed(entity, names, window, deadline):
            known.add(record["id"])
            yield Change(entity, record["id"], pick(record))
        for collection in self.records.collections(entity):
            for gone in self._traces(collection, "deletes", window, deadline):
                if gone["id"] not in known:
                    known.add(gone["id"])
                    yield Change(entity, gone["id"], None)

    def _sessions(self, window: Parameters, deadline: Deadline) -> Iterable[Record]:
        """Yield all sessions where any is new or changed, since each may now have another place in the tree.

        Raises:
            ChangesLost: one was deleted, or has another key, so that the school year above it is unknown.
        """
        names = self.records.collections("session")
        if any(self._traces(name, kind, window, deadline) for name in names for kind in ("deletes", "keyChanges")):
            raise ChangesLost("A session is gone, or has another key.")
        if not any(self.records.asked(name, window, deadline) for name in names):
            return ()
        return [record for _, record in self.records.read({"session": None}, {}, deadline)]

    def changed(self, entity: str, names: Fields, window: Parameters, deadline: Deadline) -> list[Record]:
        """Return every record of an entity that is new or changed in a *window*, by its own or another's document."""
        found = {
            record["id"]: record
            for collection in self.records.collections(entity)
            for record in self.records.asked(collection, window, deadline)
        }
        if entity not in JOINED or not (names is None or JOINED[entity][0] in names):
            return list(found.values())
        keys = self._told(entity, window, deadline)
        if keys is None or len(keys) + len(found) > MAX_SINGLE_READS:
            every = self.records.read({entity: None}, {}, deadline)
            return [record for _, record in every if keys is None or record["id"] in found or record["key"] in keys]
        for key in keys - {record["key"] for record in found.values()}:
            for collection in self.records.collections(entity):
                asked = plan.by_key(lenses()[collection], key)
                found |= {
                    one["id"]: one for one in self.records.asked(collection, asked, deadline) if one["key"] == key
                }
        return self.records.joined(entity, list(found.values()), deadline)

    def departures(
        self, entity: str, since: int, until: int, deadline: Deadline, *, rekeyed: bool
    ) -> Iterator[Departure]:
        """Yield what the ODS reports as deleted in a window, or (*rekeyed*) given another key."""
        if since >= until:
            return
        window = plan.window(since, until)
        found = []
        for collection in self.records.collections(entity):
            for trace in self._traces(collection, "keyChanges" if rekeyed else "deletes", window, deadline):
                version, names = (
                    trace.get("changeVersion"),
                    ("oldKeyValues", "newKeyValues") if rekeyed else ("keyValues",),
                )
                values: list[Any] = [trace.get(name) for name in names]
                if type(version) is not int or not all(isinstance(value, dict) for value in values):
                    raise SourceBroken("A departure lacks its version or its key.", collection)
                found.append(Departure(trace["id"], version, *values))
        yield from sorted(found, key=lambda one: one.version)

    def _told(self, entity: str, window: Parameters, deadline: Deadline) -> set[tuple[str, ...]] | None:
        """Return the keys of records that other, changed documents decide fields of; None where it may be any."""
        collection = JOINED[entity][1]
        documents = self.records.reader.documents(collection, dict, window, deadline)
        gone = list(self._traces(collection, "deletes", window, deadline))
        moved = list(self._traces(collection, "keyChanges", window, deadline))
        if entity not in PERSONS:  # a course is not in the key of its offerings
            return None if documents or gone or moved else set()
        member = PERSONS[entity]
        reference = f"{member.removesuffix('UniqueId')}Reference"
        keys = [document.get(reference) for document in documents]
        keys += [trace.get("keyValues") for trace in gone]
        keys += [trace.get(name) for trace in moved for name in ("oldKeyValues", "newKeyValues")]
        try:
            return {(str(key[member]),) for key in keys}  # type: ignore[index]
        except (KeyError, TypeError):
            raise SourceBroken("A document lacks what it must have.", collection) from None

    def _traces(self, collection: str, kind: str, window: Parameters, deadline: Deadline) -> list[Document]:
        """Return a collection's list of deletes or of key changes."""
        resource = by_collection(collection)
        if kind == "keyChanges" and not (resource and resource.name in following()):
            return []
        try:
            return self.records.reader.whole(f"{plan.path_of(collection)}/{kind}", dict, window, deadline)
        except CollectionDenied as error:
            raise SourceRefused(error.message) from None
