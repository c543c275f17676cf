"""The state of the simulated ODS: its documents, their references and their change versions."""

from __future__ import annotations

import copy
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from adapters.simulators.edfi.shape import Key, ResourceShapes
    from standards.edfi.model.model import Resource

    Document = dict[str, Any]
    Meant = tuple[str, Key]

EPOCH: Final = datetime(1, 1, 1, tzinfo=UTC)
TICK: Final = timedelta(microseconds=1)
UTC_KIND: Final = 1 << 62


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A document as it is stored: never changed, only replaced."""

    resource: str
    id: str
    number: int
    document: Document
    key: Key
    version: int
    modified: datetime

    @property
    def etag(self) -> str:
        """The moment of its last change as the API counts it."""
        return str((self.modified - EPOCH) // TICK * 10 | UTC_KIND)


@dataclass(frozen=True, slots=True)
class ChangeTrace:
    """The trace of a deleted document, or of one whose key is *new* since."""

    resource: str
    id: str
    version: int
    old: Document
    key: Key
    new: Document | None = None


class OdsState:
    """All documents of the system; *shape* describes its resources."""

    def __init__(self, shape: ResourceShapes, clock: Callable[[], datetime] | None = None, seed: int = 0) -> None:
        self.shape = shape
        self.version = 0
        self.rows: dict[str, dict[str, StoredDocument]] = defaultdict(dict)
        self.deletes: list[ChangeTrace] = []
        self.key_changes: list[ChangeTrace] = []
        self._found: dict[Meant, StoredDocument] = {}
        self._users: dict[Meant, dict[str, str]] = defaultdict(dict)
        self._numbers: dict[str, int] = defaultdict(int)
        self._clock = clock or (lambda: datetime.now(UTC))
        self._random = Random(seed)  # noqa: S311  ids that nobody has to guess
        self.last = EPOCH

    def copy(self) -> OdsState:
        """Return a copy of the present state, independent of later changes."""
        made = OdsState(self.shape, self._clock)
        made.version, made.last, made._found = self.version, self.last, dict(self._found)
        made.rows = defaultdict(dict, {name: dict(rows) for name, rows in self.rows.items()})
        made.deletes, made.key_changes = list(self.deletes), list(self.key_changes)
        return made

    def ordered(self, resource: Resource) -> list[StoredDocument]:
        """Return the documents of *resource* in the order of their numbers."""
        return sorted(self.rows[resource.name].values(), key=lambda row: row.number)

    def find(self, name: str, key: Key) -> StoredDocument | None:
        """Find the document that a reference to *name* with *key* means."""
        return self._found.get((name, key))

    def users(self, row: StoredDocument) -> Iterator[StoredDocument]:
        """Yield the documents that refer to *row*."""
        for meant in self._identities(row):
            for identifier, name in list(self._users.get(meant, {}).items()):
                yield self.rows[name][identifier]

    def add(
        self, resource: Resource, document: Document, identifier: str = "", *, first: bool = False
    ) -> StoredDocument:
        """Store a new *document*; *first* puts it before all others."""
        self._numbers[resource.name] += 1
        number = self._numbers[resource.name]
        if first:
            number = min((row.number for row in self.rows[resource.name].values()), default=1) - 1
        identifier = identifier or f"{self._random.getrandbits(128):032x}"
        row = StoredDocument(
            resource.name, identifier, number, document, self.shape.key(resource, document), *self._moment()
        )
        self._keep(row)
        return row

    def change(self, row: StoredDocument, document: Document) -> StoredDocument:
        """Replace *row* by *document*; references to a key that it no longer has follow it."""
        resource = self.shape.resources[row.resource]
        users, before = list(self.users(row)), list(self._identities(row))
        self._forget(row)
        key = self.shape.key(resource, document)
        version, modified = self._moment()
        changed = replace(row, document=document, key=key, version=version, modified=modified)
        self._keep(changed)
        if key != row.key:
            old, new = (self.shape.key_values(resource, one.document) for one in (row, changed))
            self.key_changes.append(ChangeTrace(row.resource, row.id, version, old, row.key, new))
            for user in users:
                self._follow(user, before, changed)
        return changed

    def remove(self, row: StoredDocument) -> None:
        """Delete *row*."""
        self._forget(row)
        version, _ = self._moment()
        values = self.shape.key_values(self.shape.resources[row.resource], row.document)
        self.deletes.append(ChangeTrace(row.resource, row.id, version, values, row.key))

    def _follow(self, user: StoredDocument, before: list[Meant], changed: StoredDocument) -> None:
        """Update the references of a document to a key that has *changed*."""
        current = self.rows[user.resource].get(user.id)
        if current is None:
            return
        resource = self.shape.resources[user.resource]
        document = copy.deepcopy(current.document)
        values = self.shape.key_values(self.shape.resources[changed.resource], changed.document)
        for place in self.shape.places(resource, document):
            if place.known.reference and self.shape.meant(place) in before:
                place.owner[place.name].update(
                    {name: value for name, value in values.items() if name in place.known.properties}
                )
        self.change(current, document)

    def _identities(self, row: StoredDocument) -> Iterator[Meant]:
        return self.shape.identities(self.shape.resources[row.resource], row.document)

    def _keep(self, row: StoredDocument) -> None:
        self.rows[row.resource][row.id] = row
        for meant in self._identities(row):
            self._found[meant] = row
        for place in self.shape.places(self.shape.resources[row.resource], row.document):
            self._users[self.shape.meant(place)][row.id] = row.resource

    def _forget(self, row: StoredDocument) -> None:
        del self.rows[row.resource][row.id]
        for meant in self._identities(row):
            self._found.pop(meant, None)
        for place in self.shape.places(self.shape.resources[row.resource], row.document):
            self._users[self.shape.meant(place)].pop(row.id, None)

    def _moment(self) -> tuple[int, datetime]:
        self.version += 1
        self.last = max(self._clock(), self.last + TICK)
        return self.version, self.last


def insert(state: OdsState, collection: str) -> None:
    """Insert a document like the first one, with a key of its own, before all others."""
    resource = _called(state, collection)
    if resource is None or not state.rows[resource.name]:
        return
    rows = state.ordered(resource)
    document = copy.deepcopy(rows[0].document)
    path = next((path for path in resource.identity if "." not in path), resource.identity[0])
    owner = document
    for part in path.split(".")[:-1]:
        owner = owner[part]
    last = path.rpartition(".")[2]
    owner[last] = _other(owner[last], len(rows))
    state.add(resource, document, first=True)


def remove(state: OdsState, collection: str) -> None:
    """Delete the first document."""
    resource = _called(state, collection)
    if resource is not None and state.rows[resource.name]:
        state.remove(state.ordered(resource)[0])


def _called(state: OdsState, collection: str) -> Resource | None:
    found = (one for one in state.shape.resources.values() if one.collection.lower() == collection)
    return next(found, None)


def _other(value: Any, number: int) -> Any:
    """Return a value that no other document has."""
    if isinstance(value, int):
        return value + 1_000_000 + number
    if len(value) == len("2020-01-01") and value[4] == value[7] == "-":
        return f"{1900 + number % 99}-{number % 12 + 1:02}-{number % 28 + 1:02}"
    return f"!{number} {value}"[: len(value)]
