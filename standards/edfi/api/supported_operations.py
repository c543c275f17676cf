"""Abilities: what of the Ed-Fi API a deployment has, resource by resource."""

from __future__ import annotations

from dataclasses import dataclass

from standards.edfi.model.model import resources


@dataclass(frozen=True, slots=True)
class SupportedOperations:
    """The resources, by name, that can be read, that can be written, and whose deletions and key changes are told."""

    reads: frozenset[str]
    writes: frozenset[str]
    feeds: frozenset[str]


def all_operations() -> SupportedOperations:
    """Every operation of the standard on every resource."""
    names = frozenset(resources())
    return SupportedOperations(names, names, names)
