"""The Ed-Fi API (the dialect of ODS/API 7.3): parse, ask, render; nothing else."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from flask import Blueprint, Response, request

from gateway.auth.request_steps import FORMAT, RESOURCE, begin
from gateway.reads.pipeline import serve_one, serve_page, serve_partitions
from gateway.request import PageRequest
from gateway.telemetry import about
from gateway.web.etags import PRIVATE, conditional, signed
from gateway.web.responses import arguments, authenticate, base_url, correlation, failure, trace_id
from gateway.web.url_prefixes import ADDRESSES, place
from standards import registry
from standards.edfi.api.envelope import problem
from standards.edfi.api.media_types import check_accepted, wants_snapshot
from standards.edfi.api.request import EdFiRequest, plain, read, read_number, read_one, read_partitions
from standards.edfi.model.model import by_collection
from standards.errors import GatewayError, MethodNotAllowed, NotFound, SnapshotNotFound, SnapshotReadOnly

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.auth.authorization import Authorization
    from gateway.gateway import Gateway
    from standards.query import Query
    from standards.view import View

COLLECTION, ITEM, PARTITIONS = ("GET", "POST"), ("GET", "PUT", "DELETE"), ("GET",)
"""The HTTP methods of a collection, an item and the partitions of a collection."""

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
READ = frozenset({"edfi:read"})
MEDIA = "application/json"
NO_SNAPSHOT = "The snapshot connection for the ODS has not been configured."
UNSUPPORTED = "The endpoint of the request does not support the '{}' method."
UNLIKE_AN_ITEM = {
    "POST": 'Resource items can only be updated using PUT. To "upsert" an item in the resource collection using POST,'
    ' remove the "id" from the route.',
}
UNLIKE_A_COLLECTION = {
    "PUT": 'Resource collections cannot be replaced. To "upsert" an item in the collection, use POST. To update a'
    ' specific item, use PUT and include the "id" in the route.',
    "DELETE": 'Resource collections cannot be deleted. To delete a specific item, use DELETE and include the "id" in'
    " the route.",
}
"""The messages with which an ODS says that a method is for items, or for collections."""


def blueprint(gateway: Gateway) -> Blueprint:
    """Build the data routes, with and without a district's name and a school year in front."""
    routes = Blueprint("edfi", __name__)

    def read_many(schema: str, name: str, district: str | None = None) -> Response:
        """Read one page of a resource."""
        authorization, view = admit(gateway, district, schema, name)
        wanted: list[EdFiRequest] = []

        def reader(views: tuple[View, ...]) -> Query:
            wanted.append(read(views, arguments()))
            return wanted[-1].query

        page = serve_page(gateway, authorization, PageRequest(view, district, READ, reader, base(district), trace_id()))
        response = conditional(page.records)
        if wanted[-1].total_count and page.told is not None:
            response.headers["Total-Count"] = str(page.told)
        if page.following:
            response.headers["Next-Page-Token"] = page.following
        return response

    def divide(schema: str, name: str, district: str | None = None) -> Response:
        """Read the page tokens of ranges of a resource, which can be read in parallel."""
        authorization, view = admit(gateway, district, schema, name)
        number = read_number(arguments())
        asked = PageRequest(
            view, district, READ, lambda views: read_partitions(views, arguments()), base(district), trace_id()
        )
        return answer({"pageTokens": serve_partitions(gateway, authorization, asked, number)})

    def read_single(schema: str, name: str, identifier: str, district: str | None = None) -> Response:
        """Read one item by its id."""
        authorization, view = admit(gateway, district, schema, name)
        asked = PageRequest(
            view, district, READ, lambda views: read_one(views, arguments()), base(district), trace_id()
        )
        (record,) = serve_one(gateway, authorization, asked, plain(identifier)).records
        response = answer(record)
        response.set_etag(record["_etag"])
        if request.if_none_match.contains_weak(record["_etag"]):
            response.status_code = 304
            response.set_data(b"")
        return response

    def unknown(rest: str, district: str | None = None) -> Response:
        """Refuse any other address below the root, and any other method."""
        schema, name, *below = (*rest.split("/"), "")
        admit(gateway, district, schema, name)
        begin(RESOURCE)
        _refuse_method(below)
        raise NotFound("There is no such address.")

    for address in ADDRESSES:
        routes.add_url_rule(f"{address}/<schema>/<name>", f"many{address}", read_many)
        routes.add_url_rule(f"{address}/<schema>/<name>/partitions", f"partitions{address}", divide)
        routes.add_url_rule(f"{address}/<schema>/<name>/<identifier>", f"one{address}", read_single)
        routes.add_url_rule(f"{address}/<path:rest>", f"unknown{address}", unknown, methods=METHODS)
    routes.register_error_handler(GatewayError, refuse)
    return routes


def _refuse_method(below: list[str]) -> None:
    """Refuse the request's method where another is allowed; *below* is what follows the resource in the path."""
    allowed = {1: COLLECTION, 2: PARTITIONS if below[0] == "partitions" else ITEM}.get(len(below))
    if allowed is not None and request.method not in {"GET", "HEAD"}:
        told = {COLLECTION: UNLIKE_A_COLLECTION, ITEM: UNLIKE_AN_ITEM}.get(allowed, {})
        raise MethodNotAllowed(told.get(request.method, UNSUPPORTED.format(request.method)), allowed)


def admit(gateway: Gateway, district: str | None, schema: str, name: str) -> tuple[Authorization, View]:
    """Authenticate the caller and find its resource, where the request's headers are acceptable.

    Raises:
        NotFound: there is no such resource, or a snapshot (Use-Snapshot) is to be read.
        SnapshotReadOnly: a snapshot (Use-Snapshot) is to be changed.
        ProfileMisused, NotAcceptable: the response is wanted in a media type that does not exist here.
    """
    authorization = authenticate(gateway, district)
    begin(RESOURCE)
    view = view_of(schema, name)
    begin(FORMAT)
    if wants_snapshot(request.headers.get("Use-Snapshot")):
        if request.method in {"GET", "HEAD"}:
            raise SnapshotNotFound(NO_SNAPSHOT)
        raise SnapshotReadOnly("There are no snapshots, and none could be changed.")
    check_accepted(request.headers.get("Accept"), view.model, request.method)
    return authorization, view


def answer(body: object) -> Response:
    """Render *body* as JSON that no cache may store."""
    response = Response(signed(body)[0], 200, content_type=MEDIA)
    response.headers["Cache-Control"] = PRIVATE
    return response


def refuse(error: GatewayError) -> Response:
    """Render an error in the body of the standard."""
    status, body = problem(error, correlation())
    return failure(error, status, body, "application/problem+json")


@cache
def _by_lower_name() -> Mapping[str, View]:
    """Index every resource as ``schema/collection``, in lower case."""
    found = ((by_collection(name), view) for name, view in registry.views("edfi").items())
    return {known.endpoint[1:].lower(): view for known, view in found if known is not None}


def view_of(schema: str, name: str) -> View:
    """Find the resource of an address, in any case.

    Raises:
        NotFound: there is none.
    """
    view = _by_lower_name().get(f"{schema}/{name}".lower())
    if view is None:
        raise NotFound("There is no such resource.")
    about(view=view.name)
    return view


def base(district: str | None) -> str:
    """Return the root that links of this response begin with, always in the long form."""
    return f"{base_url()}{place(district)}/data/v3"
