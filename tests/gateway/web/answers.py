"""What tests read out of answers: values by path, references, links."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

GUID_REF = {"href", "sourcedId", "type"}


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every single value in a record with its dotted path; places in a list are not told apart."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from leaves(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, path)
    else:
        yield path, value


def at(record: Mapping[str, Any], path: str) -> list[Any]:
    """What stands at a dotted path of a record."""
    return [value for place, value in leaves(record) if place == path]


def guid_refs(value: Any) -> Iterator[dict[str, str]]:
    """Every GUIDRef in a OneRoster body."""
    if isinstance(value, dict):
        if value.keys() == GUID_REF:
            yield value
        for inner in value.values():
            yield from guid_refs(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from guid_refs(inner)


def edfi_links(value: Any) -> Iterator[dict[str, str]]:
    """Every link in an Ed-Fi body."""
    if isinstance(value, dict):
        if "link" in value:
            yield value["link"]
        for inner in value.values():
            yield from edfi_links(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from edfi_links(inner)
