"""The rows of a view: one pruned branch over one snapshot of a district, with ids, filters and rendering."""

from __future__ import annotations

from array import array
from collections import Counter
from copy import copy
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Protocol

from gateway.engine import field_sets
from gateway.engine.filter_conditions import having, kind_of, lists, matcher
from gateway.engine.renderer import compile_branch, compile_value
from gateway.engine.row_index import RowIndex
from gateway.engine.rows import alone, found_at, keep, puts
from standards.query import Condition, Item
from standards.view import Id, List, Native, Reference, Stamp, find, paths

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gateway.engine.visibility import Visibility
    from standards.query import Filter
    from standards.view import Branch, Node, View

NOTHING: Final[tuple[Any, ...]] = (None, "", [], {})
"""The values of a member without content; zero is content."""
REF_BITS: Final = 32
ABOVE_DANGLING: Final = 2
"""An offset that makes every row number, `NO_ROW` and `DANGLING` included, 0 or more."""


class ChangeTimes(Protocol):
    """The times since when each record has been as a consumer is shown it."""

    def stamp(self, shown: ViewRows, rows: Sequence[int], records: Sequence[dict[str, Any]], base: str) -> None:
        """Fill in the times of change and ETags of freshly rendered *records*."""
        ...

    def tag(self, shown: ViewRows, record: dict[str, Any], base: str) -> None:
        """Fill in the ETag of one *record*, and leave out its time of change."""
        ...

    def times(self, shown: ViewRows, rows: Sequence[int]) -> list[str]:
        """Return the time of change of each row, as text that sorts."""
        ...


class ViewRows:
    """The rows of one pruned branch over one district's snapshot: their ids, and how they are filtered and rendered."""

    def __init__(self, branch: Branch, view: View, visibility: Visibility, ledger: ChangeTimes) -> None:
        self.branch, self.view, self.visibility, self.ledger = branch, view, visibility, ledger
        self.subjects: Sequence[tuple[bytes, ...]] | None = None  # they follow from the district's records
        self.chains: dict[str, tuple[Node, ...]] = {}
        for path, chain in paths(branch.nodes):
            self.chains.setdefault(path, chain)
        self.render = compile_branch(branch, visibility, view.api)
        self._compiled: dict[str, Callable[[Sequence[int], str], list[Any]]] = {}

    def over(self, visibility: Visibility) -> ViewRows:
        """Return a copy over *visibility* of another snapshot in which every entity that it reads is the same."""
        moved = copy(self)
        moved.visibility = visibility
        return moved

    @cached_property
    def ids(self) -> Sequence[str]:
        """The outward id of every row."""
        return self.visibility.ids(self.branch.entity, self.view.api)

    @cached_property
    def facts(self) -> tuple[str, ...]:
        """The fields shown, each with the action applied to it, for the record of disclosures."""
        return field_sets.lines(self.branch, self.chains.items(), self.visibility.grant)

    @cached_property
    def rows(self) -> Sequence[int]:
        """The rows of this branch, ordered by released id."""
        kept, ids = self.among(self.visibility.rows(self.branch.entity)), self.ids
        rows = shown_once(self, kept) if self.branch.once else kept
        rows.sort(key=ids.__getitem__)
        return array("I", rows)

    def among(self, rows: Sequence[int]) -> list[int]:
        """Keep those of some visible *rows* that this branch shows, each judged by itself."""
        table, rows = self.visibility.snapshot.table(self.branch.entity), list(rows)
        for name, values in self.branch.where:
            column = table.columns.get(name)
            rows = [row for row in rows if column is not None and column[row] in values]
        for name in self.branch.needs:
            if any(node.name == name for node in self.branch.nodes):
                rows = [row for row, found in zip(rows, self._needed(rows, name), strict=True) if found not in NOTHING]
        if self.branch.backed:
            backed = self._some("", self.branch.backed)(rows, "")
            rows = [row for row, found in zip(rows, backed, strict=True) if found]
        kept = rows
        for path, value in self.branch.only:
            kept = self.keep(kept, Condition(path, "=", value))
        if self.branch.also and len(kept) < len(rows):
            besides = self._pointed_to.union(kept)
            kept = [row for row in rows if row in besides]
        return kept

    def single(self, row: int) -> RowIndex:
        """Return the index of one row."""
        return RowIndex((self,), array("Q", (row,)))

    @cached_property
    def _pointed_to(self) -> frozenset[int]:
        """The rows that a visible row of the branch's further entities (``also``) refers to."""
        found: set[int] = set()
        for step in self.branch.also:
            refs = self.visibility.snapshot.table(step.entity).refs.get(step.via, ())
            found.update(refs[row] for row in self.visibility.rows(step.entity) if refs)
        return frozenset(found)

    def shows(self, row: int) -> bool:
        """Tell whether this branch shows one *row*, without computing all the others."""
        visible = self.visibility.visible(self.branch.entity)
        if self.branch.once is not None or "members" in self.__dict__:
            return row in self.members
        return (visible is None or bool(visible[row])) and bool(self.among([row]))

    @cached_property
    def members(self) -> frozenset[int]:
        """The rows of this branch as a set."""
        return frozenset(self.rows)

    def stamp(self, records: Sequence[dict[str, Any]], rows: Sequence[int], base: str) -> None:
        """Fill in the time of change and the ETag of each of the *records*."""
        self.ledger.stamp(self, rows, records, base)

    def values(self, rows: Sequence[int], path: str, base: str = "") -> list[Any]:
        """Return the value of the member at *path* in each row, or the list of values found there."""
        top = path.split(".", maxsplit=1)[0]
        nodes = tuple(node for node in self.branch.nodes if puts(node, top))
        chain = self.chains.get(path)
        if chain and isinstance(chain[-1], Stamp):
            return self.ledger.times(self, rows)
        if chain and alone(self.branch.nodes, chain) and not any(isinstance(node, List | Native) for node in chain):
            read = self._once(path, lambda: compile_value(self.branch, self.visibility, self.view.api, chain))
            return read(rows, base)
        rendered = self._some(f"{top}.", nodes)(rows, base)
        parts = path.split(".")
        return [found_at(record, parts) for record in rendered]

    def _needed(self, rows: Sequence[int], name: str) -> list[Any]:
        """Return the member *name* of each row; lists stay unsettled, since only their presence counts."""
        nodes = tuple(node for node in self.branch.nodes if puts(node, name))
        if not any(isinstance(node, List) for node in nodes):
            return self.values(rows, name)
        found = tuple(replace(node, settle=None) if isinstance(node, List) else node for node in nodes)
        rendered = self._some(f"{name}?", found)(rows, "")
        return [record.get(name) for record in rendered]

    def _some(self, what: str, nodes: tuple[Node, ...]) -> Callable[[Sequence[int], str], list[dict[str, Any]]]:
        """Compile some *nodes* of the branch."""
        return self._once(what, lambda: compile_branch(self.branch, self.visibility, self.view.api, nodes))

    def _once(
        self, what: str, make: Callable[[], Callable[[Sequence[int], str], list[Any]]]
    ) -> Callable[[Sequence[int], str], list[Any]]:
        """Return what *make* compiles, cached under *what*."""
        made = self._compiled.get(what)
        if made is None:
            made = self._compiled[what] = make()
        return made

    def keep(self, rows: Sequence[int], condition: Filter, base: str = "") -> list[int]:
        """Keep the *rows* that meet *condition*, in order."""
        return keep(rows, condition, lambda some, one: self._compare(some, one, base))

    def _compare(self, rows: Sequence[int], condition: Condition | Item, base: str) -> list[int]:
        if isinstance(condition, Item):
            return having(rows, self.values(rows, condition.path, base), condition)
        chain = find(self.branch.nodes, condition.path)
        if chain is None:
            return []
        by_id = self._by_reference(rows, condition, chain)
        if by_id is not None:
            return by_id
        matches = matcher(condition, kind_of(chain), listed=lists(self.branch.entity, chain))
        found = self.values(rows, condition.path, base)
        return [row for row, value in zip(rows, found, strict=True) if matches(value)]

    def _by_reference(self, rows: Sequence[int], condition: Condition, chain: tuple[Node, ...]) -> list[int] | None:
        """Find rows through an index where the condition is an equal id: the row's own, or a reference's."""
        last = chain[-1]
        if condition.operator != "=" or not isinstance(last, Id) or last.unique or not alone(self.branch.nodes, chain):
            return None
        entity = self.branch.entity
        if len(chain) == 1:
            hit = frozenset(self.visibility.bearers(entity, condition.value, self.view.api))
        elif len(chain) == 2 and isinstance(chain[0], Reference) and chain[0].name:  # noqa: PLR2004  reference and id
            to = self.visibility.entity_of(entity, chain[0].ref)
            children = self.visibility.snapshot.children(entity, chain[0].ref, to)
            hit = frozenset(
                kid
                for target in self.visibility.bearers(to, condition.value, self.view.api)
                for kid in children[target]
            )
        else:
            return None
        return [row for row in rows if row in hit] if len(hit) > len(rows) else self._ordered(hit, rows)

    def _ordered(self, hit: frozenset[int], rows: Sequence[int]) -> list[int]:
        if rows is self.rows:
            return sorted(hit & self.members, key=self.ids.__getitem__)
        return [row for row in rows if row in hit]


