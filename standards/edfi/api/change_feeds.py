"""The change feeds of a resource: what may be asked of them, and the natural keys that they tell."""

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
    """What *arguments* ask of a feed: a page, a window, and nothing else.

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
    """The members of a resource's natural key: the name each goes by on its own, and its path in the document."""
    return tuple((name, path) for path, name in flat_key_names(collection).items())


def key_values(collection: str, record: Mapping[str, Any]) -> dict[str, Any]:
    """The natural key of a *record* as it was shown, by the names that its members go by on their own."""
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
