"""OneRoster bulk files, 1.1 and 1.2, as tables of checked rows: each row whole, or set aside with its place."""

from __future__ import annotations

from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING, Final, TypeVar

from adapters.contract import Notes
from adapters.files.csv_checks import Check, is_readable
from adapters.files.csv_reader import CsvSheet
from adapters.oneroster import set_aside_rows
from adapters.oneroster.manifest import STRICT, FileManifest, Tolerance, manifest
from adapters.oneroster.references import Pointers
from adapters.oneroster.set_aside_rows import UNREAD
from standards.errors import SourceBroken
from standards.oneroster.csv import specification
from standards.oneroster.resources.classification import BLANKS, gone

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from adapters.files.archives import Source
    from standards.oneroster.csv.specification import File

    Rows = list[list[str]]
    Faults = dict[int, tuple[int, str]]

DROPPED: Final = ""
TOO_MANY: Final = "has more cells than there are headings"
T = TypeVar("T")

__all__ = ["CsvTable", "FileManifest", "Tolerance", "manifest", "read"]


@dataclass(frozen=True, slots=True)
class CsvTable:
    """One file's rows with their lines, to be read once and before the next table is asked for.

    A cell belongs to the column of its position; a column without a name is unknown to the standard.
    """

    name: str
    columns: tuple[str, ...]
    rows: Iterator[tuple[int, list[str]]]
    form: str = "{name}:{line}"

    def place(self, line: int) -> str:
        """Return the place of a row, as operators are shown it."""
        return self.form.format(name=self.name, line=line)


def read(
    source: Source,
    wanted: Collection[str] | None = None,
    notes: Notes | None = None,
    tolerance: Tolerance = STRICT,
) -> Iterator[CsvTable]:
    """Yield the bulk files of *source* that are *wanted*, in that order (None: all, each after those it refers to)."""
    notes = notes if notes is not None else Notes()
    stated = manifest(source, notes, tolerance)
    package = _Package(source, stated, notes, tolerance)
    files = specification.files(stated.version)
    for name in files if wanted is None else wanted:
        if stated.modes.get(name, "absent") != "absent":
            with package.sheet(name) as sheet:
                columns = _columns(files[name], sheet, notes)
                yield CsvTable(name, columns, package.rows(files[name], sheet, columns))


