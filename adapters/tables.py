"""OneRoster bulk files, 1.1 and 1.2, as tables of checked rows: whole, or refused with file, line and column."""

from __future__ import annotations

from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING, Final, TypeVar

from adapters.cells import Check, parts
from adapters.contract import Notes
from adapters.inventory import STRICT, Manifest, Tolerance, manifest
from adapters.sheet import Sheet
from standards.errors import SourceBroken
from standards.oneroster import csv
from standards.oneroster.classification import gone

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from adapters.files import Source
    from standards.oneroster.csv import Column, File

    Rows = list[list[str]]

DROPPED: Final = ""
SHOWN: Final = 5
T = TypeVar("T")

__all__ = ["Manifest", "Table", "Tolerance", "manifest", "read"]


@dataclass(frozen=True, slots=True)
class Table:
    """One file's rows with their lines, to be read once and before the next table is asked for.

    A cell belongs to the column of its position; a column without a name holds what nobody knows.
    """

    name: str
    columns: tuple[str, ...]
    rows: Iterator[tuple[int, list[str]]]


def read(
    source: Source,
    wanted: Collection[str] | None = None,
    notes: Notes | None = None,
    tolerance: Tolerance = STRICT,
) -> Iterator[Table]:
    """The bulk files of *source* that are *wanted*, in that order (None: all, each after those it refers to)."""
    notes = notes if notes is not None else Notes()
    stated = manifest(source, notes, tolerance)
    package = _Package(source, stated, notes, tolerance)
    files = csv.files(stated.version)
    for name in files if wanted is None else wanted:
        if stated.modes.get(name, "absent") != "absent":
            with package.sheet(name) as sheet:
                columns = _columns(files[name], sheet, notes)
                yield Table(name, columns, package.rows(files[name], sheet, columns))


class _Package:
    """The files of one manifest, and the ids that each of them has."""

    def __init__(self, source: Source, stated: Manifest, notes: Notes, tolerance: Tolerance) -> None:
        self.notes = notes
        self.tolerance = tolerance
        self._source = source
        self._stated = stated
        self._ids: dict[str, set[str]] = {}

    def sheet(self, name: str) -> Sheet:
        """The file *name*, refused where it holds changes only."""
        if self._stated.modes[name] == "delta":
            raise SourceBroken("The file holds changes only (delta), and changes need a bulk file to apply to.", name)
        return Sheet(self._source, name)

    def ids(self, name: str) -> set[str]:
        """Every id of the file *name*; none where it is absent."""
        known = self._ids.get(name)
        if known is None:
            known = self._ids[name] = self._collect(name) if self._stated.modes[name] != "absent" else set()
        return known

    def rows(self, file: File, sheet: Sheet, columns: tuple[str, ...]) -> Iterator[tuple[int, list[str]]]:
        """The rows of *sheet* that are not deleted, every cell checked, every reference resolved."""
        checks = [(at, Check(file.columns.get(name) or csv.Column(name))) for at, name in enumerate(columns)]
        pointers = tuple(_Pointers(self, sheet, at, check.column) for at, check in checks if check.column.refers)
        ids: set[str] = set()
        identity = columns.index(csv.ID)
        for chunk in sheet.chunks():
            lines, rows = self._living(sheet, columns, *chunk)
            if not rows:
                continue
            cells = list(zip(*rows, strict=True))
            _refuse_faults(sheet, lines, checks, cells)
            _respell(checks, rows)
            _add_ids(sheet, lines, identity, cells[identity], ids)
            for pointer in pointers:
                lines, rows = pointer.follow(lines, rows)
            if len(rows) < len(cells[identity]):
                ids.difference_update(set(cells[identity]) - {row[identity] for row in rows})
            yield from zip(lines, rows, strict=True)
        for pointer in pointers:
            pointer.finish()
        self._ids[file.name] = ids

    def _living(
        self, sheet: Sheet, columns: tuple[str, ...], lines: Sequence[int], rows: Rows
    ) -> tuple[Sequence[int], Rows]:
        if csv.STATUS not in columns:
            return lines, rows
        status = columns.index(csv.STATUS)
        words = _gone(rows, status)
        if not words:
            return lines, rows
        for row in rows:
            if row[status] in words:
                self.notes.note(f"{sheet.name}: {words[row[status]]} row")
        kept = [number for number, row in enumerate(rows) if row[status] not in words]
        return _at(lines, kept), _at(rows, kept)

    def _collect(self, name: str) -> set[str]:
        """The ids of a file that is read later, or never."""
        with self.sheet(name) as sheet:
            columns = _columns(csv.files(self._stated.version)[name], sheet, Notes())
            identity = itemgetter(columns.index(csv.ID))
            status = columns.index(csv.STATUS) if csv.STATUS in columns else -1
            found: set[str] = set()
            for _, rows in sheet.chunks():
                words = _gone(rows, status) if status >= 0 else {}
                found.update(identity(row) for row in rows if not words or row[status] not in words)
        return found


