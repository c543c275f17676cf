"""Change queries of the simulated ODS: available versions, deletes and key changes."""

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
    """Answer the available change versions; with a *capital* as versions before 6 write it."""
    found = {"OldestChangeVersion": 0, "NewestChangeVersion": state.version}
    return EdFiReply(200, found if capital else {name[0].lower() + name[1:]: value for name, value in found.items()})


def snapshot(state: OdsState, identifier: str) -> Document:
    """Make a snapshot's document as versions before 6 list it."""
    return {"id": identifier, "snapshotIdentifier": identifier, "snapshotDateTime": moment(state.last)}


def deletes(state: OdsState, resource: Resource, query: Mapping[str, str]) -> EdFiReply:
    """Answer the deletes: documents that are deleted and have not come back."""
    found = [trace for trace in _within(state.deletes, resource, query) if state.find(resource.name, trace.key) is None]
    return _page(query, [{"id": one.id, "changeVersion": one.version, "keyValues": one.old} for one in found])


def key_changes(state: OdsState, resource: Resource, query: Mapping[str, str]) -> EdFiReply:
    """Answer the key changes: for each document its first key in the window, and its last."""
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
