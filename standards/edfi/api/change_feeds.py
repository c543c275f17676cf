"""Change feeds of a resource: their query parameters, and the natural keys that they list."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from standards.edfi.api.request import BAD_TOKEN, read
from standards.edfi.model.flat_key_names import flat_key_names
from standards.errors import MalformedQuery
from standards.query import Window

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from standards.edfi.api.request import EdFiRequest

Feed = Literal["deletes", "keyChanges"]


def read_feed(feed: Feed, arguments: Sequence[tuple[str, str]]) -> EdFiRequest:
    """Read *arguments* as the query of a feed: a page, a window, and nothing else.

    Raises:
        MalformedQuery: a parameter is given twice or cannot be read.
        UnknownName: there is no such parameter here.
    """
    asked = read((), arguments)
    if asked.query.token:
        raise MalformedQuery("pageToken", BAD_TOKEN)
    window = asked.query.window or Window()
    return replace(asked, query=replace(asked.query, window=replace(window, feed=feed)))


@cache
def key_members(collection: str) -> tuple[tuple[str, str], ...]:
    """List the members of a resource's natural key: the flat name of each, and its path in the document."""
    return tuple((name, path) for path, name in flat_key_names(collection).items())


def key_values(collection: str, record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the natural key of a *record* as it was shown, by the flat names of its members."""
    found: dict[str, Any] = {}
    for name, parts in _ways(collection):
        value: Any = record
        for part in parts:
            value = value.get(part) if isinstance(value, dict) else None
        if value is not None:
            found.setdefault(name, value)
    return found


@cache
def _ways(collection: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple((name, tuple(path.split("."))) for name, path in key_members(collection))
