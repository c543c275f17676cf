"""The adapter for OneRoster bulk files, 1.1 or 1.2, exported into a folder or a zip."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from marshmallow import Schema, fields, validate

from adapters.contract import NO_HINTS, Adapter, Manifest, Notes, Problem, finisher
from adapters.files.archives import Caps, open_source, stamp_of
from adapters.oneroster import tables
from adapters.oneroster.end_dates import INCLUSIVE, end_dates
from adapters.oneroster.people import stated_kinds
from adapters.oneroster.records import FILES, Task
from adapters.oneroster.tabled_records import ROWS, records
from adapters.oneroster.tables import Tolerance, manifest
from adapters.uploads import UPLOADED
from standards.errors import SourceBroken
from standards.oneroster.csv import specification

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from adapters.contract import Hints, Record, Wanted
    from adapters.files.archives import Source
    from adapters.uploads import DeliveredFile

CAPS = Caps(members=60)


class FilesSettings(Schema):
    """The settings of the files, and of the faults in them that are accepted."""

    source = fields.String(
        required=True,
        validate=validate.Length(min=1),
        metadata={"path": True, "upload": True, "description": "The folder or the zip with the CSV files."},
    )
    dangling = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.OneOf(("refuse", "drop")),
        metadata={
            "obsolete": True,
            "description": "No longer used: the district's settings `set_aside` and `unresolved` say how many rows may"
            " be set aside, and how many references may lead nowhere.",
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
        self._uploads = self.settings["source"] == UPLOADED
        self._tolerance = Tolerance(self.settings["allow_missing_manifest"])

    @property
    def manifest(self) -> Manifest:
        """Every entity of a roster; files answer no queries, so all of them is read each time."""
        return Manifest(frozenset(FILES))

    def check(self) -> list[Problem]:
        """Return the first fault of every file for which it cannot be read; single rows are reported by reading."""
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
        """Yield every record of the *wanted* entities, with the wanted fields only."""
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
        """Return a text that changes whenever the files may have changed."""
        if self._uploads:
            return stamp_of(self.uploaded())
        with self._open() as source:
            return source.stamp()

    def delivered(self) -> DeliveredFile:
        """Describe the files."""
        if self._uploads:
            return self.uploaded().delivered
        with self._open() as source:
            return source.delivered()

    def _open(self) -> Source:
        return open_source(self.uploaded() if self._uploads else Path(self.settings["source"]), caps=CAPS)

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


def _problem(error: SourceBroken) -> Problem:
    return Problem(error.message.removeprefix(f"{error.place}: "), error.place)
