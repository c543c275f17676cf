"""Rows found by one item of a list that they show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from standards.query import Item


def having(rows: Sequence[int], lists: Iterable[Any], wanted: Item) -> list[int]:
    """The *rows* in whose list, as it is shown, one item has all that is *wanted*; order kept."""
    goals = [(name, value.casefold()) for name, value in wanted.members]

    def has(item: Any) -> bool:
        return isinstance(item, dict) and all(str(item.get(name, "")).casefold() == goal for name, goal in goals)

    return [row for row, items in zip(rows, lists, strict=True) if any(map(has, items or ()))]
