"""The check of keys: records of a source that share a key or an id, or lack a part of their Ed-Fi key."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from gateway.cache.snapshot import NO_ROW
from standards.edfi.model.references import NUMBERED, organization_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gateway.cache.snapshot import Snapshot

LISTS: Final = {
    "users": ("student", "staff", "contact"),
    "enrollments": ("placement", "teaching", "studentInvolvement", "staffInvolvement", "contactInvolvement"),
}
"""The OneRoster collections of several entities, whose ids must be unique across them."""

SCHOOLED: Final = ("enrollment", "section")
"""The entities that Ed-Fi has of schools alone."""


def doubled(found: Snapshot) -> Iterator[tuple[str, str]]:
    """Find shared ids and keys in a loaded district: where, and how many records."""
    if many := _more_than_once(_numbers(found)):
        yield "organization.identifier", f"{many} organizations have the number of another one in Ed-Fi"
    for entity in LISTS["users"]:
        table = found.table(entity)
        if many := _more_than_once(one.casefold() for one in table.ids):
            yield f"{entity}.id", f"{many} ids differ from another one in case only, which an ODS does not tell apart"
    for name, entities in LISTS.items():
        if many := _more_than_once(one for entity in entities for one in found.table(entity).ids):
            yield name, f"{many} ids are those of records of different kinds, and twice in the list"


def keyless(found: Snapshot) -> Iterator[tuple[str, str]]:
    """Find records without a whole Ed-Fi key in a loaded district: where, and how many records."""
    kinds = found.table("organization").columns.get("kind") or ()
    for entity in SCHOOLED:
        refs = found.table(entity).refs.get("school", ())
        if kinds and (many := sum(to >= 0 and kinds[to] not in {None, "school"} for to in refs)):
            yield f"{entity}.school", f"{many} are of an organization that is no school, which Ed-Fi does not know"
    sessions = found.table("offering").refs.get("session", ())
    if many := sum(to == NO_ROW for to in sessions):
        yield "offering.session", f"{many} name no session, and have no whole key in Ed-Fi"


def _numbers(found: Snapshot) -> Iterator[int]:
    """Yield the Ed-Fi number of every organization, whether it is stated or derived."""
    columns = [column for name in NUMBERED if (column := found.table("organization").columns.get(name))]
    for texts in zip(*columns, strict=True):
        if stated := next((text for text in texts if text), ""):
            yield organization_id(stated)


def _more_than_once(values: Iterable[object]) -> int:
    return sum(times - 1 for times in Counter(values).values())
