"""OneRoster files of one student: its own rows, and those of the classes, courses, terms and schools that they name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from standards import registry
from standards.oneroster.csv.export import BULK, ExportSheet, manifest
from standards.oneroster.csv.rows import told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from gateway.engine.view_rows import ViewRows
    from standards.view import View

    Record = dict[str, Any]

API, VERSION = "oneroster", "1.2"
ID: Final = "sourcedId"
MANIFEST: Final = "manifest.csv"
OF_STUDENT: Final = {"users": "student", "demographics": "student", "enrollments": "placement"}
"""The collections of the student's own rows, and the entity whose rows they are."""

REFERRED: Final = ("classes", "courses", "academicSessions", "orgs")
"""The collections of which only what is referred to goes along, each after those that refer to it."""

SINGULAR: Final = {"class": "classes", "course": "courses", "academicSession": "academicSessions", "org": "orgs"}
LEFT_OUT: Final = frozenset({"agents", "children", "email", "phone", "sms"})
"""Members that name other people, tell how to reach somebody, or lead to all that is below a term or a school."""

FILES: Final = {
    "users.csv": "users", "roles.csv": "users", "demographics.csv": "demographics", "enrollments.csv": "enrollments",
    "classes.csv": "classes", "courses.csv": "courses", "academicSessions.csv": "academicSessions", "orgs.csv": "orgs",
}  # fmt: skip
"""The files that a package can have beside the manifest, and their collections."""


def views_of(names: Iterable[str], pruned: Callable[[View], View | None]) -> dict[str, View]:
    """Return the released views behind the files with *names*."""
    known = registry.views(API)
    found = {FILES[name]: pruned(known[FILES[name]]) for name in names}
    return {name: view for name, view in found.items() if view is not None}


def files(names: frozenset[str], parts: Mapping[str, Sequence[ViewRows]], student: int) -> dict[str, tuple[bytes, int]]:
    """Write the files with *names*, each with the number of its records, and their manifest where there is any."""
    records = {name: _own(parts.get(name, ()), entity, student) for name, entity in OF_STUDENT.items()}
    for name in REFERRED:
        records[name] = _referred(parts.get(name, ()), name, records)
    written: dict[str, tuple[bytes, int]] = {}
    for one in told(VERSION):
        some = records[FILES[one.file.name]] if one.file.name in names else []
        if some:
            sheet = ExportSheet(one)
            written[one.file.name] = sheet.heading() + sheet.rows(some), len(some)
    if not written:
        return {}
    return {MANIFEST: (manifest(VERSION, dict.fromkeys(written, BULK)), 0)} | written


def _own(parts: Sequence[ViewRows], entity: str, student: int) -> list[Record]:
    """Return the student's own records of a collection."""
    found: list[Record] = []
    for part in parts:
        if part.branch.entity == entity:
            refs = part.visibility.judged.table(entity).refs.get("student", ())
            mine = [row for row in part.rows if (row if entity == "student" else refs[row]) == student]
            found += part.render(mine, "")
    return _completed(found)


def _referred(parts: Sequence[ViewRows], collection: str, records: Mapping[str, Iterable[Record]]) -> list[Record]:
    """Return the records of a collection that any other names, and those of it that these name in turn."""
    waiting = {named for some in records.values() for one in some for named in _named(one, collection)}
    found: dict[str, Record] = {}
    while waiting - found.keys():
        known = {key: one for part in parts for key, one in _rendered(part, waiting - found.keys())}
        if not known:
            break
        found |= known
        waiting = {named for one in known.values() for named in _named(one, collection)}
    return _completed(found.values())


def _rendered(part: ViewRows, ids: Iterable[str]) -> Iterator[tuple[str, Record]]:
    rows = [(one, part.visibility.row(part.branch.entity, one, part.view.api)) for one in sorted(ids)]
    seen = [(one, row) for one, row in rows if row is not None and row in part.members]
    yield from zip([one for one, _ in seen], part.render([row for _, row in seen], ""), strict=True)


def _named(value: Any, collection: str) -> Iterator[str]:
    """Yield the id in every reference to a record of *collection*."""
    if isinstance(value, dict):
        if ID in value and SINGULAR.get(value.get("type", "")) == collection:
            yield value[ID]
        for name, one in value.items():
            if name not in LEFT_OUT:
                yield from _named(one, collection)
    elif isinstance(value, list):
        for one in value:
            yield from _named(one, collection)


def _completed(records: Iterable[Record]) -> list[Record]:
    """Order records by id, without a time of change and without what is left out of every one."""
    made = [
        {"dateLastModified": "", "status": "active"}
        | {name: value for name, value in one.items() if name not in LEFT_OUT}
        for one in records
    ]
    return sorted(made, key=lambda one: str(one[ID]))
