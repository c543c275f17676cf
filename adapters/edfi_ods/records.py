"""Documents of an ODS as vocabulary records, joined with what other documents state of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from adapters.contract import Tagged, picker, same_key
from adapters.edfi import categories
from adapters.edfi.joins import TOLD_BY, Joins
from adapters.edfi.records import collections, key_of, lenses, tree
from adapters.edfi_ods import plan
from adapters.edfi_ods.client import normal
from adapters.edfi_ods.reader import side_by_side
from adapters.notes import Aside, reason_of
from standards.edfi.model.links import FIELD, stated, unlinked
from standards.edfi.model.model import by_collection
from standards.errors import MappingError, SourceBroken
from standards.fields import fields_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from adapters.contract import Hint, Hints, Record, Wanted
    from adapters.edfi_ods.plan import Parameters
    from adapters.edfi_ods.reader import OdsReader
    from adapters.transport.http import Deadline
    from standards.lenses.lens import Lens

    Document = dict[str, Any]
    Fields = frozenset[str] | None

MAX_SINGLE_REQUESTS: Final = 25
OWN: Final = frozenset({"id", "_etag", "_lastModifiedDate"})
MADE: Final = frozenset({"session", categories.ENTITY})
JOINED: Final = {entity: (name, collection) for (entity, name), collection in TOLD_BY.items()}
ASKED_BY: Final = {
    "student": ("studentReference.studentUniqueId",),
    "staff": ("staffReference.staffUniqueId",),
    "course": ("courseReference.courseCode", "courseReference.educationOrganizationId"),
}


def touches(entity: str) -> frozenset[str]:
    """Return the references of *entity* to records whose fields its own records decide."""
    told = {to for to, (_, teller) in JOINED.items() if lenses()[teller].entity == entity}
    return frozenset(name for name, field in fields_of(entity).items() if "." not in name and field.to in told)


@dataclass(frozen=True, slots=True)
class Records:
    """The vocabulary records made of what *reader* reads."""

    reader: OdsReader
    at_once: int = 1

    def collections(self, entity: str) -> tuple[str, ...]:
        """Return the existing collections that an entity is read from."""
        told = categories.TOLD_BY if entity == categories.ENTITY else collections().get(entity, ())
        return tuple(sorted(name for name in told if self.reader.offered.has(name)))

    def read(self, wanted: Wanted, hints: Hints, deadline: Deadline) -> Iterator[tuple[str, Record]]:
        """Yield every record of the *wanted* entities that passes the *hints*, each entity read whole beforehand."""
        shared = {JOINED[entity][1] for entity in wanted if entity in JOINED and _joins(entity, wanted[entity])}
        if categories.ENTITY in wanted:
            shared |= categories.TOLD_BY
        reading = _RecordsReading(self, frozenset(shared), deadline)
        small = [entity for entity in wanted if entity.endswith("Descriptors")]

        def picked(entity: str) -> list[Record]:
            pick = picker(entity, wanted[entity])
            return [pick(record) for record in reading.entity(entity, wanted[entity], hints.get(entity, ()))]

        for entity in (entity for entity in wanted if entity not in small):
            for record in picked(entity):
                yield entity, record
        page = self.reader.notes.page

        def beside(entity: str) -> list[Record]:
            self.reader.notes.share(page)
            return picked(entity)

        for entity, found in zip(small, side_by_side(beside, small, self.at_once), strict=True):
            for record in found:
                yield entity, record

    def find(self, entity: str, identifier: str, deadline: Deadline) -> Record | None:
        """Find the record of an entity with an id of the ODS."""
        found = self.alone(entity, identifier, deadline)
        return None if found is None else self.joined(entity, [found], deadline)[0]

    def alone(self, entity: str, identifier: str, deadline: Deadline) -> Record | None:
        """Find the record of an entity with an id of the ODS, without joining other documents."""
        found = self.alone_tagged(entity, identifier, deadline)
        return None if found is None else found.record

    def alone_tagged(self, entity: str, identifier: str, deadline: Deadline) -> Tagged | None:
        """Find the record as `alone` does, with its document, the collection of that, and its tag."""
        found = self.document(entity, identifier, deadline)
        return None if found is None else Tagged(self.record(*found), tag_of(found[1]), found)

    def document(self, entity: str, identifier: str, deadline: Deadline) -> tuple[str, Document] | None:
        """Find the document behind the record with an id, and its collection."""
        for collection in self.collections(entity) if normal(identifier) == identifier else ():
            document = self.reader.one(collection, identifier, deadline)
            if document is not None:
                return collection, document
        return None

    def locate(self, entity: str, key: tuple[str, ...], deadline: Deadline) -> Record | None:
        """Find the record of an entity with a natural key."""
        for collection in self.collections(entity):
            asked = plan.by_key(lenses()[collection], key)
            for record in self.asked(collection, asked, deadline, strict=True):
                if same_key(entity, record["key"], key):
                    return self.joined(entity, [record], deadline)[0]
        if entity.endswith("Descriptors"):  # some databases compare case
            every = (one for name in self.collections(entity) for one in self.asked(name, (), deadline))
            return next((record for record in every if same_key(entity, record["key"], key)), None)
        return None

    def asked(
        self, collection: str, asked: Parameters | None, deadline: Deadline, *, strict: bool = False
    ) -> list[Record]:
        """Read the records that the query *asked* selects (None: there are none), without joining other documents.

        One that cannot be understood is set aside, or refused where *strict*.
        """
        if asked is None:
            return []
        if strict:
            return self.reader.documents(collection, lambda one: self.record(collection, one), asked, deadline)
        return self.kept(self.reader.documents(collection, lambda one: self.judged(collection, one), asked, deadline))

    def judged(self, collection: str, document: Document) -> Record | Aside:
        """Read one document into a record, or set it aside where it cannot be understood."""
        try:
            return self.record(collection, document)
        except SourceBroken as error:
            lens = lenses()[collection]
            own = document.get("id")
            named = own if isinstance(own, str) else ""
            return Aside(lens.entity, collection, reason_of(error.message), key_of(lens, document), own=named)

    def kept(self, found: Iterable[Record | Aside]) -> list[Record]:
        """Keep the readable records among what was *found*, noting those that are set aside."""
        records = []
        for number, one in enumerate(found):
            if isinstance(one, Aside):
                self.reader.notes.set_aside(replace(one, place=f"{one.place}[{number}]"))
            else:
                records.append(one)
        return records

    def joined(self, entity: str, records: list[Record], deadline: Deadline) -> list[Record]:
        """Join a few *records* with what other documents state of them."""
        if entity not in JOINED:
            return records
        joins, (_, teller) = Joins(), JOINED[entity]
        for record in records:
            asked = plan.by_members(teller, dict(zip(ASKED_BY[entity], record["key"], strict=True)))
            look(joins, teller, () if asked is None else self.reader.documents(teller, _same, asked, deadline))
        return [joins.complete(entity, record) for record in records]

    def record(self, collection: str, document: Document) -> Record:
        """Read one document into a record."""
        lens = lenses()[collection]
        for name in document.keys() - _members(collection):
            self.reader.notes.note(f"{collection}: unknown member {name[:80]}")
        try:
            record = lens.read({name: unlinked(value) for name, value in document.items() if value is not None})
        except MappingError as error:
            raise SourceBroken(error.message, collection) from None
        if told := stated(collection, document, self.reader.offered.has):
            record[FIELD] = told
        return record


class _RecordsReading:
    """One reading, in which a collection that holds two entities is read once."""

    def __init__(self, records: Records, shared: frozenset[str], deadline: Deadline) -> None:
        self._records, self._shared, self._deadline = records, shared, deadline
        self._kept: dict[str, list[Document]] = {}

    def entity(self, entity: str, names: Fields, hints: tuple[Hint, ...]) -> Iterable[Record]:
        """Yield every record of an entity that passes the *hints*, before joins."""
        if entity == categories.ENTITY:
            told = sorted(categories.TOLD_BY)
            return categories.categories((name, one) for name in told for one in self._documents(name))
        found = [record for name in self._records.collections(entity) for record in self._of(name, hints)]
        if entity == "session":
            return tree(found)
        if entity not in JOINED or not _joins(entity, names):
            return found
        if hints and len(found) <= MAX_SINGLE_REQUESTS:
            return self._records.joined(entity, found, self._deadline)
        joins, (_, teller) = Joins(), JOINED[entity]
        look(joins, teller, self._documents(teller))
        return (joins.complete(entity, record) for record in found)

    def _of(self, collection: str, hints: tuple[Hint, ...]) -> Iterable[Record]:
        entity = lenses()[collection].entity
        if hints and entity not in MADE:
            return self._hinted(lenses()[collection], hints)
        if collection in self._shared:
            return self._records.kept(self._records.judged(collection, one) for one in self._documents(collection))
        return self._records.asked(collection, (), self._deadline)

    def _hinted(self, lens: Lens, hints: tuple[Hint, ...]) -> list[Record]:
        """Return the records of a collection that pass those hints that the ODS can apply."""
        identifier = next((hint.value for hint in hints if hint.field == "id" and hint.operator == "="), None)
        if identifier is not None and normal(identifier) != identifier:
            return []
        if identifier and not plan.windowed(hints):
            document = self._records.reader.one(lens.local, identifier, self._deadline)
            return [] if document is None else [self._records.record(lens.local, document)]
        asked: list[tuple[str, str]] = []
        for hint in hints:
            more = self._asked(lens, hint)
            if more is None:
                return []
            asked += more
        return self._records.asked(lens.local, tuple(asked), self._deadline)

    def _asked(self, lens: Lens, hint: Hint) -> Parameters | None:
        field = fields_of(lens.entity).get(hint.field)
        if field is None or field.type != "ref":
            return plan.by_hint(lens, hint)
        if hint.operator != "=" or plan.reference(lens, hint.field) is None or field.to in MADE:
            return ()
        target = self._records.alone(field.to, hint.value, self._deadline)
        return None if target is None else plan.by_reference(lens, hint.field, target["key"])

    def _documents(self, collection: str) -> list[Document]:
        if collection not in self._kept:
            self._kept[collection] = self._records.reader.documents(collection, _same, (), self._deadline)
        return self._kept[collection]


def look(joins: Joins, collection: str, documents: Iterable[Document]) -> None:
    """Take over what *documents* state of other records.

    Raises:
        SourceBroken: a document lacks what it must have.
    """
    try:
        joins.look((collection, document) for document in documents)
    except (KeyError, TypeError, AttributeError):
        raise SourceBroken("A document lacks what it must have.", collection) from None


def tag_of(document: Document) -> str:
    """Return the entity tag that the ODS gives the state of a *document*; empty where it gives none."""
    found = document.get("_etag")
    return found if isinstance(found, str) else ""


def _joins(entity: str, names: Fields) -> bool:
    return names is None or JOINED[entity][0] in names


def _same(document: Document) -> Document:
    return {name: value for name, value in document.items() if value is not None}


def _members(collection: str) -> frozenset[str]:
    resource = by_collection(collection)
    assert resource is not None
    return OWN | resource.properties.keys() | {resource.descriptor_id}
