"""Overlays: a snapshot with other values laid over some cells, whose rows keep their numbers."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from threading import Lock
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from gateway.cache.snapshot import NO_ROW

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.cache.snapshot import Snapshot, Table

    Cells = Mapping[str, Mapping[int, Any]]


@dataclass(slots=True)
class Derived:
    """What is kept with a table: the tables laid over it, by their content, and what else follows from its rows."""

    overlays: WeakValueDictionary[str, Table] = field(default_factory=WeakValueDictionary)
    facts: dict[tuple[str, ...], Any] = field(default_factory=dict)


def derived(table: Table) -> Derived:
    """Return what is kept with a *table*."""
    if table.derived is None:
        table.derived = Derived()
    found: Derived = table.derived
    return found


def overlaid(snapshot: Snapshot, cells: Mapping[str, Cells], base: Snapshot | None = None) -> Snapshot:
    """Lay other values over *cells* (entity to column to row to value) of a snapshot; *base* is laid under it already.

    A reference is laid over by `NO_ROW`. Columns without other values are shared, and a table laid over by equal values
    is the same object as long as somebody uses it, so that what is the same can be told by identity.
    """
    tables = dict(snapshot.tables)
    for entity, columns in cells.items():
        if columns and entity in tables:
            tables[entity] = _over(tables[entity], columns)
    return replace(snapshot, tables=tables, base=base or snapshot.base, under=snapshot, _children={}, _lock=Lock())


def _over(table: Table, columns: Cells) -> Table:
    content = repr([(column, sorted(rows.items(), key=_row)) for column, rows in sorted(columns.items())])
    name, known = blake2b(content.encode("utf-8", "surrogatepass")).hexdigest(), derived(table).overlays
    found = known.get(name)
    if found is None:
        found = known[name] = replace(
            table,
            columns={**table.columns, **{name: _column(table, name, rows) for name, rows in columns.items()
                                         if name not in table.refs}},
            refs={**table.refs, **{name: _references(table.refs[name], rows) for name, rows in columns.items()
                                   if name in table.refs}},
            derived=None,
        )  # fmt: skip
    return found


def _row(cell: tuple[int, Any]) -> int:
    return cell[0]


def _column(table: Table, name: str, rows: Mapping[int, Any]) -> list[Any]:
    column = list(table.columns[name]) if name in table.columns else [None] * table.size
    for row, value in rows.items():
        column[row] = value
    return column


def _references(refs: array[int], rows: Mapping[int, Any]) -> array[int]:
    changed = array("i", refs)
    for row in rows:
        changed[row] = NO_ROW
    return changed
