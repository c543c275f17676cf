"""Checks of CSV columns: whether the cells of one column are of its kind, for many cells at once."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import TYPE_CHECKING, Final

from standards.oneroster.resources.classification import BLANKS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from standards.oneroster.csv.specification import Column

    Test = Callable[[str], bool]

MAX_CELL_CHARACTERS: Final = 1 << 16
MAX_REMEMBERED_CELLS: Final = 50_000
SURROGATE: Final = re.compile("[\ud800-\udfff]")
"""A character that stands in a text for a byte that is no UTF-8."""

DAY_AND_TIME: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}")
DATE_CHARACTERS: Final = 10
PLAIN_DAY: Final = re.compile(r"((?:19|20)[0-9]{2})([0-9]{2})([0-9]{2})")
SCHOOL_YEAR: Final = re.compile(r"([0-9]{2})([0-9]{2}) ?[-/] ?((?:[0-9]{2})?)([0-9]{2})")
SEXES: Final = {"f": "female", "m": "male"}
TRUTH_WORDS: Final = {"y": "true", "yes": "true", "1": "true", "n": "false", "no": "false", "0": "false"}
"""Spellings of true and false that systems use instead of the standard's."""

GUID: Final = re.compile(r"[0-9A-Za-z./@_-]{1,255}")
DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
MOMENT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})?"
)
YEAR: Final = re.compile(r"[0-9]{4}")
NUMBER: Final = re.compile(r"-?([0-9]{1,15}(\.[0-9]{0,15})?|\.[0-9]{1,15})")
PAIRS: Final = re.compile(r"\{[^{}:]*:[^{}]*\}(\s*,\s*\{[^{}:]*:[^{}]*\})*")
TRUTHS: Final = frozenset({"true", "false"})
MAY_BE_EMPTY: Final = frozenset({"text", "number", "pairs"})
WRONG: Final = {
    "boolean": "is neither true nor false",
    "date": "is not a date (YYYY-MM-DD)",
    "enum": "is not one of the listed values",
    "enums": "is not a list of the listed values",
    "guid": "is not a sourcedId",
    "guids": "is not a list of sourcedIds",
    "moment": "is neither a date nor a time (YYYY-MM-DDTHH:MM:SS.sssZ)",
    "number": "is not a number",
    "pairs": "is not a list of {name:value}",
    "year": "is not a year (YYYY)",
}


class Check:
    """The check of one *column*'s cells, which remembers those that pass.

    *respelled* maps cells with a clear meaning that the standard writes otherwise to its spelling; *told* is whether
    this was reported once.
    """

    __slots__ = ("_empty", "_good", "_test", "column", "respelled", "told")

    def __init__(self, column: Column) -> None:
        self.column = column
        self._test = _test(column)
        self._empty = not column.required or column.kind in MAY_BE_EMPTY
        self._good: set[str] = {""} if self._empty else set()
        self.respelled: dict[str, str] = {}
        self.told = False

    def wrong(self, cells: Sequence[str]) -> Collection[str]:
        """Return the distinct cells among *cells* that are wrong."""
        if self._test is None:
            return _unreadable(cells)
        test, good = self._test, self._good
        fresh = set(cells) - good
        if not fresh:
            return ()
        bad = {cell for cell in fresh if not (cell and test(cell))}
        if not "".join(fresh).isascii():
            bad |= {cell for cell in fresh if SURROGATE.search(cell)}
        for cell in list(bad):
            meant = self._meant(cell)
            if meant is not None:
                self.respelled[cell] = meant
                bad.discard(cell)
        if self.column.closed:
            words = {cell: self.column.closed.find(cell) for cell in fresh - bad - self.respelled.keys()}
            self.respelled |= {cell: word for cell, word in words.items() if word and word != cell}
        if len(good) < MAX_REMEMBERED_CELLS:
            good |= fresh - bad
        return bad

    def read(self, cell: str) -> str | None:
        """Return a *cell* that is not empty as the standard writes it; None where it is wrong."""
        return cell if self._test is None or self._test(cell) else self._meant(cell)

    def _meant(self, cell: str) -> str | None:
        """Return the meaning of a wrong *cell* where that is clear: blanks around it, or a common other spelling."""
        assert self._test is not None
        text = cell.strip(BLANKS)
        if text and not self._test(text):
            text = self._usual(text)
        if text == cell or SURROGATE.search(text) or not (self._test(text) if text else self._empty):
            return None
        return text

    def _usual(self, text: str) -> str:
        """Return the standard's spelling of a text in another common format; else the text itself."""
        found: str | None = None
        match self.column.kind:
            case "boolean":
                found = TRUTH_WORDS.get(text.lower())
            case "date" if DAY_AND_TIME.match(text):
                found = text[:DATE_CHARACTERS]
            case "moment" if DAY_AND_TIME.match(text):
                found = f"{text[:DATE_CHARACTERS]}T{text[DATE_CHARACTERS + 1 :]}"
            case "date" | "moment" if day := PLAIN_DAY.fullmatch(text):
                found = "-".join(day.groups())
            case "year" if years := SCHOOL_YEAR.fullmatch(text):
                found = _last_of(*years.groups())
            case "enum" if not self.column.closed:
                word = SEXES.get(text.lower(), text.lower()) if self.column.name == "sex" else text.lower()
                found = next((one for one in self.column.values if one.lower() == word), None)
        return found or text

    def reason(self, cell: str) -> str:
        """Say what is wrong with *cell*, without repeating it."""
        if "\0" in cell:
            return "holds a NUL character"
        if len(cell) > MAX_CELL_CHARACTERS:
            return "is too long"
        if SURROGATE.search(cell):
            return "is not UTF-8"
        return WRONG[self.column.kind] if cell else "is empty, and may not be"


