"""Codes of a package: which of its descriptors are the standard's, and which namespaces are a district's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

STANDARD: Final = "uri://ed-fi.org/"
ENDING: Final = "Descriptor"
LOCAL: Final = "local"


def codes_of(documents: Iterable[Any]) -> dict[str, Any]:
    """Say of each descriptor member in *documents* whether all its values are the standard's, and list the others'.

    A receiver asks its registrar only about those that are local.
    """
    kinds: dict[str, str] = {}
    namespaces: set[str] = set()
    for name, value in _descriptors(list(documents)):
        if value.startswith(STANDARD):
            kinds.setdefault(name, "standard")
        else:
            kinds[name] = LOCAL
            namespaces.add(value.partition("#")[0])
    return {**dict(sorted(kinds.items())), LOCAL: sorted(namespaces)}


def _descriptors(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, one in value.items():
            if isinstance(one, str) and name.endswith(ENDING):
                yield name, one
            else:
                yield from _descriptors(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _descriptors(one)
