"""Rows of a CSV file that fills a register: read whole, with the place of every mistake and never its value."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gateway.one_line import is_one_line
from standards.errors import SettingsError, suggestion

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

MAX_FILE_BYTES: Final = 64 * 2**20
MAX_COLUMNS: Final = 100
MAX_CELL_CHARACTERS: Final = 2000
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""The beginnings of cells that a spreadsheet program would run."""


@dataclass(frozen=True, slots=True)
class CsvRow:
    """One row: the *line* it begins in, and its filled cells by column."""

    line: int
    cells: Mapping[str, str]


class CsvRows:
    """The rows of the file *name*, whose columns are among those *known*; *mistakes* are what is wrong with it."""

    def __init__(self, name: str, data: bytes, known: Sequence[str]) -> None:
        self.name, self._known = name, known
        self.mistakes: list[SettingsError] = []
        self._columns: dict[str, int] = {}
        self._head_line, self._elsewhere = 1, set[str]()
        self._wrong: set[int] = set()
        text = self._text(data)
        self.rows = tuple(self._read(text)) if text is not None else ()

    def report(self, line: int, column: str | int, message: str) -> None:
        """Note a mistake in a cell, by its column's name or number; its row is left out."""
        self._wrong.add(line)
        number = self._columns.get(column) if isinstance(column, str) else column
        if number is None:  # what no cell says is one mistake, not one of every row
            message = f"{column} (in no column, so by the command's option): {message}"
            if message in self._elsewhere:
                return
            self._elsewhere.add(message)
            line, number = self._head_line, 1
        self.mistakes.append(SettingsError(message, self.name, line, number))

    def _text(self, data: bytes) -> str | None:
        if len(data) > MAX_FILE_BYTES:
            self.report(1, 1, f"the file is larger than {MAX_FILE_BYTES:,} bytes")
            return None
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            self.report(data.count(b"\n", 0, error.start) + 1, 1, "this is not UTF-8 text: save the file as CSV UTF-8")
            return None
        if (at := text.find("\0")) >= 0:
            self.report(text.count("\n", 0, at) + 1, 1, "the line has a NUL character")
            return None
        return text

    def _read(self, text: str) -> Iterator[CsvRow]:
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        line = 1
        try:
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    if not self._columns:
                        self._head(line, cells)
                        if self.mistakes:
                            return
                    elif (row := self._row(line, cells)) is not None:
                        yield row
                line = reader.line_num + 1
        except csv.Error:  # the error itself quotes the file
            self.report(line, 1, "a quotation mark is out of place or never closed, or a cell is too long")
            return
        if not self._columns:
            self.report(1, 1, "there is no row of headings")

    def _head(self, line: int, cells: Sequence[str]) -> None:
        if len(cells) > MAX_COLUMNS:
            self.report(line, MAX_COLUMNS + 1, f"there are more than {MAX_COLUMNS} columns")
            return
        self._head_line = line
        names = {name.casefold(): name for name in self._known}
        if len(cells) == 1 and (other := next((sign for sign in ";\t" if sign in cells[0]), "")):
            said = "semicolons" if other == ";" else "tabs"
            self.report(line, 1, f"the cells are parted by {said}: save the file as CSV with commas")
            return
        for number, cell in enumerate(cells, 1):
            name = names.get(cell.strip().casefold())
            if name is None:
                hint = suggestion(cell.strip(), self._known) or f": it may have {', '.join(self._known)}"
                told = f"this is no heading of such a file{hint}"
                self.report(line, number, told if cell.strip() else "the heading is empty")
            elif name in self._columns:
                self.report(line, number, f"the heading {name} is there twice")
            else:
                self._columns[name] = number

    def _row(self, line: int, cells: Sequence[str]) -> CsvRow | None:
        if any(cell.strip() for cell in cells[len(self._columns) :]):
            self.report(line, len(self._columns) + 1, "there are more cells than headings")
        found: dict[str, str] = {}
        for (name, number), cell in zip(self._columns.items(), cells, strict=False):
            text = cell.strip()
            if cell.startswith(FORMULA):
                self.report(line, number, "this begins like a formula")
            elif len(text) > MAX_CELL_CHARACTERS:
                self.report(line, number, f"the cell is longer than {MAX_CELL_CHARACTERS:,} characters")
            elif not is_one_line(text):
                self.report(line, number, "the cell has a control character or more than one line")
            elif text:
                found[name] = text
        return None if line in self._wrong else CsvRow(line, found)


def file_content(path: Path) -> bytes:
    """Read the file at *path*, of one too large as much as shows that.

    Raises:
        SettingsError: the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(MAX_FILE_BYTES + 1)
    except OSError:
        raise SettingsError("the file cannot be read", str(path)) from None
