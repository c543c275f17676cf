"""The Ed-Fi API (the dialect of ODS/API 7.3): parse, ask, render; nothing else."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from flask import Blueprint, Response, request

from gateway.addresses import ADDRESSES, place
from gateway.answers import arguments, authenticate, base_url, conditional, failure, trace_id
from gateway.exchange import PageRequest, serve_one, serve_page
from gateway.telemetry import about
from standards import registry
from standards.edfi.envelope import problem
from standards.edfi.model import by_collection
from standards.edfi.request import EdFiRequest, read, read_one
from standards.errors import GatewayError, MethodNotAllowed, NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.assembly import Gateway
    from standards.query import Query
    from standards.view import View

COLLECTION, ITEM = ("GET",), ("GET",)
"""The methods that a collection and an item are asked with."""

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
READ = frozenset({"edfi:read"})


def blueprint(gateway: Gateway) -> Blueprint:
    """The data routes, with and without a district's name in front."""
    routes = Blueprint("edfi", __name__)

    def read_many(schema: str, name: str, district: str | None = None) -> Response:
        """One page of a resource."""
        caller = authenticate(gateway, district)
        view = view_of(schema, name)
        wanted: list[EdFiRequest] = []

        def reader(views: tuple[View, ...]) -> Query:
            wanted.append(read(views, arguments()))
            return wanted[-1].query

        page = serve_page(gateway, caller, PageRequest(view, district, READ, reader, base(district), trace_id()))
        response = conditional(page.records)
        if wanted[-1].total_count:
            response.headers["Total-Count"] = str(page.total)
        return response

    def read_single(schema: str, name: str, identifier: str, district: str | None = None) -> Response:
        """One item, by its id."""
        caller = authenticate(gateway, district)
        view = view_of(schema, name)
        asked = PageRequest(
            view, district, READ, lambda views: read_one(views, arguments()), base(district), trace_id()
        )
        page = serve_one(gateway, caller, asked, _plain(identifier))
        response = conditional(page.records[0])
        response.set_etag(page.records[0]["_etag"])
        if request.if_none_match.contains_weak(page.records[0]["_etag"]):
            response.status_code = 304
            response.set_data(b"")
        return response

    def unknown(rest: str, district: str | None = None) -> Response:
        """Any other address below the root, and any other method."""
        authenticate(gateway, district)
        schema, name, *below = (*rest.split("/"), "")
        view_of(schema, name)
        allowed = {1: COLLECTION, 2: ITEM}.get(len(below))
        if allowed is None or request.method == "GET":
            raise NotFound("There is no such address.")
        raise MethodNotAllowed("The address cannot be asked with this method.", allowed)

    for address in ADDRESSES:
        routes.add_url_rule(f"{address}/<schema>/<name>", f"many{address}", read_many)
        routes.add_url_rule(f"{address}/<schema>/<name>/<identifier>", f"one{address}", read_single)
        routes.add_url_rule(f"{address}/<path:rest>", f"unknown{address}", unknown, methods=METHODS)
    routes.register_error_handler(GatewayError, refuse)
    return routes


def refuse(error: GatewayError) -> Response:
    """*error* as problem details."""
    status, body = problem(error, request.headers.get("correlation-id"))
    return failure(error, status, body, "application/problem+json")


@cache
def _by_lower_name() -> Mapping[str, View]:
    """Every resource as ``schema/collection``, in small letters."""
    found = ((by_collection(name), view) for name, view in registry.views("edfi").items())
    return {known.endpoint[1:].lower(): view for known, view in found if known is not None}


def view_of(schema: str, name: str) -> View:
    """The view behind an address.

    Raises:
        NotFound: the standard has no such resource.
    """
    view = _by_lower_name().get(f"{schema}/{name}".lower())
    if view is None:
        raise NotFound("There is no such resource.")
    about(view=view.name)
    return view


def base(district: str | None) -> str:
    """What outward addresses of the present request begin with."""
    return f"{base_url()}{place(district)}/data/v3"


def _plain(identifier: str) -> str:
    """An id as answers write it, from any way to write a GUID."""
    dashed = len(identifier) == 36 and identifier.count("-") == 4  # noqa: PLR2004  a dashed GUID
    return (identifier.replace("-", "") if dashed else identifier).lower()
