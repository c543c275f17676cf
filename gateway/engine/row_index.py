"""Which rows answer a query, in which order: made once, then every page is a slice of it."""

from __future__ import annotations

from array import array
from copy import copy
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from gateway.engine import field_sets
from gateway.engine.filter_conditions import kind_of, lists, matcher
from gateway.engine.list_items import having
from gateway.engine.renderer import compile_branch, compile_value
from gateway.engine.repeated_rows import shown_once
from standards.collation import sort_key, written
from standards.query import Both, Condition, Either, Item
from standards.view import Container, Hop, Id, Many, Native, Stamp, find, paths

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from gateway.change_log.ledger import Ledger
    from gateway.changes.tombstones import Departed
    from gateway.engine.visibility import Faces
    from standards.query import Filter, Query
    from standards.view import Branch, Node, View

    Part: TypeAlias = "Shown | Departed"

NOTHING: Final[tuple[Any, ...]] = (None, "", [], {})
"""What a member shows where it says nothing; a zero says something."""
ROW_BITS = 26
ROW_MASK = (1 << ROW_BITS) - 1


class Shown:
    """One pruned branch of one district's generation: its rows, their ids and how to render them."""

    def __init__(self, branch: Branch, view: View, faces: Faces, ledger: Ledger) -> None:
        self.branch, self.view, self.faces, self.ledger = branch, view, faces, ledger
        self.chains: dict[str, tuple[Node, ...]] = {}
        for path, chain in paths(branch.nodes):
            self.chains.setdefault(path, chain)
        self.render = compile_branch(branch, faces, view.api)
        self._compiled: dict[str, Callable[[Sequence[int], str], list[Any]]] = {}

    def over(self, faces: Faces) -> Shown:
        """The same over other *faces*, of a state in which nothing that it rests on is another."""
        moved = copy(self)
        moved.faces = faces
        return moved

    @cached_property
    def ids(self) -> Sequence[str]:
        """The outward id of every row."""
        return self.faces.ids(self.branch.entity, self.view.api)

    @cached_property
    def facts(self) -> tuple[str, ...]:
        """Which facts it shows, and what is done to each, for the record of disclosures."""
        return field_sets.lines(self.branch, self.chains.items(), self.faces.grant)

    @cached_property
    def rows(self) -> Sequence[int]:
        """The rows of this branch, by released id."""
        kept, ids = self.among(self.faces.rows(self.branch.entity)), self.ids
        rows = shown_once(self, kept) if self.branch.once else kept
        rows.sort(key=ids.__getitem__)
        return array("I", rows)

    def among(self, rows: Sequence[int]) -> list[int]:
        """Those of some visible *rows* that this branch shows, each judged by itself."""
        table, rows = self.faces.generation.table(self.branch.entity), list(rows)
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
        """The index of one row."""
        return RowIndex((self,), array("Q", (row,)))

    @cached_property
    def _pointed_to(self) -> frozenset[int]:
        """The rows to which a visible row of what the branch shows also points."""
        found: set[int] = set()
        for step in self.branch.also:
            refs = self.faces.generation.table(step.entity).refs.get(step.via, ())
            found.update(refs[row] for row in self.faces.rows(step.entity) if refs)
        return frozenset(found)

    def shows(self, row: int) -> bool:
        """Whether one *row* is among those of this branch: found out without looking at all the others."""
        visible = self.faces.visible(self.branch.entity)
        if self.branch.once is not None or "members" in self.__dict__:
            return row in self.members
        return (visible is None or bool(visible[row])) and bool(self.among([row]))

    @cached_property
    def members(self) -> frozenset[int]:
        """The rows of this branch as a set."""
        return frozenset(self.rows)

    def stamp(self, records: Sequence[dict[str, Any]], rows: Sequence[int], base: str) -> None:
        """Fill in since when each of the *records* has been as it is."""
        self.ledger.stamp(self, rows, records, base)

    def values(self, rows: Sequence[int], path: str, base: str = "") -> list[Any]:
        """What the member at *path* shows in each row: a value, or the list of values found there."""
        top = path.split(".", maxsplit=1)[0]
        nodes = tuple(node for node in self.branch.nodes if _puts(node, top))
        chain = self.chains.get(path)
        if chain and isinstance(chain[-1], Stamp):
            return self.ledger.times(self, rows)
        if chain and alone(self.branch.nodes, chain) and not any(isinstance(node, Many | Native) for node in chain):
            read = self._once(path, lambda: compile_value(self.branch, self.faces, self.view.api, chain))
            return read(rows, base)
        rendered = self._some(f"{top}.", nodes)(rows, base)
        parts = path.split(".")
        return [found_at(record, parts) for record in rendered]

    def _needed(self, rows: Sequence[int], name: str) -> list[Any]:
        """What the member *name* shows in each row; lists as they are found: only whether there are any counts."""
        nodes = tuple(node for node in self.branch.nodes if _puts(node, name))
        if not any(isinstance(node, Many) for node in nodes):
            return self.values(rows, name)
        found = tuple(replace(node, settle=None) if isinstance(node, Many) else node for node in nodes)
        rendered = self._some(f"{name}?", found)(rows, "")
        return [record.get(name) for record in rendered]

    def _some(self, what: str, nodes: tuple[Node, ...]) -> Callable[[Sequence[int], str], list[dict[str, Any]]]:
        """How to render some *nodes* of the branch alone."""
        return self._once(what, lambda: compile_branch(self.branch, self.faces, self.view.api, nodes))

    def _once(
        self, what: str, make: Callable[[], Callable[[Sequence[int], str], list[Any]]]
    ) -> Callable[[Sequence[int], str], list[Any]]:
        """What *make* compiles, kept for whoever asks next."""
        made = self._compiled.get(what)
        if made is None:
            made = self._compiled[what] = make()
        return made

    def keep(self, rows: Sequence[int], condition: Filter, base: str = "") -> list[int]:
        """The *rows* for which *condition* holds; order kept."""
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
        """Rows found through an index where the condition names an id: of the row, or of one it points to."""
        last = chain[-1]
        if condition.operator != "=" or not isinstance(last, Id) or last.unique or not alone(self.branch.nodes, chain):
            return None
        entity = self.branch.entity
        if len(chain) == 1:
            hit = frozenset(self.faces.bearers(entity, condition.value, self.view.api))
        elif len(chain) == 2 and isinstance(chain[0], Hop) and chain[0].name:  # noqa: PLR2004  the hop and the id
            to = self.faces.entity_of(entity, chain[0].ref)
            kids = self.faces.generation.kids(entity, chain[0].ref, to)
            hit = frozenset(
                kid for target in self.faces.bearers(to, condition.value, self.view.api) for kid in kids[target]
            )
        else:
            return None
        return [row for row in rows if row in hit] if len(hit) > len(rows) else self._ordered(hit, rows)

    def _ordered(self, hit: frozenset[int], rows: Sequence[int]) -> list[int]:
        if rows is self.rows:
            return sorted(hit & self.members, key=self.ids.__getitem__)
        return [row for row in rows if row in hit]


