"""The export of the record for other programs: every event as its line of the record, or a row of CSV."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any, Final

from gateway.one_line import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    Event = Mapping[str, Any]

COLUMNS: Final = (
    "seq", "at", "operation", "org", "client", "actor", "action", "district", "api", "view", "purpose", "basis",
    "agreements", "shape", "rows", "status", "fields", "set", "from", "to", "reason", "trace",
)  # fmt: skip
FORMULA: Final = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20", "\t", "\r", "\n")
"""The beginnings that spreadsheets take for a formula, with the full-width ones of East Asian settings."""


def as_ndjson(lines: Iterable[bytes]) -> Iterator[str]:
    """Yield each of the record's *lines* as it stands there, one object a line, so that the export can be verified."""
    return (line.decode() + "\n" for line in lines)


def as_csv(events: Iterable[Event]) -> Iterator[str]:
    """Yield a heading and each event as a row; an apostrophe stands before what a spreadsheet takes for a formula."""
    yield _row(COLUMNS)
    for event in events:
        yield _row(plain(event.get(name, "")) for name in COLUMNS)


def plain(value: Any) -> str:
    """Write a cell of CSV in one line; an apostrophe stands before what a spreadsheet takes for a formula."""
    text = " ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)
    bare = text.lstrip(" \xa0\u3000\ufeff\0")  # some programs trim what stands before
    formula = bare.startswith(FORMULA) and not isinstance(value, int | float)
    return f"'{one_line(text)}" if formula else one_line(text)


def _row(cells: Iterable[str]) -> str:
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerow(cells)  # no `;` begins a cell anywhere
    return text.getvalue()
