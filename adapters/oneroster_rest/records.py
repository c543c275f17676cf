"""Documents of a OneRoster API as the rows of OneRoster's files, so that the same lenses read both."""

from __future__ import annotations

from collections import defaultdict
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Final

from adapters.files.csv_checks import Check
from adapters.notes import reason_of
from adapters.oneroster import set_aside_rows
from adapters.oneroster.tables import CsvTable
from adapters.oneroster_rest.members import (
    day_of,
    list_of,
    object_of,
    pairs_of,
    quoted,
    text_of,
    truth_of,
    word_of,
    year_of,
)
from standards.errors import SourceBroken
from standards.oneroster import model, rest_lenses
from standards.oneroster.csv import specification
from standards.oneroster.resources.classification import ACTIVE, BLANKS, PERSON_OF, STATUS, STUDENT, gone, person_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from adapters.contract import Aside, Notes

    Document = dict[str, Any]

FILES: Final = {
    "orgs": "orgs.csv", "academicSessions": "academicSessions.csv", "courses": "courses.csv", "classes": "classes.csv",
    "users": "users.csv", "demographics": "demographics.csv", "enrollments": "enrollments.csv",
    "resources": "resources.csv",
}  # fmt: skip
OWNERS: Final = {"courses": "course", "classes": "class", "users": "user"}
UNTOLD: Final = frozenset({"status", "dateLastModified", "children", "metadata", "resources", "roles", "userProfiles"})
ROLES: Final = ("sourcedId", "userSourcedId", "roleType", "role", "beginDate", "endDate", "orgSourcedId",
                "userProfileSourcedId")  # fmt: skip
PROFILES: Final = ("sourcedId", "userSourcedId", "profileType", "vendorId", "applicationId", "description",
                   "credentialType", "username")  # fmt: skip


def member_of(column: str) -> str:
    """Return the member of a document for a *column* of the file."""
    return "metadata" if column.startswith(specification.METADATA) else specification.member_of(column)