def keep(
    rows: Sequence[int], condition: Filter, compare: Callable[[Sequence[int], Condition | Item], list[int]]
) -> list[int]:
    """The *rows* for which *condition* holds, order kept; *compare* keeps those for which one comparison does."""
    match condition:
        case Both(parts):
            for part in parts:
                rows = keep(rows, part, compare)
            return list(rows)
        case Either(parts):
            kept = {row for part in parts for row in keep(rows, part, compare)}
            return [row for row in rows if row in kept]
        case Condition() | Item():
            return compare(rows, condition)


@dataclass(slots=True)
class RowIndex:
    """The rows that answer a query in order, as codes: number of the branch, then number of the row.

    *about* and *subjects* are filled by the record of disclosures: how to tell whom a row is about, and of
    stretches of rows the stored set of students, with where each row's begin.
    """

    shown: tuple[Part, ...]
    codes: array[int]
    about: list[Any] | None = None
    subjects: dict[tuple[int, int], tuple[str, Sequence[int]]] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """How many records answer the query."""
        return len(self.codes)

    def slice(self, offset: int, limit: int, base: str) -> list[dict[str, Any]]:
        """The records of one page, rendered and stamped."""
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
                shown.stamp([], (), base)  # that there is nothing is told of this state too
        return page


def index(
    shown: tuple[Part, ...], query: Query, base: str = "", members: Sequence[frozenset[int]] | None = None
) -> RowIndex:
    """All rows of all branches that answer *query*, ordered by its sort, then by released id.

    *base* is the address that the outward addresses among the values begin with. Of each branch only its
    *members* count, where they are told.
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


def _sort_keys(part: Part, rows: Sequence[int], query: Query) -> list[Any]:
    """Keys that put records without the member last, whichever the direction, and numbers before texts."""
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


def alone(nodes: Sequence[Node], chain: tuple[Node, ...]) -> bool:
    """Whether no member on the way along *chain* has another node that shows in its place."""
    for node in chain:
        if node.name:
            if sum(_puts(other, node.name) for other in nodes) > 1:
                return False
            nodes = node.nodes if isinstance(node, Container) else ()
    return True


def _puts(node: Node, name: str) -> bool:
    """Whether *node* can put a member called *name* into the object it stands in."""
    return (
        any(_puts(inner, name) for inner in node.nodes)
        if isinstance(node, Hop) and not node.name
        else node.name == name
    )


def found_at(record: Any, parts: Sequence[str]) -> Any:
    """What stands at a path of a rendered record; lists on the way give the list of all that is there."""
    if not parts:
        return record
    if isinstance(record, list):
        return _flat(found_at(item, parts) for item in record)
    if isinstance(record, dict):
        for cut in range(len(parts), 0, -1):
            name = ".".join(parts[:cut])
            if name in record:
                return found_at(record[name], parts[cut:])
    return None


def _flat(values: Iterable[Any]) -> list[Any]:
    flat: list[Any] = []
    for value in values:
        if isinstance(value, list | tuple):
            flat.extend(value)
        elif value is not None:
            flat.append(value)
    return flat
