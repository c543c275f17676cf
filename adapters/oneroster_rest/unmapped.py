"""Ed-Fi facts of the gradebook that OneRoster has no member for: they travel in the documents' metadata."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from standards.codes import inward, is_descriptor, outward

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adapters.contract import Record

PREFIX = "edfi."
HOMES: Mapping[str, str] = MappingProxyType(
    {"lineItem": "oneroster.lineItems.metadata", "result": "oneroster.results.metadata"}
)
_ENTRY, _RESULT = "edfi.gradebookEntries.", "edfi.studentGradebookEntries."
UNMAPPED: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "lineItem": {
            **{f"{PREFIX}{name}": f"{_ENTRY}{name}" for name in (
                "gradebookEntryIdentifier", "namespace", "sourceSectionIdentifier", "dueTime", "learningStandards",
            )},
        },
        "result": {
            **{f"{PREFIX}{name}": f"{_RESULT}{name}" for name in (
                "assignmentLateStatusDescriptor", "competencyLevelDescriptor", "timeFulfilled",
            )},
            f"{PREFIX}numericGradeEarned": "grade",
            f"{PREFIX}submissionStatusDescriptor": "status@edfi",
        },
    }
)  # fmt: skip
EXACT: Final = "status@edfi"
"""The exact token of a status, which is the value itself where no other standard has a token for it."""


def packed(entity: str, record: Record) -> Record:
    """Put what OneRoster has no member for into the metadata of *record*."""
    if entity not in HOMES:
        return record
    names = UNMAPPED[entity]
    if EXACT in names.values() and EXACT not in record and is_descriptor(record.get("status", "")):
        record = record | {EXACT: record["status"]}
    extra = {member: record[name] for member, name in names.items() if name in record}
    own = {member: value for member, value in record.get(HOMES[entity], {}).items() if member not in names}
    rest = {name: value for name, value in record.items() if name not in {*names.values(), HOMES[entity]}}
    return rest | ({HOMES[entity]: own | extra} if own or extra else {})


def unpacked(entity: str, record: Record, dialect: str) -> Record:
    """Take what the metadata of *record*, read in *dialect*, hold for Ed-Fi back into the vocabulary's fields."""
    metadata: dict[str, Any] = record.get(HOMES.get(entity, ""), {})
    names = UNMAPPED.get(entity, {})
    if not names.keys() & metadata.keys():
        return record
    own = {member: value for member, value in metadata.items() if member not in names}
    found = {names[member]: value for member, value in metadata.items() if member in names}
    rest = {name: value for name, value in record.items() if name != HOMES[entity]}
    token = found.get(EXACT)
    if isinstance(token, str) and _is_value(token) and outward("scoreStatus", dialect)(token) == record.get("status"):
        found["status"] = found.pop(EXACT)
    return rest | ({HOMES[entity]: own} if own else {}) | found


def _is_value(token: str) -> bool:
    return is_descriptor(token) and inward("scoreStatus", "edfi")(token) == token


def wanted(entity: str, fields: frozenset[str]) -> frozenset[str]:
    """Add the metadata to *fields* where any of them, or its exact token, is read there."""
    names = {name.partition("@")[0] for name in UNMAPPED.get(entity, {}).values()}
    return fields | {HOMES[entity]} if fields & names else fields
