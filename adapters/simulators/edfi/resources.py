"""Resource addresses of the simulated ODS, and what each does."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from adapters.simulators.edfi import changes, reading, writing
from adapters.simulators.edfi.problems import ProblemRefusal
from adapters.simulators.wire import EdFiReply

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapters.simulators.edfi.instance import Call, Instance
    from adapters.simulators.edfi.state import StoredDocument
    from standards.edfi.model.model import Resource

    Document = dict[str, Any]

ID: Final = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def answer(ods: Instance, call: Call) -> EdFiReply:
    """Answer a request for a resource."""
    match call.steps:
        case [schema, collection, *rest]:
            resource = ods.shape.find(schema, collection)
            if resource is not None:
                return _resource(ods, call, resource, rest)
    raise ProblemRefusal("not-found")


def _resource(ods: Instance, call: Call, resource: Resource, rest: Sequence[str]) -> EdFiReply:
    match rest:
        case []:
            return _collection(ods, call, resource)
        case ["partitions"] if ods.cursors:
            return reading.partitions(ods.view(call), resource, call.query)
        case [("deletes" | "keychanges") as what]:
            if not ods.change_queries:
                raise ProblemRefusal("system:configuration:feature-disabled")
            told = changes.deletes if what == "deletes" else changes.key_changes
            return told(ods.view(call), resource, call.query)
        case [identifier] if ID.fullmatch(identifier):
            return _item(ods, call, resource, identifier.replace("-", ""))
    raise ProblemRefusal("not-found")


def _collection(ods: Instance, call: Call, resource: Resource) -> EdFiReply:
    if call.method == "GET":
        return reading.page(ods.view(call), resource, call.query, ods.manner)
    if call.method != "POST":
        raise ProblemRefusal("method-not-allowed")
    given = _given(call)
    row, new = writing.post(ods.state, resource, given, call.header("if-match"), lenient=ods.lenient)
    return _written(call, resource, row, 201 if new else 200)


def _item(ods: Instance, call: Call, resource: Resource, identifier: str) -> EdFiReply:
    match call.method:
        case "GET":
            return _one(ods, call, resource, identifier)
        case "DELETE":
            return writing.delete(ods.state, resource, identifier, call.header("if-match"))
        case "PUT":
            row, new = writing.put(
                ods.state, resource, identifier, _given(call), call.header("if-match"),
                lenient=ods.lenient, creates=ods.creates_by_put,
            )  # fmt: skip
            return _written(call, resource, row, 201 if new else 204)
    raise ProblemRefusal("method-not-allowed")


def _one(ods: Instance, call: Call, resource: Resource, identifier: str) -> EdFiReply:
    state = ods.view(call)
    row = state.rows[resource.name].get(identifier)
    if row is None:
        raise ProblemRefusal("not-found")
    headers = {"ETag": f'"{row.etag}"'}
    if row.etag in writing.tags(call.header("if-none-match")):
        return EdFiReply(304, None, headers)
    return EdFiReply(200, reading.shown(state, resource, row, ods.manner), headers)


def _given(call: Call) -> Document:
    if "json" not in call.header("content-type").lower():
        raise ProblemRefusal("unsupported-media-type")
    return writing.read_body(call.body)


def _written(call: Call, resource: Resource, row: StoredDocument, status: int) -> EdFiReply:
    where = f"{call.base}/data/v3{resource.endpoint}/{row.id}"
    return EdFiReply(status, None, {"Location": where, "ETag": f'"{row.etag}"'})
