"""Writes to an ODS: a record merged into the existing document so that nothing else in it is lost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from adapters.edfi.records import lenses
from adapters.edfi_ods import plan
from adapters.edfi_ods.client import bare
from adapters.edfi_ods.records import tag_of
from standards.edfi.from_oneroster.required_members import COMPLETED, unread_fields, with_required_members
from standards.edfi.model.model import by_collection
from standards.errors import (
    MappingError,
    NonUniqueIdentity,
    NotFound,
    SourceBroken,
    Unsupported,
)

if TYPE_CHECKING:
    from adapters.contract import Record, Tagged
    from adapters.edfi_ods.client import OdsClient
    from adapters.edfi_ods.records import Records
    from adapters.transport.http import Deadline
    from standards.lenses.lens import Lens

    Document = dict[str, Any]

ORGANIZATIONS: Final = {
    "school": "schools",
    "district": "localEducationAgencies",
    "serviceCenter": "educationServiceCenters",
    "state": "stateEducationAgencies",
    "department": "organizationDepartments",
}


@dataclass(frozen=True, slots=True)
class OdsWriter:
    """A writer of the records that *records* reads."""

    service: OdsClient
    records: Records

    def create(self, entity: str, record: Record, deadline: Deadline) -> str:
        """Create a record, which must not exist yet; return the id that the ODS gives it.

        Raises:
            NonUniqueIdentity: the ODS has a record with this key, which a POST would replace.
        """
        lens = lenses()[self._collection(entity, record)]
        document = self._written(lens, record, None)
        document.pop("id", None)
        key = lens.read(document)["key"]
        if self.records.asked(lens.local, plan.by_key(lens, key), deadline, strict=True):
            raise NonUniqueIdentity("The district's system has another record with this key.")
        identifier = self.service.create(plan.path_of(lens.local), document, deadline)
        if identifier:
            return identifier
        found = self.records.asked(lens.local, plan.by_key(lens, key), deadline, strict=True)
        if len(found) != 1:
            raise SourceBroken("The source does not say which id the new record has.", lens.local)
        return str(found[0]["id"])

    def replace(self, entity: str, record: Record, before: Tagged | None, deadline: Deadline) -> str:
        """Replace the record with the id in *record*, which must still be in the state *before*."""
        identifier = str(record["id"])
        collection, document = self._document(entity, identifier, before, deadline)
        lens, tag = lenses()[collection], tag_of(document)
        written = self._written(lens, record, bare(document)) | {"id": identifier}
        self.service.replace(plan.path_of(collection), identifier, written, tag, deadline)
        return identifier

    def delete(self, entity: str, identifier: str, before: Tagged | None, deadline: Deadline) -> None:
        """Delete the record with an id, which must still be in the state *before*."""
        collection, document = self._document(entity, identifier, before, deadline)
        if not self.service.delete(plan.path_of(collection), identifier, tag_of(document), deadline):
            raise NotFound("The district's system has no such record.")

    def _document(
        self, entity: str, identifier: str, before: Tagged | None, deadline: Deadline
    ) -> tuple[str, Document]:
        """Return the collection of a record and its document *before*, or else as it is now."""
        found = before.source if before is not None else self.records.document(entity, identifier, deadline)
        if found is None:
            raise NotFound("The district's system has no such record.")
        collection, document = found
        return str(collection), document

    def _collection(self, entity: str, record: Record) -> str:
        """Return the collection in which a new record is created."""
        names = self.records.collections(entity)
        kind = record.get("kind")
        if entity == "organization":
            names = tuple(name for name in names if name == ORGANIZATIONS.get(str(kind)))
        elif entity == "session":
            names = ("gradingPeriods",) if kind == "gradingPeriod" else () if kind == "schoolYear" else ("sessions",)
        if len(names) != 1:
            raise Unsupported(f"The district's system takes no such {entity}.")
        return names[0]

    def _written(self, lens: Lens, record: Record, before: Document | None) -> Document:
        """Make the document for *record*, with its required members; count what it cannot express."""
        try:
            document = with_required_members(lens.local, bare(lens.write(record, before)), record)
            lost = unread_fields(lens, record, document) if lens.local in COMPLETED else []
        except MappingError as error:
            raise SourceBroken(error.message, lens.local) from None
        for name in lost:
            self.records.reader.notes.note(f"{lens.local}: {name} is not kept")
        resource = by_collection(lens.local)
        assert resource is not None
        if resource.descriptor_id:
            document.pop(resource.descriptor_id, None)
        return document
