"""Required members of gradebook documents written through OneRoster, and fields that Ed-Fi has no member for."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from standards.codes import outward
from standards.edfi.resources.gradebook_entries import UNCATEGORIZED
from standards.lenses.pairs import agrees

if TYPE_CHECKING:
    from collections.abc import Mapping

    from standards.lenses.lens import Lens

    Document = dict[str, Any]

NAMESPACE: Final = "uri://local/GradebookEntry"
TYPE: Final = "gradebookEntryTypeDescriptor"
LATE: Final = {
    True: "uri://ed-fi.org/AssignmentLateStatusDescriptor#Late",
    False: "uri://ed-fi.org/AssignmentLateStatusDescriptor#Not Late",
}
COMPLETED: Final = frozenset({"gradebookEntries", "studentGradebookEntries"})
OWN: Final = frozenset({"id", "key"})


def with_required_members(collection: str, document: Mapping[str, Any], record: Mapping[str, Any]) -> Document:
    """Add to *document*, made of *record*, the members that a document of the *collection* must have."""
    match collection:
        case "gradebookEntries":
            return _entry(document, record)
        case "studentGradebookEntries":
            return _result(document, record)
        case _:
            return dict(document)


def natural_key(entity: str, record: Mapping[str, Any]) -> tuple[str, ...] | None:
    """Return the key under which a new *record* of a OneRoster gradebook is kept as an Ed-Fi document."""
    match entity:
        case "lineItem":
            return str(record["id"]), NAMESPACE
        case "result" if "lineItem" in record and "student" in record:
            return (*record["lineItem"], *record["student"])
        case _:
            return None


def unread_fields(lens: Lens, record: Mapping[str, Any], document: Mapping[str, Any]) -> list[str]:
    """List the fields of *record* that a reader of the *document* would not find: what was lost by writing it."""
    found = lens.read(document)
    return sorted(
        name
        for name, value in record.items()
        if name not in OWN and "@" not in name and not (name in found and agrees(value, found[name]))
    )


def _entry(document: Mapping[str, Any], record: Mapping[str, Any]) -> Document:
    """Name an entry by the id it was written under, with the type that its category stands for."""
    whole = dict(document)
    if category := record.get("category"):
        whole.pop(TYPE, None)
        if category[0] != UNCATEGORIZED and (kind := outward("gradebookEntryType", "edfi")(category[0])):
            whole[TYPE] = record.get("kind@edfi", kind) if category[0] == record.get("kind") else kind
    section = whole.get("sectionReference", {}).get("sectionIdentifier")
    required = {
        "gradebookEntryIdentifier": record.get("id") or _name(whole),
        "namespace": NAMESPACE,
        "sourceSectionIdentifier": section,
        "dateAssigned": whole.get("dueDate"),
    }
    return whole | {name: value for name, value in required.items() if value is not None and name not in whole}


def _result(document: Mapping[str, Any], record: Mapping[str, Any]) -> Document:
    """State in a result whether the work came late, where the record does."""
    late = record.get("late")
    name = "assignmentLateStatusDescriptor"
    if late is None or f"edfi.studentGradebookEntries.{name}" in record:
        return dict(document)
    return {**document, name: LATE[late]}


def _name(document: Mapping[str, Any]) -> str:
    """Make a name for an entry that came without one, the same for the same entry."""
    return sha256(repr(sorted(document.items())).encode()).hexdigest()[:32]