class DocumentRows:
    """The rows that the documents of one *collection* become, collected page by page; *members* None means all.

    A document that cannot be understood is set aside once the tables are asked for; a *strict* one is refused.
    """

    def __init__(
        self,
        version: str,
        collection: str,
        notes: Notes,
        members: frozenset[str] | None = None,
        *,
        strict: bool = False,
    ) -> None:
        self._strict = strict
        self._aside: list[Aside] = []
        self._numbers: list[int] = []
        self.collection, self._notes, self._members = collection, notes, members
        self._file = FILES[collection]
        self._version = version
        self._cells = _cells(version, self._file)
        if members is not None:
            self._cells = tuple(pair for pair in self._cells if member_of(pair[0]) in members)
        self._known = {member_of(column) for column in specification.files(version)[self._file].columns} | UNTOLD
        self._rows: list[list[Any]] = []
        self._open: dict[int, dict[str, Any]] = {}
        self._more: dict[str, list[list[Any]]] = defaultdict(list)
        self._count = 0

    def add(self, documents: Sequence[Document]) -> None:
        """Add one more page of documents."""
        for document in documents:
            place = f"{self.collection}[{self._count}]"
            self._count += 1
            kept = {name: len(rows) for name, rows in self._more.items()}
            try:
                if is_there(document, place, self.collection, self._notes):
                    self._take(document, place)
            except SourceBroken as error:
                if self._strict:
                    raise
                self._leave(document, error, kept)

    def _leave(self, document: Document, error: SourceBroken, kept: Mapping[str, int]) -> None:
        """Set a document aside, with all rows taken from it; *kept* is the number of rows before it."""
        for name, rows in self._more.items():
            del rows[kept.get(name, 0) :]
        self._open.pop(len(self._rows), None)

        def cell(column: str) -> str:
            found = document.get(member_of(column))
            return found if isinstance(found, str) else ""

        self._aside.append(set_aside_rows.aside(self._file, cell, error.place, reason_of(error.message)))

    def tables(self) -> Iterator[CsvTable]:
        """Yield the tables that the rows make, link tables before the tables they link."""
        for row in self._aside:
            self._notes.set_aside(row)
        for name, rows in self._more.items():
            if name != f"{self._file}":
                yield CsvTable(name, _columns_of(name), iter(list(enumerate(rows, 1))))
        names = tuple(dict.fromkeys(name for found in self._open.values() for name in found))
        columns = (*(column for column, _ in self._cells), *names)
        yield CsvTable(self._file, columns, self._whole(names), f"{self.collection}[{{line}}]")

    def kinds(self, stated: Callable[[CsvTable], dict[str, str]]) -> dict[str, str]:
        """Return the kind of every user by the one role of 1.1."""
        columns = tuple(column for column, _ in self._cells)
        return stated(CsvTable(self._file, columns, iter(list(enumerate(self._rows)))))

    def _whole(self, names: tuple[str, ...]) -> Iterator[tuple[int, list[Any]]]:
        for number, row in enumerate(self._rows):
            found = self._open.get(number, {})
            yield self._numbers[number], [*row, *(found.get(name, "") for name in names)]

    def _wants(self, name: str) -> bool:
        return self._members is None or name in self._members

    def _take(self, document: Document, place: str) -> None:
        for name, value in document.items():
            if name not in self._known:
                self._notes.note(f"{self.collection}: unknown member {name[:80]}")
            elif value is None:
                self._notes.note(f"{self.collection}: {name} is null")
        if self._file == "users.csv":
            self._user(document, place)
        self._resources(document, place)
        self._metadata(document, place)
        self._rows.append([read(document, place) for _, read in self._cells])
        self._numbers.append(self._count - 1)

    def _metadata(self, document: Document, place: str) -> None:
        found = document.get("metadata")
        if not found or not self._wants("metadata"):
            return
        if not isinstance(found, dict):
            raise SourceBroken("The member is no object.", f"{place}.metadata")
        kept = {
            specification.METADATA + name: value for name, value in found.items() if value is not None and value != ""
        }
        if kept:
            self._open[len(self._rows)] = kept

    def _resources(self, document: Document, place: str) -> None:
        owner = OWNERS.get(self.collection) if self._wants("resources") else None
        for number, found in enumerate(list_of(document, "resources", place) if owner else ()):
            resource = reference(found, f"{place}.resources[{number}]")
            self._more[f"{owner}Resources.csv"].append([document["sourcedId"], resource])

    def _user(self, document: Document, place: str) -> None:
        """Add the rows of the tables in which the files state more about a user."""
        user = document["sourcedId"]
        if document.get("password"):
            self._notes.note("users: a password is never kept")
        document.pop("password", None)
        stated = self._stated_roles(document, place)
        if self._version == "1.1":
            if stated:
                _as_old(document, stated)
            if self._wants("orgs") and not list_of(document, "orgs", place):
                raise SourceBroken("The list is missing.", f"{place}.orgs")
            return
        if not stated or (STUDENT not in _roles_in(stated) and _role(document, place) == STUDENT):
            stated += _as_new(document, place)
        times: dict[str, int] = defaultdict(int)
        for number, role in enumerate(stated):
            org = needed(role, "org", f"{place}.roles[{number}]")
            times[org] += 1
            key = f"{user}:{org}" + (f":{times[org]}" if times[org] > 1 else "")
            days = [day_of(role.get(name), f"{place}.roles[{number}].{name}") for name in ("beginDate", "endDate")]
            profile = text_of(role.get("userProfile"), f"{place}.roles[{number}].userProfile")
            self._more["roles.csv"].append([key, user, role["roleType"], role["role"], *days, org, profile])
        if not self._wants("userProfiles"):
            return
        for number, found in enumerate(list_of(document, "userProfiles", place)):
            self._profile(user, object_of(found, f"{place}.userProfiles[{number}]"), f"{place}.userProfiles[{number}]")

    def _stated_roles(self, document: Document, place: str) -> list[Document]:
        """Return the roles of a user in the way of 1.2, without deleted ones, in the words of the standard."""
        found = []
        columns = specification.files("1.2")["roles.csv"].columns
        for number, item in enumerate(list_of(document, "roles", place)):
            here = f"{place}.roles[{number}]"
            role = object_of(item, here)
            if is_there(role, here, "users: role", self._notes):
                words = {
                    name: word_of(role.get(name), columns[name], f"{here}.{name}") for name in ("roleType", "role")
                }
                found.append({**role, **words})
        return found

    def _profile(self, user: str, profile: Document, place: str) -> None:
        names = ("profileId", "profileType", "vendorId", "applicationId", "description")
        identity, *texts = (text_of(profile.get(name), f"{place}.{name}") for name in names)
        first: Document = {}
        for number, found in enumerate(list_of(profile, "credentials", place)):
            credential = object_of(found, f"{place}.credentials[{number}]")
            if "password" in credential:
                self._notes.note("users: a password is never kept")
            if number:
                self._notes.note("users: a second credential of a profile is not kept")
            first = first or credential
        said = [text_of(first.get(name), f"{place}.credentials") for name in ("type", "username")]
        self._more["userProfiles.csv"].append([identity, user, *texts, *said])


def reference(value: Any, place: str) -> str:
    """Return the id of a reference's target; empty where there is none."""
    if value is None or value in ("", {}):
        return ""
    if isinstance(value, dict):
        found = value.get("sourcedId")
        if found is None and isinstance(value.get("href"), str):
            found = value["href"].rstrip("/").rpartition("/")[2]
        value = found
    if isinstance(value, str) and value and value.isprintable() and "," not in value:
        return value
    raise SourceBroken("The reference has no sourcedId that can be one.", place)


def needed(document: Mapping[str, Any], name: str, place: str) -> str:
    """Return the id of a required reference's target."""
    found = reference(document.get(name), f"{place}.{name}")
    if not found:
        raise SourceBroken("The reference is missing.", f"{place}.{name}")
    return found


