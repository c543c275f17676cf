"""Supported operations: the parts of the Ed-Fi API that a deployment has, resource by resource."""

from __future__ import annotations

from dataclasses import dataclass

from standards.edfi.model.model import resources


@dataclass(frozen=True, slots=True)
class SupportedOperations:
    """The resources, by name, that can be read, that can be written, and whose deletes and key changes are served."""

    reads: frozenset[str]
    writes: frozenset[str]
    feeds: frozenset[str]


def all_operations() -> SupportedOperations:
    """Return every operation of the standard on every resource."""
    names = frozenset(resources())
    return SupportedOperations(names, names, names)
