"""Fields of every entity, native ones included, and the paths and steps of a view over them."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from standards import native, vocabulary
from standards.view import Children, Follow, Items, Links

if TYPE_CHECKING:
    from collections.abc import Mapping

    from standards.view import Step


@cache
def fields_of(entity: str) -> Mapping[str, vocabulary.Field]:
    """Return the fields of an entity of the vocabulary, or of a native one."""
    known = vocabulary.entities()
    if entity in known:
        return {**known[entity].fields, **native.remainder(entity)}
    return native.entities()[entity].fields


def trail(entity: str, source: str) -> tuple[vocabulary.Field, ...]:
    """Return the fields a *source* passes: its references, then the field it ends in."""
    fields = fields_of(entity)
    if source in fields:
        return (fields[source],)
    parts = source.split(".")
    for cut in range(1, len(parts)):
        head = ".".join(parts[:cut])
        if head in fields and fields[head].type == "ref":
            return (fields[head], *trail(fields[head].to, ".".join(parts[cut:])))
    msg = f"{entity} has no field {source}"
    raise LookupError(msg)


def follow(step: Step, entity: str, prefix: str) -> tuple[str, str]:
    """Return the entity and field prefix one *step* leads to."""
    match step:
        case Children():
            return step.entity, ""
        case Items():
            return entity, f"{prefix}{step.field}."
        case Follow() | Links():
            return fields_of(entity)[prefix + step.ref].to, ""
