"""Rows of OneRoster's bulk files put together as the records of one roster."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from adapters.files.csv_checks import parts
from adapters.oneroster.school_sessions import Calendar, term_key
from standards.edfi.from_oneroster.key_texts import key_text, number_text
from standards.edfi.model import links
from standards.edfi.model.references import organization_id
from standards.lenses.lens import same
from standards.oneroster.csv import specification
from standards.oneroster.csv.roster_lenses import lens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from adapters.contract import Notes, Record, Wanted
    from adapters.oneroster.tables import CsvTable
    from standards.lenses.lens import Lens, Pair

    Row = list[str]
    Cell = Callable[[Row], str]
    Read = Callable[[Row], Record]
    Found = Iterator[tuple[str, Record]]

USERS: Final = ("userProfiles.csv", "userResources.csv", "demographics.csv", "roles.csv", "users.csv")
CLASS_FILES: Final = ("academicSessions.csv", "classes.csv", "roles.csv", "users.csv", "enrollments.csv")
FILES: Final = {
    "organization": ("orgs.csv",),
    "session": ("academicSessions.csv",),
    "schoolSession": ("academicSessions.csv", "classes.csv"),
    "edfi.schoolYearTypes": ("academicSessions.csv",),
    "edfi.locations": ("orgs.csv", "classes.csv"),
    "resource": ("resources.csv",),
    "course": ("courseResources.csv", "courses.csv"),
    "offering": ("courses.csv", "classes.csv"),
    "section": ("classResources.csv", "classes.csv"),
    "student": USERS,
    "staff": USERS,
    "contact": USERS,
    "guardianship": ("roles.csv", "users.csv"),
    "profile": USERS,
    "enrollment": CLASS_FILES,
    "employment": CLASS_FILES,
    "placement": CLASS_FILES,
    "teaching": CLASS_FILES,
    "studentInvolvement": CLASS_FILES,
    "staffInvolvement": CLASS_FILES,
    "contactInvolvement": CLASS_FILES,
    "gradebookCategory": ("categories.csv",),
    "scoreScale": ("scoreScales.csv",),
    "lineItem": (
        "academicSessions.csv",
        "lineItemLearningObjectiveIds.csv",
        "lineItemScoreScales.csv",
        "lineItems.csv",
    ),
    "result": ("resultLearningObjectiveIds.csv", "resultScoreScales.csv", "results.csv"),
}
ORDER: Final = (
    "orgs.csv", "academicSessions.csv", "resources.csv", "courseResources.csv", "courses.csv", "classResources.csv",
    "classes.csv", *USERS, "enrollments.csv", "scoreScales.csv", "categories.csv", *FILES["lineItem"][1:],
    *FILES["result"],
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Task:
    """The task of reading the files of a *version*; facts that no record can hold are counted in *notes*.

    Their end dates are the day after the last day, unless the source's are *inclusive*.
    """

    version: str
    wanted: Wanted
    notes: Notes
    inclusive: bool = False
    district: str = ""

    def files(self) -> tuple[str, ...]:
        """Return the files that the wanted entities are made of, in the order in which they are read."""
        names = {name for entity in self.wanted for name in FILES.get(entity, ())}
        if self.version == "1.1" and "users.csv" in names:
            names.add("orgs.csv")  # the organization decides the kind of administrator
        return tuple(name for name in ORDER if name in names and name in specification.files(self.version))

    def asks_for(self, entity: str) -> bool:
        """Tell whether records of *entity* are wanted."""
        return entity in self.wanted

    def asks(self, entity: str, name: str) -> bool:
        """Tell whether a field is wanted."""
        fields = self.wanted.get(entity, frozenset())
        return fields is None or name in fields

    def reader(self, file: str, columns: Sequence[str], entity: str, version: str = "") -> Read | None:
        """Make the function that reads rows of a *file* as records of *entity*; None where it is not wanted."""
        narrow = self.lens(file, entity, version)
        return narrow.reader(columns) if narrow else None

    def lens(self, file: str, entity: str, version: str = "") -> Lens | None:
        """Return the lens from a *file* to the wanted fields of *entity*; None where it is not wanted."""
        if entity not in self.wanted:
            return None
        whole, fields = lens(version or self.version, file, entity), self.wanted[entity]
        if self.inclusive:
            whole = replace(whole, pairs=tuple(map(last_day, whole.pairs)))
        if fields is None:
            return whole
        groups = {name.partition(".")[0] for name in fields} | fields | {"id"}
        pairs = tuple(pair for pair in whole.pairs if groups.intersection(pair.fields) or _heads(pair.fields) & fields)
        return replace(whole, pairs=pairs)


@dataclass(slots=True)
class SchoolFacts:
    """The facts about schools and classes that other rows need: the *schools* of classes, and start dates.

    *periods* are the sessions that are grading periods; *calendar* holds which school keeps which of them.
    """

    districts: set[str] = field(default_factory=set)
    starts: dict[str, str] = field(default_factory=dict)
    periods: set[str] = field(default_factory=set)
    schools: dict[str, str] = field(default_factory=dict)
    class_starts: dict[str, str] = field(default_factory=dict)
    calendar: Calendar = field(default_factory=Calendar)

    @property
    def earliest(self) -> str:
        """The day on which the first session starts; empty where none does."""
        return min(filter(None, self.starts.values()), default="")


class Materials:
    """The resources that courses, classes and users have."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._links: dict[tuple[str, str], list[tuple[str, ...]]] = defaultdict(list)

    def add(self, table: CsvTable, owner: str) -> Found:
        """Note the owner of each resource; yield nothing, since that alone makes no record."""
        whose, what = cell(table, f"{owner}SourcedId"), cell(table, "resourceSourcedId")
        where = [cell(table, f"{name}SourcedId") for name in ("org", "class") if owner == "user"]
        for _, row in table.rows:
            links = self._links[owner, whose(row)]
            if (link := (what(row),)) not in links:
                links.append(link)
            if any(place(row) for place in where):
                self._task.notes.note(f"{table.name}: where a user has a resource is not kept")
        yield from ()

    def give(self, record: Record, owner: str, whose: str, entity: str) -> Record:
        """Add its resources to *record*."""
        links = self._links.pop((owner, whose), None)
        if links and self._task.asks(entity, "resources"):
            record["resources"] = links
        return record


