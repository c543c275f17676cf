"""The row index: the rows that answer a query, in order; every page is a slice of it."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gateway.engine.filter_conditions import kind_of
from gateway.engine.rows import ROW_BITS, ROW_MASK
from standards.collation import sort_key, written
from standards.view import find

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.engine.rows import Rows, SearchableRows
    from standards.query import Query


@dataclass(slots=True)
class RowIndex:
    """The ordered rows that answer a query, as codes: the branch's number, then the row's number.

    *about* and *subjects* are filled by the record of disclosures: a function per branch from a row to its students,
    and for ranges of rows the stored set of students, with the offset of each row's students in it.
    """

    shown: tuple[Rows, ...]
    codes: array[int]
    about: list[Any] | None = None
    subjects: dict[tuple[int, int], tuple[str, Sequence[int]]] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """The number of records that answer the query."""
        return len(self.codes)

    def slice(self, offset: int, limit: int, base: str) -> list[dict[str, Any]]:
        """Render and stamp the records of one page."""
        codes = self.codes[offset : offset + limit]
        page: list[Any] = [None] * len(codes)
        for number, shown in enumerate(self.shown):
            places = [place for place, code in enumerate(codes) if code >> ROW_BITS == number]
            if places:
                rows = [codes[place] & ROW_MASK for place in places]
                records = shown.render(rows, base)
                shown.stamp(records, rows, base)
                for place, record in zip(places, records, strict=True):
                    page[place] = record
            else:
                shown.stamp([], (), base)  # an empty page, too, is an answer about this state
        return page


def index(
    shown: tuple[SearchableRows, ...], query: Query, base: str = "", members: Sequence[frozenset[int]] | None = None
) -> RowIndex:
    """Choose the rows of all branches that answer *query*, ordered by its sort, then by released id.

    *base* is the beginning of the URLs among the values. Where *members* are given, only those rows of each branch
    count.
    """
    kept = []
    for number, part in enumerate(shown):
        rows = part.rows if members is None else [row for row in part.rows if row in members[number]]
        kept.append((part, rows if query.filter is None else part.keep(rows, query.filter, base)))
    if not query.sort and len(kept) == 1:
        return RowIndex(shown, array("Q", kept[0][1]))
    keyed: list[tuple[Any, str, int]] = []
    for number, (part, rows) in enumerate(kept):
        keys = _sort_keys(part, rows, query) if query.sort else [""] * len(rows)
        ids = part.ids
        keyed.extend((key, ids[row], number << ROW_BITS | row) for key, row in zip(keys, rows, strict=True))
    keyed.sort(key=lambda entry: entry[1:])
    if query.sort:
        keyed.sort(key=lambda entry: entry[0], reverse=query.descending)
    return RowIndex(shown, array("Q", [code for _, _, code in keyed]))


def _sort_keys(part: SearchableRows, rows: Sequence[int], query: Query) -> list[Any]:
    """Compute keys that sort records without the member last in either direction, and numbers before texts."""
    chain = find(part.branch.nodes, query.sort)
    missing = not query.descending
    if chain is None:
        return [(missing,)] * len(rows)
    number = kind_of(chain) in {"integer", "number"}
    found = [None if (one := _first(value)) is None else written(one) for value in part.values(rows, query.sort)]
    keys: dict[str | None, Any] = {None: (missing,)}
    for text in found:
        if text not in keys and text is not None:
            keys[text] = (not missing, not number, float(text) if number else sort_key(text))
    return [keys[text] for text in found]


def _first(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return value[0] if value else None
    return value
