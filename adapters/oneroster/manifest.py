"""The manifest of a set of OneRoster bulk files, compared with the files that are there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from adapters.files.csv_checks import SURROGATE
from adapters.files.csv_reader import CsvSheet
from standards.errors import SourceBroken
from standards.oneroster.csv import specification

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from adapters.contract import Notes
    from adapters.files.archives import Source

VERSIONS: Final = ("1.1", "1.2")
HEADINGS: Final = ("propertyName", "value")
EDITION: Final = "1.0"
ROLES: Final = "roles.csv"
ROSTER: Final = frozenset(
    {"orgs.csv", "academicSessions.csv", "courses.csv", "classes.csv", "users.csv", ROLES, "enrollments.csv"}
)
"""The files that must be whole: without one of them lists would wrongly be empty."""

NO_ROLES: Final = (
    "OneRoster 1.2 tells in roles.csv what every user is, and that file is absent."
    " Where users.csv tells it, oneroster.version is 1.1."
)


@dataclass(frozen=True, slots=True)
class FileManifest:
    """The statements of a manifest; *modes* has every file of the *version*, absent where unnamed."""

    version: str
    modes: Mapping[str, str]
    system_name: str = ""
    system_code: str = ""


@dataclass(frozen=True, slots=True)
class Tolerance:
    """The deviations from the standard that are accepted."""

    allow_missing_manifest: bool = False


STRICT: Final = Tolerance()


def manifest(source: Source, notes: Notes, tolerance: Tolerance = STRICT) -> FileManifest:
    """Read the manifest of *source*, which must agree with the files that are there."""
    names = frozenset(source.names())
    if specification.MANIFEST in names:
        return _Stated(source, notes).against(names)
    if not tolerance.allow_missing_manifest:
        hint = written_otherwise(specification.MANIFEST, names)
        raise SourceBroken(
            f"There is no such file, and without it nothing says what the others are.{hint}", specification.MANIFEST
        )
    notes.note("manifest.csv is missing")
    version = _guessed(source, names)
    return FileManifest(version, {name: "bulk" if name in names else "absent" for name in specification.files(version)})


class _Stated:
    """The properties in a manifest, each with its line."""

    def __init__(self, source: Source, notes: Notes) -> None:
        self._source, self._notes = source, notes
        self._values: dict[str, tuple[str, int]] = {}
        with CsvSheet(source, specification.MANIFEST) as sheet:
            at, self._column = _positions(sheet, notes)
            for lines, rows in sheet.chunks():
                for line, row in zip(lines, rows, strict=True):
                    if SURROGATE.search("".join(row)):
                        raise SourceBroken("The text is not UTF-8.", sheet.place(line, 1))
                    name = row[at].strip()
                    if name in self._values:
                        raise SourceBroken("The property is there twice.", sheet.place(line, at + 1))
                    self._values[name] = row[self._column].strip(), line

    def against(self, names: frozenset[str]) -> FileManifest:
        """Return the manifest, refused where *names* contradict it."""
        self._one_of("manifest.version", (EDITION,))
        version = self._one_of("oneroster.version", VERSIONS)
        modes = {name: self._mode(name, names) for name in specification.files(version)}
        if "users.csv" in modes and modes["users.csv"] != "absent" and modes.get(ROLES, "bulk") == "absent":
            raise SourceBroken(NO_ROLES, self._place("file.roles"))
        for name in self._values.keys() - specification.properties(version):
            self._notes.note(f"manifest.csv: unknown property {name[:80]}")
        for name in names - modes.keys() - {specification.MANIFEST}:
            self._notes.note(f"unknown file {name[:80]}")
        return FileManifest(version, modes, self._value("source.systemName"), self._value("source.systemCode"))

    def _value(self, name: str) -> str:
        return self._values.get(name, ("", 0))[0]

    def _place(self, name: str) -> str:
        line = self._values.get(name, ("", 1))[1]
        return f"{specification.MANIFEST}:{line}:{self._column + 1}"

    def _one_of(self, name: str, known: tuple[str, ...]) -> str:
        value = self._value(name)
        if value not in known:
            raise SourceBroken(f"{name} must be {' or '.join(known)}.", self._place(name))
        return value

    def _mode(self, file: str, names: frozenset[str]) -> str:
        name = f"file.{file.removesuffix('.csv')}"
        mode = self._value(name).lower() or "absent"
        if mode not in specification.MODES:
            raise SourceBroken(f"{name} must be absent, bulk or delta.", self._place(name))
        if mode == "absent" and file in names:
            if file in ROSTER and _says_anything(self._source, file):
                raise SourceBroken(f"{name} does not say bulk, and there are rows in {file}.", self._place(name))
            self._notes.note(f"{file} is there and stated as absent")
            self._notes.remark(self._place(name), f"{name} does not say bulk: {file} is there and not read")
        elif mode != "absent" and file not in names:
            hint = written_otherwise(file, names)
            raise SourceBroken(f"{name} says {mode}, and there is no {file}.{hint}", self._place(name))
        return mode


def _says_anything(source: Source, file: str) -> bool:
    """Tell whether a *file* has a row below its headings."""
    with source.open(file) as stream:
        if not stream.read(1):
            return False
    with CsvSheet(source, file) as sheet:
        return next(sheet.chunks(), None) is not None


def written_otherwise(file: str, names: Collection[str]) -> str:
    """Make a hint where a *file* is among *names* but for capitals; empty where it is not."""
    other = next((name for name in sorted(names) if name.casefold() == file.casefold()), "")
    return f" There is {other}: rename it to {file}, since names of files count letter by letter." if other else ""


def _positions(sheet: CsvSheet, notes: Notes) -> tuple[int, int]:
    folded = [heading.strip().lower() for heading in sheet.headings]
    for name in HEADINGS:
        if folded.count(name.lower()) != 1:
            raise SourceBroken(f"There must be one column {name}.", sheet.place(sheet.line, 1))
        if name not in sheet.headings:
            notes.note(f"manifest.csv: {name} is written otherwise")
    at, value = (folded.index(name.lower()) for name in HEADINGS)
    return at, value


def _guessed(source: Source, names: frozenset[str]) -> str:
    """Guess the version of files without a manifest by where the roles of users are."""
    if ROLES in names:
        return "1.2"
    if "users.csv" not in names:
        raise SourceBroken(
            "Without a manifest and users.csv nothing says which version this is.", specification.MANIFEST
        )
    with CsvSheet(source, "users.csv") as sheet:
        if "role" in [heading.strip().lower() for heading in sheet.headings]:
            return "1.1"
    raise SourceBroken("Neither users.csv nor a roles.csv says what every user is.", "users.csv")
