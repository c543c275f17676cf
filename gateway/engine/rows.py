"""Rows that a page is cut from: those of a view, tombstones, or the entries of a change feed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from standards.query import Both, Condition, Either, Item
from standards.view import Container, Reference

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from gateway.engine.visibility import Visibility
    from standards.query import Filter
    from standards.view import Branch, Node, View

ROW_BITS = 26
ROW_MASK = (1 << ROW_BITS) - 1


class Rows(Protocol):
    """The rows of one branch of a view, each by its number, that can be rendered, sent and recorded."""

    @property
    def branch(self) -> Branch:
        """The branch that renders them."""
        ...

    @property
    def view(self) -> View:
        """The view that the branch belongs to."""
        ...

    @property
    def visibility(self) -> Visibility:
        """The consumer's visibility of the district's records."""
        ...

    @property
    def ids(self) -> Sequence[str]:
        """The outward id of every row."""
        ...

    @property
    def facts(self) -> tuple[str, ...]:
        """The fields they show, each with the action applied to it, for the record of disclosures."""
        ...

    @property
    def subjects(self) -> Sequence[tuple[bytes, ...]] | None:
        """The tags of the students that each row is about; None where they follow from the district's records."""
        ...

    def render(self, rows: Sequence[int], base: str) -> list[dict[str, Any]]:
        """Render some *rows*, with URLs that begin with *base*."""
        ...

    def values(self, rows: Sequence[int], path: str, base: str = "") -> list[Any]:
        """Return the value of the member at *path* in each row."""
        ...

    def stamp(self, records: Sequence[dict[str, Any]], rows: Sequence[int], base: str) -> None:
        """Fill in the time of change and the ETag of the *records*."""
        ...


class SearchableRows(Rows, Protocol):
    """Rows that a filter can choose from and a query can sort."""

    @property
    def rows(self) -> Sequence[int]:
        """The row numbers, ordered by released id."""
        ...

    def keep(self, rows: Sequence[int], condition: Filter, base: str = "") -> list[int]:
        """Keep the *rows* that meet *condition*, in order."""
        ...


def keep(
    rows: Sequence[int], condition: Filter, compare: Callable[[Sequence[int], Condition | Item], list[int]]
) -> list[int]:
    """Keep the *rows* that meet *condition*, in order; *compare* keeps those that meet one comparison."""
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


def alone(nodes: Sequence[Node], chain: tuple[Node, ...]) -> bool:
    """Tell whether no member along *chain* has a second node as fallback."""
    for node in chain:
        if node.name:
            if sum(puts(other, node.name) for other in nodes) > 1:
                return False
            nodes = node.nodes if isinstance(node, Container) else ()
    return True


def puts(node: Node, name: str) -> bool:
    """Tell whether *node* can put a member called *name* into its object."""
    return (
        any(puts(inner, name) for inner in node.nodes)
        if isinstance(node, Reference) and not node.name
        else node.name == name
    )


def found_at(record: Any, parts: Sequence[str]) -> Any:
    """Return the value at a path of a rendered record; a list on the way gives the values of all its items."""
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
