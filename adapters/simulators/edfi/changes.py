"""What the simulated system tells of its changes: the versions there are, what is gone, what has another key."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from adapters.simulators.edfi import reading
from adapters.simulators.edfi.reading import moment
from adapters.simulators.wire import EdFiReply

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from adapters.simulators.edfi.state import ChangeTrace, OdsState
    from standards.edfi.model.model import Resource

    Document = dict[str, Any]


def available(state: OdsState, *, capital: bool) -> EdFiReply:
    """The change versions that can be asked for; with a *capital* as versions before 6 say it."""
    found = {"OldestChangeVersion": 0, "NewestChangeVersion": state.version}
    return EdFiReply(200, found if capital else {name[0].lower() + name[1:]: value for name, value in found.items()})


def snapshot(state: OdsState, identifier: str) -> Document:
    """A snapshot as versions before 6 list it."""
    return {"id": identifier, "snapshotIdentifier": identifier, "snapshotDateTime": moment(state.last)}


def deletes(state: OdsState, resource: Resource, query: Mapping[str, str]) -> EdFiReply:
    """What is gone and has not come back."""
    found = [trace for trace in _within(state.deletes, resource, query) if state.find(resource.name, trace.key) is None]
    return _page(query, [{"id": one.id, "changeVersion": one.version, "keyValues": one.old} for one in found])


def key_changes(state: OdsState, resource: Resource, query: Mapping[str, str]) -> EdFiReply:
    """What has another key: for each the first that it had in the window, and the last."""
    found: dict[str, ChangeTrace] = {}
    for trace in _within(state.key_changes, resource, query):
        before = found.pop(trace.id, trace)
        found[trace.id] = replace(trace, old=before.old)
    return _page(
        query,
        [
            {"id": one.id, "changeVersion": one.version, "oldKeyValues": one.old, "newKeyValues": one.new}
            for one in found.values()
        ],
    )


def _within(traces: Iterable[ChangeTrace], resource: Resource, query: Mapping[str, str]) -> list[ChangeTrace]:
    low, high = reading.change_window(query)
    return [trace for trace in traces if trace.resource == resource.name and low <= trace.version <= high]


def _page(query: Mapping[str, str], found: list[Document]) -> EdFiReply:
    offset, limit = reading.window(query)
    headers = {"Total-Count": str(len(found))} if reading.truth(query, "totalcount") else {}
    return EdFiReply(200, found[offset : offset + limit], headers)