class _Pointers:
    """The references in one column, followed chunk by chunk; what leads nowhere is dropped or refused at the end."""

    def __init__(self, package: _Package, sheet: Sheet, at: int, column: Column) -> None:
        self.at = at
        self.column = column
        self._package = package
        self._sheet = sheet
        self._drop = package.tolerance.dangling == "drop"
        self._good: set[str] = {""}
        self._places: list[str] = []
        self._count = 0

    def follow(self, lines: Sequence[int], rows: Rows) -> tuple[Sequence[int], Rows]:
        """The rows that stay."""
        fresh = set(map(itemgetter(self.at), rows)) - self._good
        if not fresh:
            return lines, rows
        known = self._package.ids(self.column.refers)
        if self.column.kind == "guids":
            bad = {cell for cell in fresh if not known.issuperset(parts(cell))}
        else:
            bad = fresh - known
        self._good |= fresh - bad
        return self._part(lines, rows, bad, known) if bad else (lines, rows)

    def finish(self) -> None:
        """Refuses the file when references led nowhere and may not be dropped."""
        if not self._count:
            return
        name = f"{self._sheet.name}: dangling {self.column.name}"
        if self._drop:
            self._package.notes.note(name, self._count)
            return
        first, *others = self._places
        message = f"{self.column.name} names no row of {self.column.refers}"
        if others:
            more = ", and more" if self._count > SHOWN else ""
            message += f" ({self._count} in all, the next in line {', '.join(others)}{more})"
        raise SourceBroken(f"{message}.", first)

    def _part(self, lines: Sequence[int], rows: Rows, bad: set[str], known: set[str]) -> tuple[Sequence[int], Rows]:
        lost = [number for number, row in enumerate(rows) if row[self.at] in bad]
        self._count += len(lost)
        if not self._drop:
            self._show([lines[number] for number in lost])
            return lines, rows
        for number in lost:
            rows[number][self.at] = ",".join(part for part in parts(rows[number][self.at]) if part in known)
        if not self.column.required:
            return lines, rows
        kept = [number for number, row in enumerate(rows) if row[self.at]]
        return _at(lines, kept), _at(rows, kept)

    def _show(self, lines: Sequence[int]) -> None:
        for line in lines[: SHOWN - len(self._places)]:
            self._places.append(str(line) if self._places else self._sheet.place(line, self.at + 1))


def _columns(file: File, sheet: Sheet, notes: Notes) -> tuple[str, ...]:
    """The standard's name for each heading of *sheet*; metadata keep theirs, what nobody knows has none."""
    folded = {name.lower(): name for name in file.columns}
    folded |= {old.lower(): now for old, now in file.old_names.items() if now not in sheet.headings}
    columns = [_column(file, heading, folded) for heading in sheet.headings]
    for name in file.required:
        if name not in columns:
            raise SourceBroken(f"The column {name} is missing.", sheet.place(sheet.line, 1))
    for at, name in enumerate(columns):
        if name != DROPPED and name in columns[:at]:
            raise SourceBroken(f"The column {name} is there twice.", sheet.place(sheet.line, at + 1))
    for heading, name in zip(sheet.headings, columns, strict=True):
        if name == DROPPED:
            notes.note(f"{sheet.name}: unknown column {heading[:80]}")
        elif name != heading:
            notes.note(f"{sheet.name}: {name} is called {heading}")
    return tuple(columns)


def _column(file: File, heading: str, folded: Mapping[str, str]) -> str:
    if heading in file.columns:
        return heading
    if heading.lower().startswith(csv.METADATA) and len(heading) > len(csv.METADATA):
        return csv.METADATA + heading[len(csv.METADATA) :]
    return folded.get(heading.lower(), DROPPED)


def _gone(rows: Rows, status: int) -> dict[str, str]:
    """The words for rows that are gone among those in the column *status*, and how such a row is gone."""
    return {word: how for word in set(map(itemgetter(status), rows)) if word and (how := gone(word))}


def _respell(checks: Sequence[tuple[int, Check]], rows: Rows) -> None:
    """Write the words of closed lists as the standard does, so that all who read them find the same words."""
    for at, check in checks:
        if check.respelled:
            for row in rows:
                row[at] = check.respelled.get(row[at], row[at])


def _refuse_faults(
    sheet: Sheet, lines: Sequence[int], checks: Sequence[tuple[int, Check]], cells: Sequence[Sequence[str]]
) -> None:
    """Refuses the first cell, reading along the lines, that is not what its column says."""
    faults = []
    for at, check in checks:
        if bad := check.wrong(cells[at]):
            number = next(n for n, cell in enumerate(cells[at]) if cell in bad)
            faults.append((number, at, check))
    if faults:
        number, at, check = min(faults, key=itemgetter(0, 1))
        name = check.column.name or "The cell"
        raise SourceBroken(f"{name} {check.reason(cells[at][number])}.", sheet.place(lines[number], at + 1))


def _add_ids(sheet: Sheet, lines: Sequence[int], at: int, cells: Sequence[str], ids: set[str]) -> None:
    found = set(cells)
    if len(found) == len(cells) and ids.isdisjoint(found):
        ids |= found
        return
    for line, cell in zip(lines, cells, strict=True):
        if cell in ids:
            raise SourceBroken("sourcedId is the same as in a row before.", sheet.place(line, at + 1))
        ids.add(cell)


def _at(items: Sequence[T], numbers: Sequence[int]) -> list[T]:
    return [items[number] for number in numbers]