def _last_of(century: str, begin: str, later: str, end: str) -> str:
    """Return the year in which a school year ends, one after that in which it begins; else nothing."""
    year = str(int(century + begin) + 1)
    return year if year.endswith(later + end) else ""


def parts(cell: str) -> list[str]:
    """Split a list in one cell into its members."""
    return [part for raw in cell.split(",") if (part := raw.strip())]


def is_readable(cell: str) -> bool:
    """Tell whether *cell* is text at all, and no more of it than any cell needs."""
    return "\0" not in cell and len(cell) <= MAX_CELL_CHARACTERS and not SURROGATE.search(cell)


def _unreadable(cells: Sequence[str]) -> Collection[str]:
    text = "".join(cells)
    if "\0" not in text and len(text) <= MAX_CELL_CHARACTERS and (text.isascii() or not SURROGATE.search(text)):
        return ()
    return {cell for cell in cells if not is_readable(cell)}


def _test(column: Column) -> Test | None:
    """Make the test that a cell that is not empty must pass; None where any text will do."""
    if closed := column.closed:
        return lambda cell: closed.find(cell) is not None
    if column.kind in {"enum", "enums"}:
        one = _token(column)
        return one if column.kind == "enum" else lambda cell: all(map(one, parts(cell))) and bool(parts(cell))
    return TESTS.get(column.kind)


def _token(column: Column) -> Test:
    values = column.values
    if not column.extension:
        return values.__contains__
    extension = re.compile(column.extension)
    return lambda cell: cell in values or (len(cell) <= MAX_CELL_CHARACTERS and bool(extension.fullmatch(cell)))


def _is_date(cell: str) -> bool:
    if not DATE.fullmatch(cell):
        return False
    try:
        date.fromisoformat(cell)
    except ValueError:
        return False
    return True


def _is_moment(cell: str) -> bool:
    if _is_date(cell):
        return True
    if not MOMENT.fullmatch(cell):
        return False
    try:
        datetime.fromisoformat(cell)
    except ValueError:
        return False
    return True


def _is_pairs(cell: str) -> bool:
    return len(cell) <= MAX_CELL_CHARACTERS and "\0" not in cell and bool(PAIRS.fullmatch(cell))


def _are_guids(cell: str) -> bool:
    found = parts(cell)
    return bool(found) and len(cell) <= MAX_CELL_CHARACTERS and all(map(GUID.fullmatch, found))


TESTS: Final[dict[str, Test]] = {
    "boolean": lambda cell: cell.lower() in TRUTHS,
    "date": _is_date,
    "guid": lambda cell: bool(GUID.fullmatch(cell)),
    "guids": _are_guids,
    "moment": _is_moment,
    "number": lambda cell: bool(NUMBER.fullmatch(cell)),
    "pairs": _is_pairs,
    "year": lambda cell: bool(YEAR.fullmatch(cell)),
}
