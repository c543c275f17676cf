"""The export of the record for other programs: every event as a line of JSON or a row of CSV."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any, Final

import orjson

from gateway.one_line import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    Event = Mapping[str, Any]

COLUMNS: Final = (
    "seq", "at", "operation", "org", "client", "actor", "action", "district", "api", "view", "purpose", "basis",
    "agreements", "shape", "rows", "status", "fields", "set", "from", "to", "reason", "trace",
)  # fmt: skip
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
"""The beginnings that spreadsheets take for a formula."""


def as_ndjson(events: Iterable[Event]) -> Iterator[str]:
    """Yield each event as one line of JSON."""
    for event in events:
        yield orjson.dumps(event, option=orjson.OPT_SORT_KEYS).decode() + "\n"


def as_csv(events: Iterable[Event]) -> Iterator[str]:
    """Yield a heading and each event as a row; an apostrophe stands before what a spreadsheet takes for a formula."""
    yield _row(COLUMNS)
    for event in events:
        yield _row(_plain(event.get(name, "")) for name in COLUMNS)


def _plain(value: Any) -> str:
    text = " ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)
    return f"'{one_line(text)}" if text.startswith(FORMULA) and not isinstance(value, int) else one_line(text)


def _row(cells: Iterable[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(cells)
    return text.getvalue()
