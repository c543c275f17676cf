"""Mistakes that a schema finds, flattened: each with the path of the value it is about."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from marshmallow import fields

from gateway.translations.phrases import Phrase
from standards.errors import suggestion

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from marshmallow import Schema

    from gateway.config.toml import toml_positions


def guessed(told: str, name: str, known: Iterable[str]) -> Phrase:
    """Return what is *told* of a name that is not *known*, with the one that is most like it if any is."""
    close = get_close_matches(name, list(known), n=1)
    return Phrase("%(told)s (did you mean %(name)s?)", told=Phrase(told), name=close[0]) if close else Phrase(told)


def flat(messages: Any, schema: Schema) -> Iterator[tuple[toml_positions.Path, str]]:
    """Flatten marshmallow's nested messages, each with the path it is about."""
    for name, inner in messages.items():
        kind = schema.fields.get(name)
        if kind is None:
            yield (name,), f"there is no such setting{suggestion(str(name), schema.fields)}"
        else:
            yield from _below((name,), inner, kind)


def _below(path: toml_positions.Path, messages: Any, kind: Any) -> Iterator[tuple[toml_positions.Path, str]]:
    if isinstance(messages, list):
        for message in messages:
            yield path, message if isinstance(message, Phrase) else str(message).rstrip(".")
    elif isinstance(kind, fields.Nested):
        if messages.keys() == {"_schema"}:
            yield from _below(path, messages["_schema"], None)
        else:
            yield from (((*path, *place), message) for place, message in flat(messages, kind.schema))
    elif isinstance(kind, fields.Dict):
        for name, parts in messages.items():
            yield from _below((*path, name), parts.get("key", []), None)
            yield from _below((*path, name), parts.get("value", []), kind.value_field)
    else:
        for name, inner in messages.items():
            yield from _below((*path, name), inner, getattr(kind, "inner", None))
