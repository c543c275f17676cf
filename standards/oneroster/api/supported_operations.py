"""Supported operations of OneRoster: what a source can carry out with the entities it has and takes changes of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standards import registry
from standards.oneroster import model
from standards.oneroster.api.routes import APIS

if TYPE_CHECKING:
    from collections.abc import Collection

    from standards.oneroster.model import Operation


def supported_operations(version: str, entities: Collection[str], writes: Collection[str]) -> tuple[Operation, ...]:
    """Return the operations of *version* for a source that has *entities* and takes changes of *writes*."""
    return tuple(
        operation for operation in model.operations(version) if is_supported(version, operation, entities, writes)
    )


def is_supported(version: str, operation: Operation, entities: Collection[str], writes: Collection[str]) -> bool:
    """Tell whether a source can carry out an *operation* of *version*.

    It reads a collection when it has any entity that the collection shows, and changes it when it takes changes of one;
    for a nested address it must also have the parents, or no such address exists.
    """
    *parents, own = collections_of(operation)
    changed = entities if operation.method == "GET" else writes
    return _shows(version, own, changed) and all(_shows(version, parent, entities) for parent in parents)


def collections_of(operation: Operation) -> tuple[str, ...]:
    """Return the collections that the path of *operation* passes: those of its parents, then its own."""
    return tuple(step for step in operation.path.split("/") if step and not step.startswith("{"))


def _shows(version: str, collection: str, entities: Collection[str]) -> bool:
    """Tell whether *collection* is a view that shows one of *entities*."""
    view = registry.views(APIS[version]).get(collection)
    return view is not None and any(branch.entity in entities for branch in view.branches)
