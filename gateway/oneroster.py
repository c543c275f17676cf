"""The OneRoster 1.2 API: parse, ask, render; nothing else."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from flask import Blueprint, Response, request

from gateway.answers import arguments, authenticate, base_url, conditional, failure, trace_id
from gateway.exchange import PageRequest, serve_one, serve_page
from gateway.telemetry import about
from standards import registry
from standards.errors import GatewayError, MethodNotAllowed, NotFound
from standards.oneroster.envelope import collection, links, singleton, status_info
from standards.oneroster.parts import service_of
from standards.oneroster.request import SINGLETON, read, select
from standards.oneroster.scopes import scopes_of

if TYPE_CHECKING:
    from gateway.assembly import Gateway
    from standards.query import Query
    from standards.view import View

ROOT = "/ims/oneroster"
SERVICES = ("rostering", "resources")


def blueprint(gateway: Gateway) -> Blueprint:
    """The routes of OneRoster 1.2, with and without a district's name in front."""
    routes = Blueprint("oneroster", __name__)

    def read_many(service: str, name: str, district: str | None = None) -> Response:
        """One page of a collection."""
        caller = authenticate(gateway, district)
        view = _view(service, name)
        asked = _request(view, district, partial(read, arguments=arguments()))
        page = serve_page(gateway, caller, asked)
        records = [select(record, page.query.fields) for record in page.records] if page.query.fields else page.records
        response = conditional(collection(view.model, records))
        response.headers["X-Total-Count"] = str(page.total)
        given = dict(arguments())
        address = f"{asked.base}/{service}/v1p2/{name}"
        response.headers["Link"] = links(address, given, page.query.offset, page.query.limit, page.total)
        return response

    def read_one(service: str, name: str, identifier: str, district: str | None = None) -> Response:
        """One record of a collection, by its sourcedId."""
        caller = authenticate(gateway, district)
        view = _view(service, name)
        asked = _request(view, district, partial(read, arguments=arguments(), known=SINGLETON))
        page = serve_one(gateway, caller, asked, identifier)
        record = select(page.records[0], page.query.fields) if page.query.fields else page.records[0]
        return conditional(singleton(view.model, record))

    def unknown(service: str, rest: str, district: str | None = None) -> Response:  # noqa: ARG001  the route's own names
        """Any other address below the roots."""
        authenticate(gateway, district)
        if request.method != "GET":
            raise MethodNotAllowed("This service is read only.")
        raise NotFound("There is no such address.")

    for service in SERVICES:
        for prefix in ("", "/<district>"):
            given, root = {"service": service}, f"{ROOT}/{service}/v1p2"
            routes.add_url_rule(f"{prefix}{root}/<name>", f"many-{service}{prefix}", read_many, defaults=given)
            routes.add_url_rule(
                f"{prefix}{root}/<name>/<path:identifier>", f"one-{service}{prefix}", read_one, defaults=given
            )
            routes.add_url_rule(
                f"{prefix}{root}/<path:rest>", f"unknown-{service}{prefix}", unknown, defaults=given,
                methods=("GET", "POST", "PUT", "PATCH", "DELETE"),
            )  # fmt: skip
    routes.register_error_handler(GatewayError, _refuse)
    return routes


def _refuse(error: GatewayError) -> Response:
    status, body = status_info(error)
    return failure(error, status, body)


def _view(service: str, name: str) -> View:
    view = registry.views("oneroster").get(name)
    if view is None or service_of(name) != service:
        raise NotFound("There is no such collection.")
    about(view=view.name)
    return view


def _request(view: View, district: str | None, reader: partial[Query]) -> PageRequest:
    base = base_url() + (f"/{district}" if district else "") + ROOT
    return PageRequest(view, district, scopes_of(view.name), reader, base, trace_id())