class _Package:
    """The files of one manifest, and the ids that each of them has."""

    def __init__(self, source: Source, stated: FileManifest, notes: Notes, tolerance: Tolerance) -> None:
        self.notes = notes
        self.tolerance = tolerance
        self._source = source
        self._stated = stated
        self._ids: dict[str, set[str]] = {}
        self._left: dict[str, set[str]] = {}

    def sheet(self, name: str) -> CsvSheet:
        """Open the file *name*, refused where it holds changes only."""
        if self._stated.modes[name] == "delta":
            raise SourceBroken("The file holds changes only (delta), and changes need a bulk file to apply to.", name)
        return CsvSheet(self._source, name)

    def ids(self, name: str) -> set[str]:
        """Return every id of the file *name*; none where it is absent."""
        known = self._ids.get(name)
        if known is None:
            known = self._ids[name] = self._collect(name) if self._stated.modes[name] != "absent" else set()
        return known

    def left(self, name: str) -> set[str]:
        """Return the ids of the rows of the file *name* that it marks as deleted."""
        self.ids(name)
        return self._left.get(name, set())

    def rows(self, file: File, sheet: CsvSheet, columns: tuple[str, ...]) -> Iterator[tuple[int, list[str]]]:
        """Yield the rows of *sheet* that are not deleted, every cell checked, every reference followed.

        A row that cannot be understood is set aside; rows that refer to it are left to the caller, which knows all
        records.
        """
        checks = _Checks(file, sheet, columns, self.notes)
        pointers = tuple(
            Pointers(self.ids, self.left, sheet, at, one.column, self.notes)
            for at, one in checks.columns
            if one.column.refers
        )
        ids: set[str] = set()
        identity = columns.index(specification.ID)
        for chunk in sheet.chunks():
            lines, rows = self._living(sheet, columns, *chunk)
            if not rows:
                continue
            faults = checks.faults(lines, rows)
            checks.respell(lines, rows)
            _add_ids(sheet, lines, identity, [row[identity] for row in rows], ids, faults)
            dropped: set[int] = set()
            for pointer in pointers:
                dropped |= pointer.follow(lines, rows, faults)
            for number, (at, reason) in sorted(faults.items()):
                self._set_aside(sheet, columns, lines[number], rows[number], at, reason)
            if gone := dropped | faults.keys():
                kept = [number for number in range(len(rows)) if number not in gone]
                lines, rows = _at(lines, kept), _at(rows, kept)
            yield from zip(lines, rows, strict=True)
        for pointer in pointers:
            pointer.finish()
        self._ids[file.name] = ids

    def _set_aside(
        self, sheet: CsvSheet, columns: tuple[str, ...], line: int, row: list[str], at: int, reason: str
    ) -> None:
        readable = {name: cell for name, cell in zip(columns, row, strict=True) if is_readable(cell)}
        name = columns[at] if at < len(columns) else ""
        place = sheet.place(line, at + 1)
        self.notes.set_aside(
            set_aside_rows.aside(sheet.name, lambda column: readable.get(column, ""), place, reason, name)
        )

    def _living(
        self, sheet: CsvSheet, columns: tuple[str, ...], lines: Sequence[int], rows: Rows
    ) -> tuple[Sequence[int], Rows]:
        if specification.STATUS not in columns:
            return lines, rows
        status = columns.index(specification.STATUS)
        words = _gone(rows, status)
        if not words:
            return lines, rows
        for row in rows:
            if row[status] in words:
                self.notes.note(f"{sheet.name}: {words[row[status]]} row")
                self._depart(sheet.name, row[columns.index(specification.ID)])
        kept = [number for number, row in enumerate(rows) if row[status] not in words]
        return _at(lines, kept), _at(rows, kept)

    def _collect(self, name: str) -> set[str]:
        """Collect the ids of a file that is read later, or never."""
        with self.sheet(name) as sheet:
            columns = _columns(specification.files(self._stated.version)[name], sheet, Notes())
            identity = itemgetter(columns.index(specification.ID))
            status = columns.index(specification.STATUS) if specification.STATUS in columns else -1
            found: set[str] = set()
            for _, rows in sheet.chunks():
                words = _gone(rows, status) if status >= 0 else {}
                for row in rows:
                    if words and row[status] in words:
                        self._depart(name, identity(row))
                    else:
                        found.add(identity(row).strip(BLANKS))
        return found

    def _depart(self, name: str, own: str) -> None:
        self._left.setdefault(name, set()).add(own.strip(BLANKS))
        if entity := set_aside_rows.ENTITIES.get(name):
            self.notes.depart(entity, (own.strip(BLANKS),))


class _Checks:
    """The checks of a *sheet*, one for each of its *columns*; findings go to *notes*."""

    def __init__(self, file: File, sheet: CsvSheet, columns: tuple[str, ...], notes: Notes) -> None:
        self._sheet, self._notes = sheet, notes
        self.columns = [
            (at, Check(file.columns.get(name) or specification.Column(name))) for at, name in enumerate(columns)
        ]

    def faults(self, lines: Sequence[int], rows: Rows) -> Faults:
        """Return the first wrong cell of each row and why; cells that nobody reads do not count."""
        sheet, cells = self._sheet, list(zip(*rows, strict=True))
        found = {
            number: (len(self.columns), TOO_MANY)
            for number, line in enumerate(lines)
            if line in sheet.overlong and (sheet.overlong[line] or not self._is_aligned(rows[number]))
        }
        for at, check in self.columns:
            bad = check.wrong(cells[at])
            for number, cell in enumerate(cells[at]) if bad else ():
                if cell not in bad:
                    continue
                if check.column.name in UNREAD:
                    self._pass_over(sheet.place(lines[number], at + 1), check, cell)
                elif number not in found:
                    found[number] = at, check.reason(cell)
        return found

    def _is_aligned(self, row: list[str]) -> bool:
        """Tell whether a row with an empty cell too many is aligned, with no stray comma further left.

        A stray comma would have shifted all cells after it: where the last filled cell fits its column, none has.
        """
        last = max((at for at, cell in enumerate(row) if cell.strip()), default=0)
        return self.columns[last][1].column.kind != "text"

    def respell(self, lines: Sequence[int], rows: Rows) -> None:
        """Replace cells by the standard's spelling where their meaning is clear, so that all readers agree."""
        for at, check in self.columns:
            if not check.respelled:
                continue
            for line, row in zip(lines, rows, strict=True):
                word = check.respelled.get(row[at])
                if word is None:
                    continue
                row[at] = word
                if not check.told:
                    check.told = True
                    text = f"{check.column.name} is not written as the standard writes it"
                    self._notes.remark(self._sheet.place(line, at + 1), text)

    def _pass_over(self, place: str, check: Check, cell: str) -> None:
        name = check.column.name or "the cell of an unknown column"
        self._notes.note(f"{self._sheet.name}: {name} is wrong and not read")
        self._notes.remark(place, f"{name} {check.reason(cell)}; nobody reads it")


