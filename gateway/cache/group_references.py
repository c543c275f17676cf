"""References inside groups: where they stand in a row, in an order that is always the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from standards.vocabulary import Field

DANGLING = -2
"""In place of a row: the target of this reference is not there."""


def group_of(columns: Mapping[str, list[Any]], fields: Mapping[str, Field], name: str) -> str:
    """The outermost group among *columns* that holds the reference *name*; empty where none does."""
    parts = name.split(".")
    names = (".".join(parts[:cut]) for cut in range(1, len(parts)))
    return next((group for group in names if group in columns and fields[group].type == "group"), "")


def resolve_item(item: dict[str, Any], parts: list[str], rows: list[int], lost: dict[int, list[int]], row: int) -> None:
    """Put into *item* the rows of what its slots stand for; slots that dangle are *lost* to the *row*."""
    name = ".".join(parts)
    if name in item:
        if rows[item[name]] == DANGLING:
            lost[row].append(item[name])
        item[name] = rows[item[name]]
        return
    for cut in range(1, len(parts)):
        for inner in item.get(".".join(parts[:cut])) or ():
            resolve_item(inner, parts[cut:], rows, lost, row)


def within(items: Iterable[dict[str, Any]], parts: Sequence[str], turn: Callable[[int], int]) -> tuple[Any, ...]:
    """The items of a group with the references under *parts* turned; those of before stay as they are."""
    name, turned = ".".join(parts), []
    for item in items:
        if name in item:
            turned.append(item | {name: turn(item[name])})
            continue
        inner = {
            group: within(item[group], parts[cut:], turn)
            for cut in range(1, len(parts))
            if item.get(group := ".".join(parts[:cut]))
        }
        turned.append(item | inner)
    return tuple(turned)
