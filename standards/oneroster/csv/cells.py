"""Cells of a bulk file, written from members of API records; a value that fits no cell is an error, never a blank."""

from __future__ import annotations

import json
import re
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from standards.errors import MappingError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from standards.oneroster.csv.specification import Column

    Write = Callable[[Any], str]

GUID = re.compile(r"[0-9A-Za-z./@_-]{1,255}")
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})?)?"
)
YEAR = re.compile(r"[0-9]{4}")
NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?")
LINE_ENDS = re.compile(r"\r\n|[\r\n]")
DAYS = frozenset({"assignDate", "dueDate"})
"""The columns in which the files have a day where the API has a moment."""

PAIRED = frozenset({"subjects", "subjectCodes"})
"""The lists whose items correspond by position, so that none may be left out."""

TRUTHS = frozenset({"true", "false"})
PAIRS = (("type", "identifier"), ("itemValueLHS", "itemValueRHS"))


def cell(file: str, column: Column) -> Write:
    """Make the function that writes values of *column* in *file*; None is an empty cell.

    The function raises `MappingError` where a value cannot stand in such a cell.
    """
    place, write = f"{file}: {column.name}", _writer(column)

    def written(value: Any) -> str:
        if value is None:
            return ""
        text = write(value)
        if text is None:
            raise MappingError(f"{place} {REASONS[column.kind]}.")
        return text

    return written


def free(file: str, heading: str) -> Write:
    """Make the function for a metadata column: texts as they are, anything else as JSON."""

    def written(value: Any) -> str:
        if value is None:
            return ""
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
        if not _readable(text):
            raise MappingError(f"{file}: {heading[:80]!r} {REASONS['text']}.")
        return _one_line(text)

    return written


def _writer(column: Column) -> Callable[[Any], str | None]:
    known = column.values
    extension = re.compile(column.extension) if column.extension else None
    if column.name in DAYS:
        return lambda value: _day(value[:10]) if _moment(value) else None
    if column.name in PAIRED:
        return lambda value: _list(value, keep=True) if isinstance(value, list | tuple) else _text(value)
    if column.kind in {"enum", "enums"}:

        def token(value: Any) -> str | None:
            listed = isinstance(value, str) and (value in known or bool(extension and extension.fullmatch(value)))
            return value if listed else None

        return token if column.kind == "enum" else lambda value: _listed(value, token)
    if column.kind == "guids":
        return lambda value: _listed(value, _guid)
    return WRITERS[column.kind]


def _listed(values: Any, write: Callable[[Any], str | None]) -> str | None:
    if not isinstance(values, list | tuple):
        return None
    parts = [write(value) for value in values]
    return None if None in parts else ",".join(part for part in parts if part is not None)


def _guid(value: Any) -> str | None:
    """Write a sourcedId, or the sourcedId of what a reference points to."""
    text = value.get("sourcedId") if isinstance(value, dict) else value
    return text if isinstance(text, str) and GUID.fullmatch(text) else None


def _text(value: Any) -> str | None:
    if isinstance(value, list | tuple):
        return _list(value)
    if isinstance(value, bool):
        return _truth(value)
    if isinstance(value, int | float):
        return _number(value)
    return _one_line(value) if isinstance(value, str) and _readable(value) else None


def _list(values: Sequence[Any], *, keep: bool = False) -> str | None:
    """Write a list in one cell, its items between commas; empty items are left out, or *keep* their places."""
    parts = [_text(value) for value in values]
    items = [_item(part) for part in parts if part is not None]
    return None if None in parts else ",".join(item for item in items if item or keep)


def _item(text: str) -> str:
    """Write an item of a list, without the commas that would make it several."""
    return text.replace(",", "").strip()


def _one_line(text: str) -> str:
    """Write a text with blanks for line ends: readers of files take each line for a row."""
    return LINE_ENDS.sub(" ", text) if "\n" in text or "\r" in text else text


def _readable(text: str) -> bool:
    """Tell whether *text* can be written as UTF-8 and read again."""
    if text.isascii():
        return "\0" not in text
    return "\0" not in text and not any("\ud800" <= sign <= "\udfff" for sign in text)


def _truth(value: Any) -> str | None:
    text = str(value).lower() if isinstance(value, bool) else value
    return text if isinstance(text, str) and text in TRUTHS else None


def _number(value: Any) -> str | None:
    text = value if isinstance(value, str) else format(Decimal(repr(value)), "f")
    return text if NUMBER.fullmatch(text) else None


def _day(value: Any) -> str | None:
    return value if isinstance(value, str) and DATE.fullmatch(value) and _parses(date.fromisoformat, value) else None


def _moment(value: Any) -> str | None:
    fits = isinstance(value, str) and MOMENT.fullmatch(value) and _parses(datetime.fromisoformat, value)
    return value if fits else None


def _year(value: Any) -> str | None:
    text = str(value)
    return text if YEAR.fullmatch(text) else None


def _pairs(value: Any) -> str | None:
    """Write a list of small records as ``{name:value},{name:value}``."""
    if not isinstance(value, list | tuple):
        return None
    parts = [_pair(item) for item in value]
    return None if None in parts else ",".join(part for part in parts if part is not None)


def _pair(item: Mapping[str, Any]) -> str | None:
    for left, right in PAIRS:
        if item.keys() <= {left, right}:
            name, value = (_item(_one_line(str(item.get(member, "")))) for member in (left, right))
            fits = not set(name) & set("{}:") and not set(value) & set("{}") and _readable(name + value)
            return f"{{{name}:{value}}}" if fits else None
    return None


def _parses(read: Callable[[str], object], text: str) -> bool:
    try:
        read(text)
    except ValueError:
        return False
    return True


WRITERS: Mapping[str, Callable[[Any], str | None]] = {
    "boolean": _truth,
    "date": _day,
    "guid": _guid,
    "moment": _moment,
    "number": _number,
    "pairs": _pairs,
    "text": _text,
    "year": _year,
}
REASONS = {
    "boolean": "is neither true nor false",
    "date": "is not a date",
    "enum": "is not one of the listed values",
    "enums": "is not a list of the listed values",
    "guid": "is not a sourcedId that a bulk file can hold (letters, digits, . / @ _ - and 255 characters at most)",
    "guids": "is not a list of sourcedIds that a bulk file can hold",
    "moment": "is neither a date nor a time",
    "number": "is not a number",
    "pairs": "is not a list of {name:value}, or one of them holds a brace or a colon",
    "text": "holds what no cell can hold",
    "year": "is not a year",
}