def _columns(file: File, sheet: CsvSheet, notes: Notes) -> tuple[str, ...]:
    """Return the standard's name for each heading of *sheet*; metadata keep theirs, unknown headings have none."""
    folded = {name.lower(): name for name in file.columns}
    folded |= {old.lower(): now for old, now in file.old_names.items() if now not in sheet.headings}
    columns = [_column(file, heading.strip(), folded) for heading in sheet.headings]
    if missing := [name for name in file.required if name not in columns]:
        _refuse_missing(sheet, missing)
    for at, name in enumerate(columns):
        if name != DROPPED and name in columns[:at]:
            raise SourceBroken(f"The column {name} is there twice.", sheet.place(sheet.line, at + 1))
    for heading, name in zip(sheet.headings, columns, strict=True):
        if name == DROPPED:
            notes.note(f"{sheet.name}: unknown column {heading[:80]}")
        elif name != heading:
            notes.note(f"{sheet.name}: {name} is called {heading}")
    return tuple(columns)


def _refuse_missing(sheet: CsvSheet, missing: Sequence[str]) -> None:
    """Refuse a file without its required columns, with a hint where another sign separates them."""
    what = f"The columns {', '.join(missing)} are" if len(missing) > 1 else f"The column {missing[0]} is"
    signs = {";": "semicolons", "\t": "tabs", "|": "bars"}
    other = [word for sign, word in signs.items() if sign in sheet.headings[0]] if len(sheet.headings) == 1 else []
    hint = f" The cells are separated by {other[0]}; the standard's are by commas." if other else ""
    raise SourceBroken(f"{what} missing.{hint}", sheet.place(sheet.line, 1))


def _column(file: File, heading: str, folded: Mapping[str, str]) -> str:
    if heading in file.columns:
        return heading
    if heading.lower().startswith(specification.METADATA) and len(heading) > len(specification.METADATA):
        return specification.METADATA + heading[len(specification.METADATA) :]
    return folded.get(heading.lower(), DROPPED)


def _gone(rows: Rows, status: int) -> dict[str, str]:
    """Return the words for deleted rows among those in the column *status*, with the kind of deletion of each."""
    return {word: how for word in set(map(itemgetter(status), rows)) if word and (how := gone(word))}


def _add_ids(
    sheet: CsvSheet, lines: Sequence[int], at: int, cells: Sequence[str], ids: set[str], faults: Faults
) -> None:
    found = set(cells)
    if len(found) == len(cells) and ids.isdisjoint(found):
        ids |= found
        return
    for number, (line, cell) in enumerate(zip(lines, cells, strict=True)):
        if cell in ids and number not in faults:
            raise SourceBroken("sourcedId is the same as in a row before.", sheet.place(line, at + 1))
        ids.add(cell)


def _at(items: Sequence[T], numbers: Sequence[int]) -> list[T]:
    return [items[number] for number in numbers]
