"""The people of OneRoster's bulk files put together: users with their roles, schools and guardianships."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from adapters.files.csv_checks import parts
from adapters.notes import BELONGS, GONE, NO_ROLE, USER, Aside
from adapters.oneroster.records import cell, cell_of
from adapters.oneroster.set_aside_rows import MEMBERSHIPS, OF_A_USER, enrollment
from standards.codes import inward, outward
from standards.edfi.resources.lists import RACES
from standards.oneroster.csv import specification
from standards.oneroster.csv.roster_lenses import DIALECTS
from standards.oneroster.resources.classification import (
    CLASS_ENTITIES,
    CLASS_ROLES,
    PERSON_OF,
    STUDENT,
    class_entity,
    person_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from adapters.contract import Record
    from adapters.oneroster.records import Found, Materials, Read, Row, SchoolFacts, Task
    from adapters.oneroster.tables import CsvTable

PERSONS: Final = ("student", "staff", "contact")
ROLES: Final = "roles.csv"
RACE_TOKENS: Final = {race: token for race in RACES if (token := outward("race", "edfi")(race))}
ROLE_COLUMNS: Final = (specification.ID, "userSourcedId", "role", "orgSourcedId")


def stated_kinds(table: CsvTable) -> dict[str, str]:
    """Return the kind of every user by the one role that OneRoster 1.1 states with the user."""
    identity, role = cell(table, specification.ID), cell(table, "role")
    return {identity(row): kind for _, row in table.rows if (kind := person_of((role(row),)))}


class People:
    """Users as students, staff and contacts, with all that other files state about them.

    *kinds* is the kind of every user in 1.1; in 1.2 roles.csv states it. Rows that are needed later are kept as they
    are, and freed one by one.
    """

    def __init__(self, task: Task, places: SchoolFacts, materials: Materials, kinds: dict[str, str]) -> None:
        self._task, self._places, self._materials, self._kinds = task, places, materials, kinds
        self._accounts = _Kept()
        self._demographics = _Kept()
        self._roles = _Kept(ROLE_COLUMNS)
        self._family: dict[str, str] = {}
        self._ties: dict[tuple[str, str], None] = {}
        self._members: list[tuple[str, str, list[Row]]] = []
        self._first_days: dict[tuple[str, str], str] = {}
        self._jobs: list[list[Row]] = []

    def accounts(self, table: CsvTable) -> Found:
        """Keep the user profiles of every user."""
        return self._accounts.keep(table, "userSourcedId")

    def demographics(self, table: CsvTable) -> Found:
        """Keep the demographics of every user."""
        return self._demographics.keep(table, specification.ID)

    def roles(self, table: CsvTable) -> Found:
        """Keep the roles of every user, and the kind of person that they make of it."""
        yield from self._roles.keep(table, "userSourcedId")
        role = cell(table, "role")
        for user, rows in self._roles.rows.items():
            if kind := person_of(map(role, rows)):
                self._kinds[user] = kind

    def users(self, table: CsvTable) -> Found:
        """Yield every user as a person, with a staff member's employments."""
        identity, grades, password = (cell(table, name) for name in (specification.ID, "grades", "password"))
        readers = {kind: self._reader(table, kind) for kind in PERSONS}
        roles_of = self._stated_roles(table) if self._task.version == "1.1" else self._kept_roles
        tie = self._tying(table)
        for line, row in table.rows:
            user = identity(row)
            kind = self._kinds.get(user)
            if kind is None:
                self._task.notes.set_aside(Aside(USER, table.place(line), NO_ROLE, (user,), made=OF_A_USER))
                continue
            if password(row):
                self._task.notes.note("users.csv: a password is never kept")
            own, other = self._parted(kind, roles_of(user, row))
            tie(user, kind, row)
            if kind == STUDENT and "profile" in self._task.wanted:
                yield from self._profiles(user, own)
            if read := readers[kind]:
                yield kind, read(user, row, [*own, *other] if kind == "contact" else other)
            if kind == STUDENT and "enrollment" in self._task.wanted:
                self._members.append((user, grades(row), own))
            elif kind == "contact" and own:
                self._family[user] = cell_of(self._roles.columns, "role")(own[0])
            elif kind == "staff" and "employment" in self._task.wanted:
                self._jobs.append(own)

    def enrollments(self, table: CsvTable) -> Found:
        """Yield every enrollment as student or staff enrollment, by the kind of person and the role that it states."""
        names = ("userSourcedId", "classSourcedId", "schoolSourcedId", "beginDate", "role", specification.ID)
        user, section, school, begin, role, own = (cell(table, name) for name in names)
        readers = {entity: self._task.reader(table.name, table.columns, entity) for entity in CLASS_ENTITIES}
        derives = {entity for entity in CLASS_ROLES.values() if self._task.asks(entity, "derivedBegin")}
        schools, starts, days, note = (
            self._places.schools, self._places.class_starts, self._first_days, self._task.notes.note,
        )  # fmt: skip
        for line, row in table.rows:
            person, where, what = user(row), school(row) or schools.get(section(row), ""), role(row)
            if schools.get(section(row), where) != where:
                note("enrollments.csv: schoolSourcedId is not the school of the class")
            kind = self._kinds.get(person, "")
            entity = class_entity(kind, what)
            if not entity and (USER, (person,)) in self._task.notes.page.departed:
                note(f"{table.name}: {GONE}")
                continue
            if not entity:
                self._task.notes.set_aside(Aside(enrollment(what), table.place(line), NO_ROLE, (own(row),)))
                continue
            stated = begin(row)
            day = stated or starts.get(section(row)) or self._places.earliest
            as_such = (kind == STUDENT) == (what == STUDENT)  # helping in a class, a student is not yet at its school
            if day and as_such and day < days.get((person, where), "9"):
                days[person, where] = day
            if read := readers[entity]:
                record = read(row)
                if day and not stated and entity in derives:
                    record["derivedBegin"] = day
                yield entity, record

    def rest(self) -> Found:
        """Yield what needs every user known: guardianships and school enrollments."""
        if "guardianship" in self._task.wanted:
            for contact, student in self._ties:
                yield "guardianship", self._guardianship(contact, student)
        if member := self._task.reader(ROLES, self._roles.columns, "enrollment", "1.2"):
            level = inward("gradeLevel", DIALECTS[self._task.version].partition(".")[0])
            for user, grades, roles in self._members:
                stated = parts(grades)
                grade = level(stated[0]) if stated else ""
                for role in roles:
                    yield "enrollment", self._complete(member(role), user, role, grade)
        yield from self._employments()
        self._tell_left()

    def _tell_left(self) -> None:
        """Set aside the roles of users that are set aside themselves, and count rows about users that do not exist."""
        for file, kept in (("demographics.csv", self._demographics), ("userProfiles.csv", self._accounts)):
            if nobodys := kept.rows.keys() - self._kinds.keys():
                self._task.notes.note(f"{file}: dangling user", len(nobodys))
        role, own = (cell_of(self._roles.columns, name) for name in ("role", specification.ID))
        for row in (row for rows in self._roles.rows.values() for row in rows):
            if entity := MEMBERSHIPS.get(PERSON_OF.get(role(row), "")):
                self._task.notes.set_aside(Aside(entity, ROLES, BELONGS, (own(row),)))

    def _employments(self) -> Found:
        """Yield every role of staff as an employment, with a first day where the source states none."""
        employ = self._task.reader(ROLES, self._roles.columns, "employment", "1.2")
        user, begin, org = (
            cell_of(self._roles.columns, name) for name in ("userSourcedId", "beginDate", "orgSourcedId")
        )
        derive = self._task.asks("employment", "derivedBegin")
        if employ is None:
            return
        for roles in self._jobs:
            for role in roles:
                record = employ(role)
                day = self._first_days.get((user(role), org(role))) or self._places.earliest
                if day and derive and not begin(role):
                    record["derivedBegin"] = day
                yield "employment", record

    def _profiles(self, user: str, roles: list[Row]) -> Found:
        """Yield each school's profile of a student, with no more than the student's own record states.

        Races are a list there, and so are put down as one; a file may shout what is true.
        """
        org = cell_of(self._roles.columns, "orgSourcedId")
        races = [
            {race: token}
            for row in self._demographics.rows.get(user, ())[:1]
            for race, token in RACE_TOKENS.items()
            if cell_of(self._demographics.columns, race)(row).lower() == "true"
        ]
        for school in dict.fromkeys(map(org, roles)):
            record: Record = {"key": (user, school), "student": (user,), "organization": (school,)}
            _lay(record, "race", races)
            yield "profile", record

    def _reader(self, table: CsvTable, kind: str) -> Callable[[str, Row, list[Row]], Record] | None:
        """Make the function that reads a user as a person of a *kind*, with what other files state about it.

        Of its roles it is given those that stay with the person: they make no enrollment and no employment.
        """
        task, kinds = self._task, self._kinds
        read = task.reader(table.name, table.columns, kind)
        demographics = task.reader("demographics.csv", self._demographics.columns, kind)
        account = task.reader("userProfiles.csv", self._accounts.columns, kind, "1.2")
        role = task.reader(ROLES, self._roles.columns, kind, "1.2")
        if read is None:
            return None

        def person(user: str, row: Row, roles: list[Row]) -> Record:
            record = read(row)
            for more in self._demographics.take(user):
                record = demographics(more) | record if demographics else record
            _group(record, "accounts", account, self._accounts.take(user))
            _group(record, "roles", role, roles)
            if agents := record.pop("agents", None):
                _lay(record, "agents", [key for key in agents if kinds.get(key[0]) == "contact"])
            return self._materials.give(record, "user", user, kind)

        return person

    def _tying(self, table: CsvTable) -> Callable[[str, str, Row], None]:
        """Make the function that notes a user's agents: between a student and a contact they are a guardianship."""
        cell_of_agents, kinds, ties = cell(table, "agentSourcedIds"), self._kinds, self._ties

        def tie(user: str, kind: str, row: Row) -> None:
            agents = cell_of_agents(row)
            for agent in parts(agents) if agents else ():
                match kind, kinds.get(agent):
                    case "student", "contact":
                        ties[agent, user] = None
                    case "contact", "student":
                        ties[user, agent] = None
                    case (("contact" | "staff"), "contact"):
                        pass
                    case _:
                        self._task.notes.note("users.csv: an agent that is no contact")

        return tie

    def _parted(self, kind: str, roles: list[Row]) -> tuple[list[Row], list[Row]]:
        """Split somebody's *roles* into those of the person's own *kind* and all others."""
        role = cell_of(self._roles.columns, "role")
        own = [row for row in roles if PERSON_OF.get(role(row)) == kind]
        return own, [row for row in roles if PERSON_OF.get(role(row)) != kind]

    def _kept_roles(self, user: str, _row: Row) -> list[Row]:
        return self._roles.take(user)

    def _stated_roles(self, table: CsvTable) -> Callable[[str, Row], list[Row]]:
        """Return the roles that OneRoster 1.1 states with a user, as rows of a roles.csv; no sourcedId has a colon."""
        role_of, orgs_of = cell(table, "role"), cell(table, "orgSourcedIds")

        def roles(user: str, row: Row) -> list[Row]:
            role = role_of(row)
            return [[f"{user}:{org}", user, self._modern(role, org), org] for org in parts(orgs_of(row))]

        return roles

    def _modern(self, role: str, org: str) -> str:
        if role != "administrator":
            return role
        return "districtAdministrator" if org in self._places.districts else "siteAdministrator"

    def _guardianship(self, contact: str, student: str) -> Record:
        record: Record = {"key": (contact, student), "student": (student,), "contact": (contact,)}
        if (role := self._family.get(contact)) and self._task.asks("guardianship", "role"):
            record["role"] = role
        return record

    def _complete(self, record: Record, user: str, role: Row, grade: str) -> Record:
        """Add to an enrollment the student's grade, and a first day where the source states none."""
        school = cell_of(self._roles.columns, "orgSourcedId")(role)
        day = self._first_days.get((user, school)) or self._places.earliest
        if (
            day
            and not cell_of(self._roles.columns, "beginDate")(role)
            and self._task.asks("enrollment", "derivedEntry")
        ):
            record["derivedEntry"] = day
        if grade and self._task.asks("enrollment", "grade"):
            record["grade"] = grade
        return record


class _Kept:
    """Rows kept by user until the user comes."""

    def __init__(self, columns: tuple[str, ...] = ()) -> None:
        self.columns = columns
        self.rows: dict[str, list[Row]] = defaultdict(list)

    def keep(self, table: CsvTable, name: str) -> Found:
        """Keep every row of *table* for the user in the column *name*; yield nothing, since that makes no record."""
        self.columns, user = table.columns, cell(table, name)
        for _, row in table.rows:
            self.rows[user(row)].append(row)
        yield from ()

    def take(self, user: str) -> list[Row]:
        """Return the rows of a *user* and forget them."""
        return self.rows.pop(user, [])


def _group(record: Record, name: str, read: Read | None, rows: Sequence[Row]) -> None:
    """Put *rows* into *record* as the group *name*."""
    start = f"{name}."
    if read:
        found = [
            {key[len(start) :]: value for key, value in read(row).items() if key.startswith(start)} for row in rows
        ]
        _lay(record, name, [item for item in found if item])


def _lay(record: Record, name: str, value: list[Any]) -> None:
    if value:
        record[name] = value
