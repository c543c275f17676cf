"""CSV files as rows of cells, read once from front to back, with the exact place of every fault."""

from __future__ import annotations

import csv
import io
import re
from itertools import islice
from typing import TYPE_CHECKING, Final, Self

from adapters.files.csv_checks import MAX_CELL_CHARACTERS, SURROGATE
from standards.errors import SourceBroken

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import TracebackType

    from adapters.files.archives import Source

    Rows = list[list[str]]

MAX_COLUMNS: Final = 500
MAX_ROWS: Final = 10_000_000
MAX_LINE_CHARACTERS: Final = 1 << 22
CHUNK_ROWS: Final = 2048
BREAK: Final = re.compile(r"\r\n|\r|\n")
CELL: Final = re.compile(r'"(?:[^"]|"")*+"(?=[,\r\n]|\Z)|[^",\r\n][^,\r\n]*+|(?=[,\r\n]|\Z)')


class CsvSheet:
    """The CSV file *name* of a source: its *headings*, then its rows in chunks.

    Quotation marks that do not pair, and headings that are no UTF-8, are refused. Bytes elsewhere that are no UTF-8
    become `SURROGATE`s. *overlong* are the lines of the present chunk with more cells than there are headings, each
    with whether those cells hold anything; empty ones that every row has, or the headings too, do not count.
    """

    def __init__(self, source: Source, name: str) -> None:
        self.name = name
        self._source = source
        self.overlong: dict[int, bool] = {}
        self._usual = 0
        self._stream = _text(source, name)
        self._reader = csv.reader(_physical(self._stream), strict=True)
        self._count = 0
        try:
            self.line, self.headings = self._headings()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def place(self, line: int, column: int) -> str:
        """Return a place in the file: file, line, and column counted from one."""
        return f"{self.name}:{line}:{column}"

    def chunks(self) -> Iterator[tuple[Sequence[int], Rows]]:
        """Yield the rows that are not blank, each as wide as the headings, a few thousand at a time, with lines."""
        width = len(self.headings)
        while True:
            start = self._reader.line_num
            rows = self._next(CHUNK_ROWS)
            self.overlong = {}
            if not rows:
                return
            lines = _lines(rows, start, self._reader.line_num)
            if not all(row and row[0].strip() for row in rows):
                lines, rows = _without_blank(lines, rows)
            self._count += len(rows)
            if self._count > MAX_ROWS:
                raise SourceBroken(f"There are more than {MAX_ROWS:,} rows.", self.name)
            if rows:
                self._widen(lines, rows, width)
                yield lines, rows

    def _headings(self) -> tuple[int, tuple[str, ...]]:
        while True:
            line = self._reader.line_num + 1
            rows = self._next(1)
            if not rows:
                raise SourceBroken("There is no row of headings.", self.place(1, 1))
            if any(map(str.strip, rows[0])):
                break
        headings = tuple(rows[0])
        width = len(headings)
        while len(headings) > 1 and not headings[-1].strip():
            headings = headings[:-1]
        self._usual = width - len(headings)
        if len(headings) > MAX_COLUMNS:
            raise SourceBroken(f"There are more than {MAX_COLUMNS} columns.", self.place(line, MAX_COLUMNS + 1))
        for column, heading in enumerate(headings, 1):
            if SURROGATE.search(heading):
                raise SourceBroken("The text is not UTF-8.", self.place(line, column))
            if not heading.strip() or "\0" in heading:
                raise SourceBroken("A heading is empty or holds a NUL character.", self.place(line, column))
        return line, headings

    def _next(self, count: int) -> Rows:
        rows: Rows = []
        broken = False
        try:
            rows.extend(islice(self._reader, count))
        except csv.Error:
            broken = True  # the error itself quotes the file, which is confidential
        if broken:
            raise self._fault()
        return rows

    def _widen(self, lines: Sequence[int], rows: Rows, width: int) -> None:
        widths = set(map(len, rows))
        if max(widths) > width:
            usual = width + max(self._usual, min(widths) - width)
            for line, row in zip(lines, rows, strict=True):
                says = any(map(str.strip, row[width:]))
                if says or len(row) > usual:
                    self.overlong[line] = says
                del row[width:]
        if min(widths) < width:
            for row in rows:
                row.extend([""] * (width - len(row)))

    def _fault(self) -> SourceBroken:
        """Find what made the reader stop by going over the file once more."""
        line = 0
        with _text(self._source, self.name) as stream:
            reader = csv.reader(_physical(stream), strict=True)
            try:
                for _ in reader:
                    line = reader.line_num
            except csv.Error:
                pass
        return self._misquoted(line + 1)

    def _misquoted(self, line: int) -> SourceBroken:
        with _text(self._source, self.name) as stream:
            for _ in range(line - 1):
                stream.readline(MAX_LINE_CHARACTERS)
            text = stream.read(MAX_LINE_CHARACTERS)
        at, column = 0, 1
        while cell := CELL.match(text, at):
            if cell.end() - at > MAX_CELL_CHARACTERS:
                return SourceBroken(
                    f"The cell is longer than {MAX_CELL_CHARACTERS:,} characters.", self.place(line, column)
                )
            at, column = cell.end() + 1, column + 1
            if at > len(text) or text[at - 1] != ",":
                return SourceBroken(f"The line is longer than {MAX_LINE_CHARACTERS:,} characters.", self.place(line, 1))
        return SourceBroken("A quotation mark is out of place or never closed.", self.place(line, column))


def _text(source: Source, name: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(source.open(name), encoding="utf-8-sig", errors="surrogateescape", newline="")


def _physical(stream: io.TextIOWrapper) -> Iterator[str]:
    """Yield the lines of a file; refuse one that never ends before it fills the memory."""
    read = stream.readline
    while line := read(MAX_LINE_CHARACTERS):
        if len(line) == MAX_LINE_CHARACTERS:
            raise csv.Error
        yield line


def _lines(rows: Rows, start: int, end: int) -> Sequence[int]:
    """Return the line each of *rows* begins in, where they follow line *start* and end in line *end*."""
    if end - start == len(rows):
        return range(start + 1, end + 1)
    lines, line = [], start + 1
    for row in rows:
        lines.append(line)
        line += 1 + sum(len(BREAK.findall(cell)) for cell in row)
    return lines


def _without_blank(lines: Sequence[int], rows: Rows) -> tuple[Sequence[int], Rows]:
    kept = [number for number, row in enumerate(rows) if any(map(str.strip, row))]
    return [lines[number] for number in kept], [rows[number] for number in kept]
