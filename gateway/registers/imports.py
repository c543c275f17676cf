"""Imports: a whole CSV file as entries of a register, or every mistake in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gateway.registers.csv_rows import CsvRows, file_content
from gateway.registers.entries import ADDRESS
from gateway.registers.resolving import WHO, confirming_tags, resolve, unconfirmed
from gateway.registers.stating import WrongPart

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from gateway.registers.events import Stated
    from gateway.registers.matching import Students
    from standards.errors import SettingsError

    MakeEntry = Callable[[Mapping[str, str], Mapping[str, str]], Stated]

CONSENT_COLUMNS: Final = (
    *WHO, "agreement", "form", "formHash", "signer", "method", "signed", "from", "until", "elements",
)  # fmt: skip
RESTRICTION_COLUMNS: Final = (*WHO, "kind", "contact", "recipient", "element", "from", "until", *ADDRESS)
ASSIGNMENT_COLUMNS: Final = (*WHO, "person", "agreement", "from", "until")
CONFIRMED: Final = (CONSENT_COLUMNS, ASSIGNMENT_COLUMNS)
"""The columns of the registers whose entries open something: an id that a system may give again is not enough."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What a file says: the entries, every mistake, and how many lines match nobody or several, yet are entries."""

    states: tuple[Stated, ...]
    mistakes: tuple[SettingsError, ...]
    unmatched: int = 0


def import_file(
    path: Path, columns: tuple[str, ...], students: Students, make: MakeEntry, *, anyway: bool = False
) -> Imported:
    """Read the entries in the file at *path*, see `import_rows`.

    Raises:
        SettingsError: the file cannot be read.
    """
    return import_rows(path.name, file_content(path), columns, students, make, anyway=anyway)


def import_rows(
    name: str, data: bytes, columns: tuple[str, ...], students: Students, make: MakeEntry, *, anyway: bool = False
) -> Imported:
    """Read the entries in the *data* of a file; *make* makes one of its tags and of the parts that a line gives.

    A line that matches nobody, or several students, is a mistake, or with *anyway* an entry all the same.
    """
    rows = CsvRows(name, data, columns)
    states: list[Stated] = []
    unmatched = 0
    for row in rows.rows:
        try:
            found = resolve(students, row.cells)
            found = unconfirmed(found) if columns in CONFIRMED else found
            if found.problem and not anyway:
                rows.report(row.line, found.part, found.problem)
            else:
                states.append(make(found.tags, row.cells))
                unmatched += bool(found.problem)
        except WrongPart as wrong:
            rows.report(row.line, wrong.part, wrong.message)
    return Imported(tuple(states), _ordered(rows), unmatched)


def import_typed(name: str, data: bytes, columns: tuple[str, ...], nobody: Students, make: MakeEntry) -> Imported:
    """Read the entries in the *data* of a file by what each line says alone: it is compared with no student.

    So no mistake tells whether there is a student, and every line that could be one's is an entry.
    """
    rows = CsvRows(name, data, columns)
    states: list[Stated] = []
    for row in rows.rows:
        try:
            states.append(make(confirming_tags(nobody, row.cells), row.cells))
        except WrongPart as wrong:
            rows.report(row.line, wrong.part, wrong.message)
    return Imported(tuple(states), _ordered(rows))


def _ordered(rows: CsvRows) -> tuple[SettingsError, ...]:
    return tuple(sorted(rows.mistakes, key=lambda one: (one.line, one.column)))
