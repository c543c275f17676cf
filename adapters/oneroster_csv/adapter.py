"""A district that exports OneRoster bulk files, 1.1 or 1.2, into a folder or a zip."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from marshmallow import Schema, fields, validate

from adapters.contract import NO_HINTS, Adapter, Manifest, Notes, Problem, finisher
from adapters.files.archives import Caps, open_source
from adapters.oneroster import tables
from adapters.oneroster.end_dates import INCLUSIVE, end_dates
from adapters.oneroster.gradebook import Gradebook
from adapters.oneroster.people import People, stated_kinds
from adapters.oneroster.records import FILES, Materials, Places, Schools, Task
from adapters.oneroster.tables import Tolerance, manifest
from standards.errors import SourceBroken
from standards.oneroster.csv import specification

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from adapters.contract import Hints, Record, Wanted
    from adapters.files.archives import Source
    from adapters.oneroster.records import Found
    from adapters.oneroster.tables import Table

CAPS = Caps(members=60)
ROWS = frozenset({"placement", "teaching"})  # many, and read with the wanted fields only


class FilesSettings(Schema):
    """Where the files are, and which of their faults are put up with."""

    source = fields.String(
        required=True,
        validate=validate.Length(min=1),
        metadata={"path": True, "description": "The folder or the zip with the CSV files."},
    )
    dangling = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.OneOf(("refuse", "drop")),
        metadata={
            "description": "No longer used: the district's settings `set_aside` and `unresolved` say how many rows may"
            " be set aside, and how many references may lead nowhere."
        },
    )
    end_dates = end_dates()
    allow_missing_manifest = fields.Boolean(
        load_default=False, metadata={"description": "Whether files without a manifest.csv are read as bulk files."}
    )


class OneRosterCsv(Adapter):
    """OneRoster CSV bulk files in a folder or a zip."""

    name = "oneroster_csv"
    declares = True
    Settings = FilesSettings

    def __init__(self, district: str, settings: Mapping[str, Any]) -> None:
        super().__init__(district, settings)
        self._path = Path(self.settings["source"])
        self._tolerance = Tolerance(self.settings["allow_missing_manifest"])

    @property
    def manifest(self) -> Manifest:
        """Every entity of a roster; the files know no questions, so all of them is read each time."""
        return Manifest(frozenset(FILES))

    def check(self) -> list[Problem]:
        """The first mistake of every file for which it cannot be read; single rows are told of by reading."""
        problems: dict[str, Problem] = {}
        try:
            with self._open() as source:
                version = manifest(source, Notes(), self._tolerance).version
                for name in specification.files(version):
                    if problem := self._mistake(source, name):
                        problems.setdefault(problem.place, problem)
        except SourceBroken as error:
            return [_problem(error)]
        return list(problems.values())

    def read(self, wanted: Wanted, hints: Hints = NO_HINTS) -> Iterator[tuple[str, Record]]:  # noqa: ARG002  files know no questions
        """Every record of the *wanted* entities, with the wanted fields only."""
        self.notes.clear()
        if self.settings["dangling"]:
            self.notes.remark(f"districts.{self.district}", "dangling is no longer used; see set_aside and unresolved")
        with self._open() as source:
            version = manifest(source, Notes(), self._tolerance).version
            task = Task(version, wanted, self.notes, self.settings["end_dates"] == INCLUSIVE, self.district)
            files = task.files()
            old = version == "1.1" and "users.csv" in files
            kinds = self._stated_kinds(source) if old else {}
            finish = finisher(self, wanted, whole=ROWS)
            for entity, record in records(task, tables.read(source, files, self.notes, self._tolerance), kinds):
                yield entity, finish(entity, record)

    def stamp(self) -> str:
        """A text that changes whenever the files may have changed."""
        with self._open() as source:
            return source.stamp()

    def _open(self) -> Source:
        return open_source(self._path, caps=CAPS)

    def _mistake(self, source: Source, name: str) -> Problem | None:
        try:
            for table in tables.read(source, (name,), Notes(), self._tolerance):
                for _ in table.rows:
                    pass
        except SourceBroken as error:
            return _problem(error)
        return None

    def _stated_kinds(self, source: Source) -> dict[str, str]:
        kinds: dict[str, str] = {}
        for table in tables.read(source, ("users.csv",), Notes(), self._tolerance):
            kinds = stated_kinds(table)
        return kinds


def records(task: Task, given: Iterator[Table], kinds: dict[str, str]) -> Found:
    """Every record of the wanted entities that the *given* tables make; in 1.1 *kinds* says what every user is."""
    places, materials = Places(), Materials(task)
    schools, people = Schools(task, places, materials), People(task, places, materials, kinds)
    gradebook = Gradebook(task, places)
    takes: dict[str, Callable[[Table], Found]] = {
        "orgs.csv": schools.organizations,
        "academicSessions.csv": schools.sessions,
        "resources.csv": schools.resources,
        "courseResources.csv": lambda table: materials.add(table, "course"),
        "courses.csv": schools.courses,
        "classResources.csv": lambda table: materials.add(table, "class"),
        "classes.csv": schools.classes,
        "userProfiles.csv": people.accounts,
        "userResources.csv": lambda table: materials.add(table, "user"),
        "demographics.csv": people.demographics,
        "roles.csv": people.roles,
        "users.csv": people.users,
        "enrollments.csv": people.enrollments,
        **gradebook.takes(),
    }
    for table in given:
        yield from takes[table.name](table)
    yield from schools.rest()
    yield from people.rest()


def _problem(error: SourceBroken) -> Problem:
    return Problem(error.message.removeprefix(f"{error.place}: "), error.place)
