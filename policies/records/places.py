"""Places: what of a record tells where a child lives, and so leaves of no child whose address is protected."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from standards.vocabulary import read_own_yaml

if TYPE_CHECKING:
    from collections.abc import Mapping


def row_tells_place(entity: str) -> bool:
    """Tell whether a row of *entity* tells a place by existing, such as one about a school bus."""
    return entity in _document()["rows"]


def tells_place(entity: str, field: str) -> bool:
    """Tell whether a *field* of *entity*, a record about a student or a contact, tells a place; an unknown one does."""
    return row_tells_place(entity) or field not in _plain().get(entity, frozenset())


@cache
def classified() -> Mapping[str, tuple[frozenset[str], frozenset[str]]]:
    """Return the fields of each entity that tell a place, and those that do not."""
    tells, plain = _document()["tells"], _plain()
    every = tells.keys() | plain.keys()
    return {entity: (frozenset(tells.get(entity, ())), plain.get(entity, frozenset())) for entity in every}


@cache
def _plain() -> Mapping[str, frozenset[str]]:
    return {entity: frozenset(names) for entity, names in _document()["plain"].items()}


@cache
def _document() -> Mapping[str, Any]:
    found: Mapping[str, Any] = read_own_yaml("policies.records", "places.yaml")
    return found
