"""The adapter for OneRoster servers, 1.1 or 1.2: reads the roster, reads and writes the gradebook."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from adapters.contract import NO_HINTS, Adapter, Aside, Manifest, Problem, finisher
from adapters.notes import reason_of
from adapters.oneroster.end_dates import INCLUSIVE
from adapters.oneroster.people import stated_kinds
from adapters.oneroster.records import FILES, Task
from adapters.oneroster.tabled_records import ROWS, records
from adapters.oneroster_rest import plan, profile, unmapped
from adapters.oneroster_rest.client import OneRosterClient
from adapters.oneroster_rest.reader import OneRosterReader, Pile
from adapters.oneroster_rest.records import DocumentRows, is_there, plain
from adapters.oneroster_rest.settings import ServerSettings, credentials
from adapters.transport.connection_settings import connect
from standards.errors import GatewayError, MappingError, NotFound, SourceBroken, Unsupported
from standards.oneroster import model, rest_lenses

ROSTER: Final = frozenset(FILES) - rest_lenses.CLASSES.keys()

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from adapters.contract import Hint, Hints, Record, Tagged, Wanted
    from adapters.oneroster.tables import CsvTable
    from adapters.transport.http import Deadline
    from standards.lenses.lens import Lens

    Document = dict[str, Any]


class OneRosterRest(Adapter):
    """A OneRoster server, asked over HTTP."""

    name = "oneroster_rest"
    declares = True
    Settings = ServerSettings

    def __init__(self, district: str, settings: Mapping[str, Any]) -> None:
        super().__init__(district, settings)
        said = self.settings
        self._version: str = said["version"]
        self._profile = profile.find(said["profile"])
        self._absent = self._profile.absent | frozenset(said["absent"])
        self._writes = bool(said["writable"] and self._profile.writes)
        self._http = connect(said)
        extra = {name: said[rule["setting"]] for name, rule in self._profile.headers.items() if said[rule["setting"]]}
        who = credentials(said, self._http, writes=self._writes)
        self._service = OneRosterClient(self._http, said["url"], self._version, self._profile, who, extra)
        size = min(said["page_size"] or self._profile.page, self._profile.ceiling)
        self._reader = OneRosterReader(self._service, self._profile, max(size, 2), said["rows"], self.notes)

    @property
    def manifest(self) -> Manifest:
        """The roster, and the gradebook as far as there is one; its entities are found by id and can be written."""
        gradebook = {entity for entity in rest_lenses.CLASSES if self._offers(entity)}
        writes = frozenset(gradebook) if self._writes else frozenset()
        operators = frozenset({"="}) if self._profile.filter else frozenset[str]()
        return Manifest(ROSTER | gradebook, operators=operators, writes=writes, bulk=False)

    def check(self) -> list[Problem]:
        """Check that the server knows the gateway's client and shows it a first page."""
        deadline = self._http.deadline()
        for collection in ("orgs", "users"):
            try:
                page = self._service.page(collection, [("limit", "1"), ("offset", "0")], deadline)
            except GatewayError as error:
                return [Problem(error.message, f"districts.{self.district}")]
            if not page.documents:
                return [Problem(f"The server shows no {collection} to this client.", f"districts.{self.district}")]
        return []

    def read(self, wanted: Wanted, hints: Hints = NO_HINTS) -> Iterator[tuple[str, Record]]:
        """Yield every record of the *wanted* entities; each collection is read whole before its first record."""
        self.notes.clear()
        deadline = self._http.deadline()
        roster = {entity: names for entity, names in wanted.items() if entity in ROSTER}
        if roster:
            yield from self._roster(self._task(roster), deadline)
        for entity, names in wanted.items():
            if self._offers(entity):
                yield from self._gradebook(entity, names, hints.get(entity, ()), deadline)

    def find(self, entity: str, identifier: str) -> Record | None:
        """Find the record of *entity* whose own id is *identifier*, as the source has it now."""
        lens = rest_lenses.lens(self._version, entity)
        collection = lens.local if lens else plan.ALONE.get(entity, "")
        if not collection:
            return super().find(entity, identifier)
        if collection in self._absent:
            return None
        document = self._service.one(collection, identifier, self._http.deadline())
        if document is None or not is_there(document, collection, collection, self.notes):
            return None
        found = self._read(lens, entity, document) if lens else self._alone(entity, document)
        return found and finisher(self, {entity: None})(entity, found)

    def _task(self, wanted: Wanted) -> Task:
        """Make the task for the server's roster; its end dates are as the settings say, else as the profile says."""
        said = self.settings["end_dates"] or self._profile.end_dates
        return Task(self._version, wanted, self.notes, said == INCLUSIVE, self.district)

    def _read(self, lens: Lens, entity: str, document: Document) -> Record:
        """Read a document of the gradebook into a record."""
        read = lens.read(plain(self._version, entity, document))
        return unmapped.unpacked(entity, read, lens.context.dialect)

    def _alone(self, entity: str, document: dict[str, Any]) -> Record | None:
        """Find a record of the roster that one document states whole."""
        rows = DocumentRows(self._version, plan.ALONE[entity], self.notes, strict=True)
        rows.add([document])
        task = self._task({entity: None})
        return next((record for _, record in records(task, rows.tables(), {})), None)

    def save(self, entity: str, record: Record, *, new: bool, before: Tagged | None = None) -> str:  # noqa: ARG002  the server has none
        """Create or replace a record of the gradebook by PUT, so that repeating it makes no second one.

        What the server's document has beyond the standard stays in it.
        """
        lens = self._writable(entity)
        identifier = record.get("id") or str(uuid.uuid4())
        deadline = self._http.deadline()
        known: Document | None = {} if new else self._service.one(lens.local, identifier, deadline)
        if known is None:
            raise NotFound(f"The district's system has no such {entity}.")
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        onto = {**known, **plain(self._version, entity, known)}
        written = lens.write({**unmapped.packed(entity, record), "id": identifier}, onto=onto) | {
            "status": "active",
            "dateLastModified": now,
        }
        document = rest_lenses.completed(self._version, entity, written, known, self._place)
        self._service.put(lens.local, identifier, document, deadline)
        return identifier

    def delete(self, entity: str, identifier: str, *, before: Tagged | None = None) -> None:  # noqa: ARG002  likewise
        """Delete a record of the gradebook."""
        lens = self._writable(entity)
        if not self._service.delete(lens.local, identifier, self._http.deadline()):
            raise NotFound(f"The district's system has no such {entity}.")

    def stamp(self) -> str:
        """Return the last change and size of each collection, where both can be trusted; else always another text."""
        trusted = self.settings["trust_modified"]
        if not (self._profile.modified if trusted is None else trusted):
            return secrets.token_hex(16)
        newest = [("limit", "1"), ("offset", "0"), ("sort", "dateLastModified"), ("orderBy", "desc")]
        deadline = self._http.deadline()
        seen = hashlib.sha256()
        for collection in sorted(frozenset(plan.ORDER) - self._absent):
            page = self._service.page(collection, newest, deadline)
            if page.total is None:
                return secrets.token_hex(16)
            seen.update(repr((page.total, [one.get("dateLastModified") for one in page.documents])).encode())
        return seen.hexdigest()

    def reachable(self) -> None:
        """Refuse at once, before a request is made, where the server is being left alone."""
        self._http.reachable()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _offers(self, entity: str) -> bool:
        lens = rest_lenses.lens(self._version, entity)
        return lens is not None and lens.local not in self._absent

    def _writable(self, entity: str) -> Any:
        lens = rest_lenses.lens(self._version, entity)
        if lens is None or not self._writes or lens.local in self._absent:
            raise Unsupported(f"The district's system takes no changes of {entity}.")
        return lens

    def _place(self, class_name: str, identifier: str) -> str:
        collection = next(name for name, known in model.collections().items() if known == class_name)
        return self._service.address(collection, identifier)

    def _roster(self, task: Task, deadline: Deadline) -> Iterator[tuple[str, Record]]:
        finish = finisher(self, task.wanted, whole=ROWS)
        kinds: dict[str, str] = {}
        for entity, record in records(task, self._tables(task, kinds, deadline), kinds):
            yield entity, finish(entity, record)

    def _tables(self, task: Task, kinds: dict[str, str], deadline: Deadline) -> Iterator[CsvTable]:
        """Yield the tables that the documents of the roster make, each collection read whole first."""
        for collection in plan.collections(task):
            if collection in self._absent:
                self.notes.note(f"{collection}: not offered")
                continue
            members = plan.members(task, collection, self._profile.roles)
            make = partial(DocumentRows, self._version, collection, self.notes, members)
            rows = self._reader.whole(collection, make, deadline, members=members)
            if collection == "users" and self._version == "1.1":
                kinds.update(rows.kinds(stated_kinds))
            yield from rows.tables()

    def _gradebook(
        self, entity: str, names: frozenset[str] | None, hints: tuple[Hint, ...], deadline: Deadline
    ) -> Iterator[tuple[str, Record]]:
        lens = rest_lenses.lens(self._version, entity)
        assert lens is not None
        asked = None if names is None else unmapped.wanted(entity, names)
        members = plan.gradebook_members(self._version, entity, asked)
        clause = plan.clause(lens, hints)
        finish = finisher(self, {entity: names})
        known = model.classes(self._version)[rest_lenses.CLASSES[entity]]
        documents = self._reader.whole(lens.local, Pile, deadline, members=members, clause=clause).documents
        for number, document in enumerate(documents):
            for name in document.keys() - known.keys():
                self.notes.note(f"{lens.local}: unknown member {name[:80]}")
            place = f"{lens.local}[{number}]"
            try:
                if not is_there(document, place, lens.local, self.notes):
                    continue
                record = finish(entity, self._read(lens, entity, document))
            except (SourceBroken, MappingError) as error:
                own = document.get("sourcedId")
                key = (own,) if isinstance(own, str) and own else ()
                where = place + error.place.removeprefix(place).removeprefix(lens.local)
                self.notes.set_aside(Aside(entity, where, reason_of(error.message), key))
                continue
            yield entity, record