def shown_once(shown: ViewRows, rows: list[int]) -> list[int]:
    """Drop those of the *rows* whose rendered key another one shows as well; decided by what is rendered alone."""
    doubtful = _doubtful(shown, rows)
    best: dict[tuple[Any, ...], tuple[bool, str, int]] = {}
    for row, key, last in zip(doubtful, _keys(shown, doubtful), _lasts(shown, doubtful), strict=True):
        mine = (last is None, str(last), row)
        known = best.get(key)
        if known is None or mine[:2] > known[:2] or (mine[:2] == known[:2] and shown.ids[row] < shown.ids[known[2]]):
            best[key] = mine
    gone = set(doubtful) - {row for _, _, row in best.values()}
    return [row for row in rows if row not in gone] if gone else rows


def _doubtful(shown: ViewRows, rows: Sequence[int]) -> list[int]:
    """Return the rows that refer to the same records as another one; usually none."""
    table, once = shown.visibility.snapshot.table(shown.branch.entity), shown.branch.once
    codes = [0] * len(rows)
    for name in once.refs if once else ():
        refs = table.refs.get(name)
        if refs is None:
            return []
        codes = [code << REF_BITS | (refs[row] + ABOVE_DANGLING) for code, row in zip(codes, rows, strict=True)]
    if len(set(codes)) == len(codes):
        return []
    times = Counter(codes)
    return [row for row, code in zip(rows, codes, strict=True) if times[code] > 1]


def _keys(shown: ViewRows, rows: Sequence[int]) -> list[tuple[Any, ...]]:
    """Return the key of each of the *rows* as it is rendered."""
    once, table = shown.branch.once, shown.visibility.snapshot.table(shown.branch.entity)
    assert once is not None
    refs = [[table.refs[name][row] for row in rows] for name in once.refs]
    members = [shown.values(rows, name) for name in once.members]
    return list(zip(*refs, *members, strict=True))


def _lasts(shown: ViewRows, rows: Sequence[int]) -> list[Any]:
    once = shown.branch.once
    assert once is not None
    return shown.values(rows, once.last) if once.last in shown.chains else [None] * len(rows)