class Schools:
    """Organizations, sessions, courses, offerings, sections and resources."""

    def __init__(self, task: Task, places: SchoolFacts, materials: Materials) -> None:
        self._task, self._places, self._materials = task, places, materials
        self._codes: dict[str, str] = {}
        self._numbers: dict[str, str] = {}
        self._known_rooms: set[tuple[str, str]] = set()

    def organizations(self, table: CsvTable) -> Found:
        """Yield every organization, remembering districts."""
        identity, kind, number = (cell(table, name) for name in (specification.ID, "type", "identifier"))
        read = self._task.reader(table.name, table.columns, "organization")
        for _, row in table.rows:
            if kind(row) == "district":
                self._places.districts.add(identity(row))
            own = identity(row)
            self._numbers[own] = number(row) or number_text(self._task.district, own)
            if read:
                record = read(row)
                if self._task.asks("organization", "derivedIdentifier"):
                    record["derivedIdentifier"] = number_text(self._task.district, own)
                yield "organization", record

    def sessions(self, table: CsvTable) -> Found:
        """Yield every session, remembering when it starts."""
        names = (specification.ID, "startDate", "type", "parentSourcedId", "schoolYear", "title")
        identity, start, kind, parent, year, title = (cell(table, name) for name in names)
        read = self._task.reader(table.name, table.columns, "session")
        for _, row in table.rows:
            self._places.starts[identity(row)] = start(row)
            self._places.calendar.state(identity(row), kind(row), parent(row), year(row))
            if kind(row) == "gradingPeriod":
                self._places.periods.add(identity(row))
            if read:
                record = read(row)
                if self._task.asks("session", "derivedName"):
                    record["derivedName"] = key_text(title(row), identity(row))
                yield "session", record

    def resources(self, table: CsvTable) -> Found:
        """Yield every resource."""
        if read := self._task.reader(table.name, table.columns, "resource"):
            for _, row in table.rows:
                yield "resource", read(row)

    def courses(self, table: CsvTable) -> Found:
        """Yield every course, remembering its code for its offerings."""
        identity, code = cell(table, specification.ID), cell(table, "courseCode")
        read = self._task.reader(table.name, table.columns, "course")
        for _, row in table.rows:
            course = identity(row)
            self._codes[course] = code(row)
            if read:
                record = self._materials.give(read(row), "course", course, "course")
                if self._task.asks("course", "derivedCode"):
                    record["derivedCode"] = key_text(code(row), course)
                yield "course", record

    def classes(self, table: CsvTable) -> Found:
        """Yield every class as a section, and its part that several classes share as an offering."""
        names = (specification.ID, "courseSourcedId", "schoolSourcedId", "termSourcedIds", "location")
        identity, course, school, terms, location = (cell(table, name) for name in names)
        read = self._task.reader(table.name, table.columns, "section")
        offer = self._task.reader(table.name, table.columns, "offering")
        common = lens(self._task.version, table.name, "offering").reader(table.columns)
        offered: set[tuple[str, ...]] = set()
        for _, row in table.rows:
            section, sessions = identity(row), parts(terms(row))
            self._places.schools[section] = school(row)
            self._places.calendar.teach(school(row), sessions)
            starts = [start for session in sessions if (start := self._places.starts.get(session))]
            self._places.class_starts[section] = min(starts, default="")
            key = (*common(row)["key"], *sessions[:1]) if course(row) else ()
            if read:
                record = self._materials.give(read(row), "class", section, "section")
                if key and self._task.asks("section", "offering"):
                    record["offering"] = key
                if location(row) and self._task.asks("section", "locationSchool"):
                    record["locationSchool"] = (school(row),)
                if location(row) and self._task.asks("section", links.FIELD):
                    room = (location(row), school(row))
                    record[links.FIELD] = links.text(
                        [links.StatedReference("locationReference", None, "locations", key=room)]
                    )
                yield "section", record
            yield from self._rooms(school(row), location(row))
            if offer and key and key not in offered:
                offered.add(key)
                yield "offering", offer(row) | self._offering(key, sessions)

    def rest(self) -> Found:
        """Yield what needs every class known: which school keeps which sessions, in which years."""
        yield from self._places.calendar.records(self._task.asks_for)

    def _rooms(self, school: str, room: str) -> Found:
        """Yield the room of a class, where it is the first there and rooms are wanted."""
        if not room or not self._task.asks_for("edfi.locations") or (school, room) in self._known_rooms:
            return
        self._known_rooms.add((school, room))
        record: Record = {"key": (room, school), "classroomIdentificationCode": room, "schoolReference@": (school,)}
        if number := self._numbers.get(school):
            record["schoolReference.schoolId"] = organization_id(number)
        yield "edfi.locations", record

    def _offering(self, key: tuple[str, ...], sessions: list[str]) -> Record:
        record: Record = {"key": key}
        if self._task.asks("offering", "code"):
            record["code"] = self._codes.get(key[0]) or key[0]
        if self._task.asks("offering", "derivedCode"):
            record["derivedCode"] = key_text(self._codes.get(key[0], ""), key[0])
        if sessions and self._task.asks("offering", "session"):
            record["session"] = (sessions[0],)
        if sessions and self._task.asks("offering", "schoolSession"):
            record["schoolSession"] = term_key(key[1], sessions[0])
        return record


def cell(table: CsvTable, name: str) -> Cell:
    """Make the function that finds the cell under a heading; empty where there is no such column."""
    return cell_of(table.columns, name)


def cell_of(columns: Sequence[str], name: str) -> Cell:
    """Make the function that finds the cell under one of *columns*; empty where there is no such column."""
    if name not in columns:
        return lambda _row: ""
    return itemgetter(columns.index(name))


def last_day(pair: Pair) -> Pair:
    """Convert a *pair* for a source whose end dates are last days."""
    return same(pair.local_paths[0], pair.fields[0], "date") if pair.kind == "until" else pair


def _heads(fills: Sequence[str]) -> set[str]:
    """Return the groups that the fields of a pair are in."""
    return {name.partition(".")[0] for name in fills if "." in name}
