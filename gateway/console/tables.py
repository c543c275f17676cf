"""Tables: columns declared once, shown as HTML that sorts and pages by links, and as the same rows in CSV."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final, Generic, Literal, TypeVar
from urllib.parse import urlencode

from flask import Response, request, url_for

from gateway.audit.reports.export import plain
from gateway.console.parts.moments import moment, read
from gateway.console.wording import Later, say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

Row = TypeVar("Row")
Kind = Literal["text", "number", "time", "state", "code"]
ROWS_OF_A_PAGE: Final = 50


@dataclass(frozen=True, slots=True)
class State:
    """A state in a word, with the shape of its *kind*: ok, warn (soon), bad, wait (for somebody), off."""

    kind: Literal["ok", "warn", "bad", "wait", "off"]
    word: str | Later

    def __str__(self) -> str:
        return str(self.word)


@dataclass(frozen=True)  # with slots, Python 3.11 cannot make it by `TableColumn[Row](…)`
class TableColumn(Generic[Row]):
    """A column: its title, what a row has in it, how it is shown, and where a link from it leads."""

    title: Later
    value: Callable[[Row], Any]
    kind: Kind = "text"
    href: Callable[[Row], str | None] | None = None


@dataclass(frozen=True, slots=True)
class ShownHeading:
    """The heading of a column as it is shown."""

    title: Later
    kind: Kind
    href: str | None
    sorted: Literal["ascending", "descending"] | None


@dataclass(frozen=True, slots=True)
class ShownCell:
    """One cell as it is shown."""

    kind: Kind
    value: Any
    text: str
    iso: str
    href: str | None


@dataclass(frozen=True, slots=True)
class ShownSheet:
    """One page of a table, for the macro `table`."""

    name: str
    caption: str
    empty: str
    headings: tuple[ShownHeading, ...]
    rows: tuple[tuple[ShownCell, ...], ...]
    total: int
    page: int
    pages: int
    before: str | None
    next: str | None
    csv: str | None


@dataclass(frozen=True)  # with slots, Python 3.11 cannot make it by `Sheet[Row](…)`
class Sheet(Generic[Row]):
    """A table of a page; its *caption*, and the text where it is *empty*, are translated already."""

    name: str
    caption: str
    columns: Sequence[TableColumn[Row]]
    rows: Sequence[Row]
    empty: str = ""

    def shown(self) -> ShownSheet:
        """Return the page of it that the request's address asks for."""
        ordered, by, down = self._ordered()
        pages = max(1, -(-len(ordered) // ROWS_OF_A_PAGE))
        page = min(max(1, _number(request.args.get(f"{self.name}-page"))), pages)
        begin = (page - 1) * ROWS_OF_A_PAGE
        rows = tuple(tuple(_shown(one, row) for one in self.columns) for row in ordered[begin : begin + ROWS_OF_A_PAGE])
        read = request.method != "POST"
        return ShownSheet(
            self.name, self.caption, self.empty or say("There is nothing here."), self._headings(by, down), rows,
            len(ordered), page, pages,
            self._link(page=page - 1) if page > 1 else None,
            self._link(page=page + 1) if page < pages else None,
            self._link(csv="1") if read else None,
        )  # fmt: skip

    def csv_asked(self) -> bool:
        """Tell whether the request asks for this table as CSV."""
        return f"{self.name}-csv" in request.args or request.form.get("csv") == self.name

    def csv(self) -> Response:
        """Return the whole table as CSV, in UTF-8 with its mark (for spreadsheets), formulas neutralised."""
        text = io.StringIO()
        writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
        writer.writerow([plain(str(one.title)) for one in self.columns])
        for row in self._ordered()[0]:
            writer.writerow([plain(_written(one.value(row))) for one in self.columns])
        answer = Response(text.getvalue().encode("utf-8-sig"), content_type="text/csv; charset=utf-8")
        answer.headers["Content-Disposition"] = f'attachment; filename="{self.name}.csv"'
        return answer

    def _ordered(self) -> tuple[Sequence[Row], int | None, bool]:
        """Return the rows in the order asked for, with the column and whether it is from the last to the first."""
        asked = request.args.get(f"{self.name}-sort", "")
        down = asked.startswith("-")
        number = asked.removeprefix("-")
        if not (number.isascii() and number.isdigit() and int(number[:4]) < len(self.columns)):
            return self.rows, None, False
        by = int(number[:4])
        return sorted(self.rows, key=lambda row: _key(self.columns[by].value(row)), reverse=down), by, down

    def _headings(self, by: int | None, down: bool) -> tuple[ShownHeading, ...]:
        found = []
        for number, one in enumerate(self.columns):
            way: Any = None if number != by else "descending" if down else "ascending"
            href = (
                None
                if request.method == "POST"
                else self._link(sort=f"-{number}" if way == "ascending" else str(number))
            )
            found.append(ShownHeading(one.title, one.kind, href, way))
        return tuple(found)

    def _link(self, **changes: str | int) -> str:
        """Return this page's address with the table's own arguments changed; other tables stay as they are."""
        kept = {name: value for name, value in request.args.items() if not name.endswith("-csv")}
        if "sort" in changes:
            kept.pop(f"{self.name}-page", None)
        kept |= {f"{self.name}-{name}": str(value) for name, value in changes.items()}
        anchor = "" if "csv" in changes else f"#{self.name}"
        return f"{url_for(str(request.endpoint), **(request.view_args or {}))}?{urlencode(kept)}{anchor}"


def csv_of(*tables: Sheet[Any]) -> Response | None:
    """Return the one of a page's *tables* that the request asks for as CSV; None where it asks for the page."""
    return next((one.csv() for one in tables if one.csv_asked()), None)


def pairs(title: Later, value: Later, rows: Iterable[tuple[Any, Any]]) -> tuple[list[TableColumn[Any]], list[Any]]:
    """Return the columns and rows of a table of two columns, such as the numbers of a plot."""
    return [TableColumn(title, lambda row: row[0]), TableColumn(value, lambda row: row[1], "number")], list(rows)


def _number(text: str | None) -> int:
    return int(text[:6]) if text and text.isascii() and text.isdigit() else 1


def _shown(column: TableColumn[Row], row: Row) -> ShownCell:
    value = column.value(row)
    known = read(value) if isinstance(value, date) or (column.kind == "time" and isinstance(value, str)) else None
    iso = known.isoformat() if known is not None else ""
    return ShownCell(column.kind, value, _text(value, column.kind), iso, column.href(row) if column.href else None)


def _text(value: Any, kind: Kind) -> str:
    if value is None or value in ("", [], ()):
        return "–"
    if isinstance(value, date) or (kind == "time" and isinstance(value, str)):
        return moment(value)
    return str(_written(value))


def _written(value: Any) -> str | int | float:
    if isinstance(value, bool):
        return say("yes") if value else say("no")
    if isinstance(value, int | float):
        return value
    if isinstance(value, date):
        return value.isoformat(timespec="seconds") if isinstance(value, datetime) else value.isoformat()
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(map(str, sorted(value) if isinstance(value, set | frozenset) else value))
    return "" if value is None else str(value)


def _key(value: Any) -> tuple[int, Any]:
    """Order numbers and times by themselves and everything else as text; what is missing comes first."""
    if value is None or value == "":
        return 0, 0
    if isinstance(value, int | float):
        return 1, value
    return 2, value.isoformat() if isinstance(value, date) else str(_written(value)).casefold()
