"""The writing half of the Ed-Fi API: parse, hand on, answer; nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, request

from gateway import upserts
from gateway.addresses import ADDRESSES
from gateway.answers import PRIVATE, check_conditions, makes_conditions, trace_id
from gateway.desk import open_desk
from gateway.edfi import admit, base, refuse
from gateway.exchange import PageRequest
from standards.edfi import body
from standards.edfi.model import resources
from standards.edfi.request import plain
from standards.errors import (
    GatewayError,
    MethodNotAllowed,
    UnsupportedMedia,
    UnsupportedProfile,
)
from standards.query import Query

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gateway.assembly import Gateway
    from gateway.authorization import Authorization
    from gateway.desk import Desk

POST, PUT, DELETE = frozenset({"edfi:create", "edfi:update"}), frozenset({"edfi:update"}), frozenset({"edfi:delete"})
PROFILE = "application/vnd.ed-fi."
JSON = "application/json"


def blueprint(gateway: Gateway) -> Blueprint:
    """The routes by which resources are written."""
    routes = Blueprint("edfi-writes", __name__)

    def post(schema: str, name: str, district: str | None = None) -> Response:
        """An item created, or the one with its natural key updated."""
        authorization, asked = _asked(gateway, district, schema, name, POST)
        document = _document()
        desk = open_desk(gateway, authorization, asked, "", {})
        saved = upserts.post(desk, document)
        return _done(desk, saved.own, 201 if saved.new else 200)

    def put(schema: str, name: str, identifier: str, district: str | None = None) -> Response:
        """An item replaced."""
        authorization, asked = _asked(gateway, district, schema, name, PUT)
        identifier, document = plain(identifier), _document()
        desk = open_desk(gateway, authorization, asked, "", {})
        saved = upserts.put(desk, identifier, document, _condition())
        return _done(desk, saved.own, 204)

    def delete(schema: str, name: str, identifier: str, district: str | None = None) -> Response:
        """An item deleted."""
        authorization, asked = _asked(gateway, district, schema, name, DELETE)
        identifier = plain(identifier)
        desk = open_desk(gateway, authorization, asked, identifier, {})
        upserts.delete(desk, identifier, _condition())
        return _empty(204)

    for address in ADDRESSES:
        routes.add_url_rule(f"{address}/<schema>/<name>", f"post{address}", post, methods=("POST",))
        item = f"{address}/<schema>/<name>/<identifier>"
        routes.add_url_rule(item, f"put{address}", put, methods=("PUT",))
        routes.add_url_rule(item, f"delete{address}", delete, methods=("DELETE",))
    routes.register_error_handler(GatewayError, refuse)
    return routes


def _asked(
    gateway: Gateway, district: str | None, schema: str, name: str, scopes: frozenset[str]
) -> tuple[Authorization, PageRequest]:
    """Who asks to change which resource.

    Raises:
        MethodNotAllowed: no district's system that the caller has an agreement with takes changes of it.
    """
    authorization, view = admit(gateway, district, schema, name)
    entities = {branch.entity for branch in view.branches}
    theirs = [one.district for one in authorization.grants]
    if theirs and not any(entities & gateway.districts[one].adapter.manifest.writes for one in theirs):
        raise MethodNotAllowed("No district's system here takes changes of this resource.", ("GET",))
    return authorization, PageRequest(view, district, scopes, lambda _views: Query(), base(district), trace_id())


def _document() -> Any:
    """The JSON in the request's body.

    Raises:
        UnsupportedMedia: it is said to be something else.
    """
    media = request.mimetype
    if media.startswith(PROFILE):
        raise UnsupportedProfile("There is no profile of this name.")
    if media != JSON or request.mimetype_params.get("charset", "utf-8").lower() not in {"utf-8", "utf8"}:
        raise UnsupportedMedia("Send the body as application/json.")
    return body.parse(request.get_data())


def _condition() -> Callable[[Mapping[str, Any] | None], None] | None:
    """What refuses a write by the record as it is; None where the caller makes no condition."""
    return _match if makes_conditions() else None


def _match(record: Mapping[str, Any] | None) -> None:
    """Refuse a write whose sender believes the record to be other than it is; one that is gone is told as such."""
    if record is not None:
        check_conditions(record["_etag"])


def _done(desk: Desk, own: str, status: int) -> Response:
    """Where a written item is, and the tag of it as the consumer sees it now."""
    response = _empty(status)
    response.headers["Location"] = (
        f"{desk.request.base}{resources()[desk.request.view.model].endpoint}/{desk.outward(own)}"
    )
    if desk.reads:
        now = desk.naming({}, desk.outward(own)) if desk.lean else desk.fresh()
        row = now.row(now.outward(own))
        if (record := now.rendered(row)) is not None:
            response.set_etag(record["_etag"])
    return response


def _empty(status: int) -> Response:
    response = Response(b"", status)
    del response.headers["Content-Type"]
    response.headers["Cache-Control"] = PRIVATE
    return response