def plain(version: str, entity: str, document: Mapping[str, Any]) -> Document:
    """Return a document of the gradebook without nulls and unknown members, its numbers as numbers."""
    known = model.classes(version)[rest_lenses.CLASSES[entity]]
    kept = {name: value for name, value in document.items() if value is not None and name in known}
    for name, value in kept.items():
        if known[name].type == "float" and isinstance(value, str):
            try:
                kept[name] = int(value) if value.lstrip("-").isdecimal() else float(value)
            except ValueError:
                place = f"{rest_lenses.COLLECTIONS[entity]}.{name}"
                raise SourceBroken("The member is no number.", place) from None
    return kept


def is_there(document: Mapping[str, Any], place: str, what: str, notes: Notes) -> bool:
    """Tell whether a document is not deleted, noting one that is; one without a status counts, as in files."""
    if document.get("status") == ACTIVE:
        return True
    status = text_of(document.get("status"), f"{place}.status")
    if status and STATUS.find(status) is None:
        raise SourceBroken("status is not one of the listed values.", f"{place}.status")
    if how := gone(status):
        notes.note(f"{what}: {how} document")
        own = document.get("sourcedId")
        if isinstance(own, str) and (entity := set_aside_rows.ENTITIES.get(f"{what}.csv")):
            notes.depart(entity, (own.strip(BLANKS),))
    return not how


def _as_old(document: Document, roles: Sequence[Document]) -> None:
    """Give a 1.1 user with the roles of 1.2 the members of 1.1: the deciding role, and where it applies.

    A student's role counts before all; any other only where the user states none in the way of 1.1.
    """
    kind = person_of(role["role"] for role in roles)
    if kind != STUDENT and document.get("role"):
        return
    alike = [role for role in roles if PERSON_OF.get(role["role"]) == kind]
    chosen = next((role for role in alike if role["roleType"] == "primary"), alike[0])
    document["role"] = chosen["role"]
    document["orgs"] = [role["org"] for role in alike if role.get("org")]


def _as_new(document: Document, place: str) -> list[Document]:
    """Return the roles of a 1.2 user that has the members of 1.1."""
    orgs = document.get("orgs")
    role = _role(document, place)
    if not role or not isinstance(orgs, list):
        return []
    kinds = ("primary", *("secondary" for _ in orgs[1:]))
    return [{"roleType": kind, "role": role, "org": org} for kind, org in zip(kinds, orgs, strict=False)]


def _role(document: Document, place: str) -> str:
    """Return the one role of a user in the way of 1.1; empty where it states none."""
    column = specification.files("1.2")["roles.csv"].columns["role"]
    return word_of(document["role"], column, f"{place}.role") if document.get("role") is not None else ""


def _roles_in(roles: Sequence[Document]) -> set[str]:
    return {role["role"] for role in roles}


@cache
def _cells(version: str, file: str) -> tuple[tuple[str, Callable[[Document, str], Any]], ...]:
    """Make the functions that find the cell of each column in a document."""
    class_name = specification.CLASSES[file.removesuffix(".csv")]
    columns = specification.files(version)[file].columns
    members = model.classes(version)[class_name]
    return tuple(
        (name, _cell(column, members.get(member_of(name))))
        for name, column in columns.items()
        if name not in {specification.STATUS, "dateLastModified", "password"}
    )


def _cell(column: specification.Column, member: model.Member | None) -> Callable[[Document, str], Any]:
    name = member_of(column.name)
    if column.closed:
        return lambda document, place: word_of(document.get(name), column, f"{place}.{name}")
    if column.kind == "guids" and column.name != specification.ID:
        return lambda document, place: ",".join(
            reference(item, f"{place}.{name}[{number}]")
            for number, item in enumerate(list_of(document, name, place))
            if item
        )
    if column.refers and column.name != specification.ID:
        return (
            (lambda document, place: needed(document, name, place))
            if column.required
            else lambda document, place: reference(document.get(name), f"{place}.{name}")
        )
    if column.kind == "pairs":
        return lambda document, place: pairs_of(list_of(document, name, place), f"{place}.{name}")
    if member is not None and member.many:
        return lambda document, place: ",".join(
            quoted(text_of(item, f"{place}.{name}")) for item in list_of(document, name, place) if item is not None
        )
    kinds = {"boolean": truth_of, "date": day_of, "year": year_of}
    read = partial(_word, Check(column)) if column.kind == "enum" else kinds.get(column.kind, text_of)
    return lambda document, place: read(document.get(name), f"{place}.{name}")


def _word(check: Check, value: Any, place: str) -> str:
    """Return a word of an open list as the standard writes it, or unchanged where the standard does not know it."""
    text = text_of(value, place)
    return text and (check.read(text) or text)


def _columns_of(name: str) -> tuple[str, ...]:
    if name == "roles.csv":
        return ROLES
    if name == "userProfiles.csv":
        return PROFILES
    return (f"{name.removesuffix('Resources.csv')}SourcedId", "resourceSourcedId")
