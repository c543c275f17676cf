"""Documents that come and go while a client is turning pages."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from adapters.simulators.edfi.state import State
    from standards.edfi.model.model import Resource

    Document = dict[str, Any]


def insert(state: State, collection: str) -> None:
    """Put a document like the first one, with a key of its own, before all others."""
    resource = _resource(state, collection)
    if resource is None or not state.rows[resource.name]:
        return
    rows = state.ordered(resource)
    document = copy.deepcopy(rows[0].document)
    path = next((path for path in resource.identity if "." not in path), resource.identity[0])
    owner = document
    for part in path.split(".")[:-1]:
        owner = owner[part]
    last = path.rpartition(".")[2]
    owner[last] = _other(owner[last], len(rows))
    state.add(resource, document, first=True)


def remove(state: State, collection: str) -> None:
    """Let the first document be gone."""
    resource = _resource(state, collection)
    if resource is not None and state.rows[resource.name]:
        state.remove(state.ordered(resource)[0])


def _resource(state: State, collection: str) -> Resource | None:
    found = (one for one in state.shape.resources.values() if one.collection.lower() == collection)
    return next(found, None)


def _other(value: Any, number: int) -> Any:
    """A value that is no other document's."""
    if isinstance(value, int):
        return value + 1_000_000 + number
    if len(value) == len("2020-01-01") and value[4] == value[7] == "-":
        return f"{1900 + number % 99}-{number % 12 + 1:02}-{number % 28 + 1:02}"
    return f"!{number} {value}"[: len(value)]
