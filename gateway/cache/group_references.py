"""References inside groups (lists of small records): their positions in a row, always in the same order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from standards.vocabulary import Field

DANGLING = -2
"""In place of a row number: the target of this reference is missing."""


def group_of(columns: Mapping[str, list[Any]], fields: Mapping[str, Field], name: str) -> str:
    """Return the outermost group among *columns* that contains the reference *name*, or ""."""
    parts = name.split(".")
    names = (".".join(parts[:cut]) for cut in range(1, len(parts)))
    return next((group for group in names if group in columns and fields[group].type == "group"), "")


def resolve_item(item: dict[str, Any], parts: list[str], rows: list[int], lost: dict[int, list[int]], row: int) -> None:
    """Replace the slots in *item* by row numbers; slots that dangle are appended to *lost* for the *row*."""
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
    """Return the items of a group with *turn* applied to the references under *parts*; the originals stay unchanged."""
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
