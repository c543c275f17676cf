"""Members of released documents, any of which may be absent: what an agreement does not release is not there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def at(document: Mapping[str, Any], path: str) -> Any:
    """Return the member at a path through objects; None where anything on the way is absent."""
    value: Any = document
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def text(document: Mapping[str, Any], path: str) -> str:
    """Return the member at a path as text; empty where it is absent."""
    value = at(document, path)
    return "" if value is None else str(value)


def code(document: Mapping[str, Any], path: str) -> str:
    """Return what the descriptor at a path says, without its namespace; empty where it is absent."""
    return text(document, path).rpartition("#")[2]


def items(document: Mapping[str, Any], path: str) -> Iterator[Mapping[str, Any]]:
    """Yield the objects in the list at a path; none where it is absent."""
    found = at(document, path)
    yield from (one for one in found if isinstance(one, dict)) if isinstance(found, list) else ()


def first(document: Mapping[str, Any], *paths: str) -> str:
    """Return the first of several members that is there, as text."""
    return next(filter(None, (text(document, path) for path in paths)), "")
