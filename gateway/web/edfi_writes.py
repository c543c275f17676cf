"""The writes of the Ed-Fi API: parse, hand on, answer; nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, request

from gateway.auth.request_steps import FORMAT, SYSTEM, begin
from gateway.request import PageRequest
from gateway.telemetry import ignored
from gateway.web.edfi import admit, base, refuse
from gateway.web.etags import PRIVATE, check_conditions, makes_conditions
from gateway.web.responses import trace_id
from gateway.web.url_prefixes import ADDRESSES
from gateway.writes import edfi
from gateway.writes.context import open_context
from gateway.writes.one_at_a_time import write_alone
from standards.edfi.api import body
from standards.edfi.api.ignored_members import HEADER, Ignored
from standards.edfi.api.request import plain
from standards.edfi.model.model import resources
from standards.errors import (
    GatewayError,
    MethodNotAllowed,
    UnsupportedMedia,
    UnsupportedProfile,
)
from standards.query import Query

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gateway.auth.authorization import Authorization
    from gateway.gateway import Gateway
    from gateway.writes.context import WriteContext
    from gateway.writes.edfi import Saved

    Match = Callable[[Mapping[str, Any] | None], None]

POST, PUT, DELETE = frozenset({"edfi:create", "edfi:update"}), frozenset({"edfi:update"}), frozenset({"edfi:delete"})
PROFILE = "application/vnd.ed-fi."
JSON = "application/json"
IGNORED = "crossing.ignored"


def blueprint(gateway: Gateway) -> Blueprint:
    """Build the routes by which resources are written."""
    routes = Blueprint("edfi-writes", __name__)

    def post(schema: str, name: str, district: str | None = None) -> Response:
        """Create an item, or update the one with its natural key."""
        authorization, asked = _asked(gateway, district, schema, name, POST)
        document = _document()
        context = open_context(gateway, authorization, asked, "", {})
        saved = edfi.post(context, document, _ignoring(authorization), _condition(_match_key))
        return _done(context, saved, 201 if saved.new else 200)

    def put(schema: str, name: str, identifier: str, district: str | None = None) -> Response:
        """Replace an item."""
        authorization, asked = _asked(gateway, district, schema, name, PUT)
        own, document = plain(identifier), _document()

        def replace(context: WriteContext) -> Response:
            return _done(context, edfi.put(context, own, document, _ignoring(authorization), _condition()), 204)

        return write_alone(gateway, authorization, asked, own, replace, seen="", named={})

    def delete(schema: str, name: str, identifier: str, district: str | None = None) -> Response:
        """Delete an item."""
        authorization, asked = _asked(gateway, district, schema, name, DELETE)
        own = plain(identifier)

        def remove(context: WriteContext) -> Response:
            edfi.delete(context, own, _condition())
            return _empty(204)

        return write_alone(gateway, authorization, asked, own, remove, seen=own, named={})

    for address in ADDRESSES:
        routes.add_url_rule(f"{address}/<schema>/<name>", f"post{address}", post, methods=("POST",))
        item = f"{address}/<schema>/<name>/<identifier>"
        routes.add_url_rule(item, f"put{address}", put, methods=("PUT",))
        routes.add_url_rule(item, f"delete{address}", delete, methods=("DELETE",))
    routes.register_error_handler(GatewayError, refuse)
    routes.after_request(_tell_ignored)
    return routes


def _asked(
    gateway: Gateway, district: str | None, schema: str, name: str, scopes: frozenset[str]
) -> tuple[Authorization, PageRequest]:
    """Authenticate the caller and find the resource that it asks to change.

    Raises:
        MethodNotAllowed: no source of a district that the caller has an agreement with accepts changes of it.
    """
    authorization, view = admit(gateway, district, schema, name)
    entities = {branch.entity for branch in view.branches}
    begin(SYSTEM)
    theirs = [one.district for one in authorization.grants]
    if theirs and not any(entities & gateway.districts[one].adapter.manifest.writes for one in theirs):
        raise MethodNotAllowed("No district's system here takes changes of this resource.", ("GET",))
    return authorization, PageRequest(view, district, scopes, lambda _views: Query(), base(district), trace_id())


def _document() -> Any:
    """Parse the JSON in the request's body.

    Raises:
        UnsupportedMedia: its Content-Type is another.
    """
    begin(FORMAT)
    media = request.mimetype
    if media.startswith(PROFILE):
        raise UnsupportedProfile("There is no profile of this name.")
    if media != JSON or request.mimetype_params.get("charset", "utf-8").lower() not in {"utf-8", "utf8"}:
        raise UnsupportedMedia("Send the body as application/json.")
    return body.parse(request.get_data())


def _ignoring(authorization: Authorization) -> Ignored | None:
    """Return the list for members of the body that do not exist for the client; None where it wants them refused."""
    if authorization.caller.refuses_unknown:
        return None
    noted = request.environ[IGNORED] = Ignored()
    return noted


def _tell_ignored(response: Response) -> Response:
    """List in a header which members of the body were ignored, and count them."""
    noted = request.environ.get(IGNORED)
    if noted:
        response.headers[HEADER] = noted.told()
        ignored(len(noted))
    return response


def _condition(match: Match | None = None) -> Match | None:
    """Return the check of If-Match against the record as it is; None where the caller makes no condition."""
    return (match or _match) if makes_conditions() else None


def _match_key(record: Mapping[str, Any] | None) -> None:
    """Refuse a write whose If-Match names another state of the record with that key, or any where there is none."""
    check_conditions("" if record is None else record["_etag"])


def _match(record: Mapping[str, Any] | None) -> None:
    """Refuse a write whose If-Match names another state of the record; a deleted one is answered as deleted."""
    if record is not None:
        check_conditions(record["_etag"])


def _done(context: WriteContext, saved: Saved, status: int) -> Response:
    """Answer a write with the item's Location and the ETag of it as the consumer sees it now."""
    response = _empty(status)
    endpoint = resources()[context.request.view.model].endpoint
    response.headers["Location"] = f"{context.request.base}{endpoint}/{context.outward(saved.own)}"
    if saved.etag:
        response.set_etag(saved.etag)
    return response


def _empty(status: int) -> Response:
    response = Response(b"", status)
    del response.headers["Content-Type"]
    response.headers["Cache-Control"] = PRIVATE
    return response
