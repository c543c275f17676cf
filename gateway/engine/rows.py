"""Rows: what a page can be cut from, be they those of a view, tombstones, or the entries of a change feed."""

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
    """Rows of one branch of a view that can be rendered, sent and recorded, each by its number."""

    @property
    def branch(self) -> Branch:
        """The branch that shows them."""
        ...

    @property
    def view(self) -> View:
        """The view that the branch belongs to."""
        ...

    @property
    def visibility(self) -> Visibility:
        """What the consumer sees of the district's records."""
        ...

    @property
    def ids(self) -> Sequence[str]:
        """The outward id of every row."""
        ...

    @property
    def facts(self) -> tuple[str, ...]:
        """Which facts they show, and what is done to each, for the record of disclosures."""
        ...

    @property
    def subjects(self) -> Sequence[tuple[bytes, ...]] | None:
        """The tags of the students that each row is about; None where the district's records tell."""
        ...

    def render(self, rows: Sequence[int], base: str) -> list[dict[str, Any]]:
        """The records of some *rows*, under addresses that begin with *base*."""
        ...

    def values(self, rows: Sequence[int], path: str, base: str = "") -> list[Any]:
        """What the member at *path* shows in each row."""
        ...

    def stamp(self, records: Sequence[dict[str, Any]], rows: Sequence[int], base: str) -> None:
        """Fill in since when each of the *records* has been as it is."""
        ...


class SearchableRows(Rows, Protocol):
    """Rows that a filter chooses from, and that a query sorts."""

    @property
    def rows(self) -> Sequence[int]:
        """Their numbers, by released id."""
        ...

    def keep(self, rows: Sequence[int], condition: Filter, base: str = "") -> list[int]:
        """The *rows* for which *condition* holds; order kept."""
        ...


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


def alone(nodes: Sequence[Node], chain: tuple[Node, ...]) -> bool:
    """Whether no member on the way along *chain* has another node that shows in its place."""
    for node in chain:
        if node.name:
            if sum(puts(other, node.name) for other in nodes) > 1:
                return False
            nodes = node.nodes if isinstance(node, Container) else ()
    return True


def puts(node: Node, name: str) -> bool:
    """Whether *node* can put a member called *name* into the object it stands in."""
    return (
        any(puts(inner, name) for inner in node.nodes)
        if isinstance(node, Reference) and not node.name
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
