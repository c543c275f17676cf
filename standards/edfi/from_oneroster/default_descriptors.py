"""Default descriptors: every descriptor value that records of other standards can be translated to."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from standards import codes
from standards.edfi.model.model import resources
from standards.edfi.resources.courses import SYSTEM
from standards.edfi.resources.state_codes import STATE_SYSTEM
from standards.registry import lenses, views
from standards.view import Branch, Const, Container

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from standards.lenses.lens import Lens
    from standards.view import Node

    Record = dict[str, Any]

URI = re.compile(r"(uri://[^#\s]+/(\w+))#(.+)", re.DOTALL)


@cache
def standard() -> tuple[str, ...]:
    """Return every descriptor that the tables of codes and the views name, as a URI."""
    found = dict.fromkeys((*_of_codes(), SYSTEM, STATE_SYSTEM))
    for view in views("edfi").values():
        for branch in view.branches:
            found.update(dict.fromkeys(_of_nodes(branch.nodes)))
    return tuple(found)


def catalogue(uris: Iterable[str] = ()) -> Mapping[str, tuple[Record, ...]]:
    """Return the records of the standard descriptors and of further *uris*, by entity, compared without case.

    A URI that is no descriptor of the standard is left out.
    """
    found: dict[str, dict[str, Record]] = {}
    for uri in (*standard(), *uris):
        match = URI.fullmatch(uri)
        resource = resources().get(match[2]) if match else None
        if match and resource and resource.is_descriptor:
            lens = _lenses()[resource.collection]
            found.setdefault(lens.entity, {}).setdefault(uri.casefold(), lens.read(_document(match[1], match[3])))
    return {entity: tuple(records.values()) for entity, records in found.items()}


def _document(namespace: str, code: str) -> Record:
    return {"namespace": namespace, "codeValue": code[:50], "shortDescription": code[:75], "description": code[:1024]}


@cache
def _lenses() -> Mapping[str, Lens]:
    return {lens.local: lens for lens in lenses() if lens.dialect == "edfi"}


def _of_codes() -> Iterator[str]:
    """Yield the Ed-Fi descriptor of each value of each table."""
    for codeset in map(codes.table, codes.names()):
        say = codes.outward(codeset.name, "edfi")
        yield from (row["edfi"] for row in codeset.rows if row.get("edfi"))
        yield from filter(None, map(say, codeset.values))


def _of_nodes(nodes: Iterable[Node | Branch]) -> Iterator[str]:
    """Yield the descriptors that views name themselves."""
    for node in nodes:
        if isinstance(node, Const):
            yield from _texts(node.value)
        elif isinstance(node, Container):
            yield from _of_nodes(node.nodes)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list | tuple):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner)
