"""Differences between two snapshots of a district: rows that are new, deleted, or have other values than before."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from standards.fields import fields_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from gateway.cache.snapshot import Snapshot, Table

NOWHERE = -1
UNIQUE = ""
"""In place of a column's name: the unique ids of persons."""


@dataclass(frozen=True, slots=True)
class Difference:
    """The difference between two states of one table.

    *places* has for each present row its row before (`NOWHERE`: it is new), or is None where no row has moved.
    *changed* and *came* are rows of the new state, *gone* rows of the old. *columns* are the rows that have another
    value, column by column.
    """

    places: Sequence[int] | None = None
    changed: frozenset[int] = frozenset()
    came: frozenset[int] = frozenset()
    gone: frozenset[int] = frozenset()
    columns: Mapping[str, Collection[int]] = field(default_factory=dict)

    def before(self, row: int) -> int:
        """Return the earlier row of a present *row*; `NOWHERE` where it is new."""
        return row if self.places is None else self.places[row]


SAME = Difference()


@dataclass(slots=True)
class Differences:
    """The differences between the snapshot *old* and the snapshot *new*, table by table."""

    old: Snapshot
    new: Snapshot
    _found: dict[str, Difference] = field(default_factory=dict)
    _places: dict[str, Sequence[int] | None] = field(default_factory=dict)

    def of(self, entity: str) -> Difference:
        """Return the differences of one table, computed at first access."""
        if entity not in self._found:
            self._found[entity] = self._compare(self.old.table(entity), self.new.table(entity))
        return self._found[entity]

    def places(self, entity: str) -> Sequence[int] | None:
        """Return the earlier row of each present row of *entity*; None where no row has moved."""
        if entity not in self._places:
            old, new = self.old.table(entity).ids, self.new.table(entity).ids
            if old is new or old == new:
                self._places[entity] = None
            else:
                at = {own: row for row, own in enumerate(old)}
                self._places[entity] = [at.get(own, NOWHERE) for own in new]
        return self._places[entity]

    def present(self, entity: str, rows: Iterable[int]) -> set[int]:
        """Return the present rows of earlier *rows*, without those that are deleted."""
        places = self.places(entity)
        if places is None:
            return set(rows)
        wanted = set(rows)
        return {row for row, before in enumerate(places) if before in wanted} if wanted else set()

    def _compare(self, old: Table, new: Table) -> Difference:
        if old is new:
            return SAME
        places = self.places(new.entity)
        columns = {name: self._column(name, old, new, places) for name in old.columns.keys() | new.columns.keys()}
        columns |= {name: self._references(name, old, new, places) for name in old.refs.keys() | new.refs.keys()}
        if old.unique is not None or new.unique is not None:
            columns[UNIQUE] = _differing(old.unique, new.unique, places, old.size, new.size)
        changed = frozenset[int]().union(*columns.values())
        came = frozenset(row for row, before in enumerate(places or ()) if before == NOWHERE)
        here = frozenset(places or ())
        gone = frozenset(row for row in range(old.size) if row not in here) if places is not None else frozenset()
        return Difference(places, changed - came, came, gone, {name: rows for name, rows in columns.items() if rows})

    def _column(self, name: str, old: Table, new: Table, places: Sequence[int] | None) -> list[int]:
        before, after = old.columns.get(name), new.columns.get(name)
        spec = fields_of(new.entity).get(name)
        if spec is not None and spec.type == "ref":  # a list of references
            now = self._arrival(spec.to)
            if now is not None and before is not None:
                before = [value and tuple(_moved(now, target) for target in value) for value in before]
        elif spec is not None and spec.type == "group" and self._moves_within(new.entity, name):
            filled = [row for row, value in enumerate(after or ()) if value]
            return filled + _differing(_filled(before), _filled(after), places, old.size, new.size, absent=False)
        return _differing(before, after, places, old.size, new.size)

    def _references(self, name: str, old: Table, new: Table, places: Sequence[int] | None) -> list[int]:
        before: Sequence[int] | None = old.refs.get(name)
        now = self._arrival(fields_of(new.entity)[name].to)
        if now is not None and before is not None:
            before = [_moved(now, target) for target in before]
        return _differing(before, new.refs.get(name), places, old.size, new.size, absent=-1)

    def _moves_within(self, entity: str, group: str) -> bool:
        """Tell whether a reference in a *group* leads to rows that have moved."""
        refs = (one.to for name, one in fields_of(entity).items() if name.startswith(f"{group}.") and one.type == "ref")
        return any(self.places(to) is not None for to in refs)

    def _arrival(self, entity: str) -> Mapping[int, int] | None:
        """Map each earlier row to its present row; None where none has moved."""
        places = self.places(entity)
        return None if places is None else {before: row for row, before in enumerate(places) if before != NOWHERE}


def _filled(column: Sequence[Any] | None) -> list[bool] | None:
    return None if column is None else [bool(value) for value in column]


def _moved(now: Mapping[int, int], target: int) -> int:
    """Renumber a reference to an earlier row; a negative number stays what it is."""
    return target if target < 0 else now.get(target, -3 - target)


def _differing(
    before: Sequence[Any] | None,
    after: Sequence[Any] | None,
    places: Sequence[int] | None,
    was: int,
    size: int,
    absent: Any = None,
) -> list[int]:
    """List the present rows whose value in a column differs from before; new rows are left out."""
    old = before if before is not None else [absent] * was
    new = after if after is not None else [absent] * size
    if places is None:
        return [row for row, (one, other) in enumerate(zip(old, new, strict=True)) if one != other]
    return [row for row, (at, value) in enumerate(zip(places, new, strict=True)) if at >= 0 and old[at] != value]
