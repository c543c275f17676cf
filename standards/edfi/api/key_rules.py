"""Rules of an ODS for the values of keys, which the model does not state: no surrounding blanks, and no defaults."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from standards.edfi.model.model import Property, Resource

BLANKS = "cannot contain leading or trailing spaces"
MISSING = "is missing"
ZERO = "value must be different than 0"
FIRST_DAY, FIRST_MOMENT = "0001-01-01", "00:00:00"
ENDS, BEGINNINGS = ("Year", "Number", "Id"), ("Start", "Begin", "End")


def broken(resource: Resource, document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the path of each value of a strict *document* that breaks a rule, and what is wrong with it."""
    keys = frozenset(path for path in resource.identity if "." not in path)
    return _object(resource.properties, document, "$", keys)


def _object(
    properties: Mapping[str, Property],
    given: Mapping[str, Any],
    path: str,
    keys: frozenset[str],
    *,
    inside: bool = False,
) -> Iterator[tuple[str, str]]:
    """Yield the faults of an object whose own *keys* are these; *inside* a reference every member is one."""
    for name, value in given.items():
        known = properties.get(name)
        if known is None:
            continue
        place = f"{path}.{name}"
        if known.collection and isinstance(value, list):
            for at, item in enumerate(value):
                if isinstance(item, dict):
                    yield from _object(known.properties, item, f"{place}[{at}]", frozenset(known.item_key))
        elif known.type == "object" and isinstance(value, dict):
            yield from _object(known.properties, value, place, frozenset(), inside=bool(known.reference))
        elif known.required and _is_default(known, value, inside=inside):
            yield place, ZERO if known.type == "integer" else MISSING
        elif name in keys and _is_text(known) and isinstance(value, str) and value != value.strip():
            yield place, BLANKS


def _is_text(known: Property) -> bool:
    return known.type == "string" and not known.format and not known.descriptor


def _is_default(known: Property, value: Any, *, inside: bool) -> bool:
    """Tell whether an ODS takes a value for none: the default of its type, where that means nothing."""
    title = f"{known.name[:1].upper()}{known.name[1:]}"
    if known.min is not None or known.max is not None:
        return False
    if known.type == "integer":
        counts = title.endswith(ENDS) or title == "Version" or "Sequence" in title
        return type(value) is int and value == 0 and (inside or counts)
    if known.format == "time":
        return bool(value == FIRST_MOMENT) and title.startswith(BEGINNINGS)
    return known.format == "date" and bool(value == FIRST_DAY)
