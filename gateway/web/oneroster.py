"""The OneRoster API, 1.1 and 1.2: parse, ask, render; nothing else."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from flask import Blueprint, Response, request

from gateway.auth.request_steps import RESOURCE, begin
from gateway.reads.pipeline import serve_one, serve_page
from gateway.request import PageRequest, Within
from gateway.telemetry import about
from gateway.web.etags import PRIVATE, check_conditions, conditional, makes_conditions, signed
from gateway.web.responses import allow, arguments, authenticate, base_url, failure, trace_id
from gateway.writes import oneroster
from gateway.writes.context import open_context
from gateway.writes.one_at_a_time import write_alone
from standards import registry
from standards.errors import GatewayError, InvalidBody, NotFound
from standards.oneroster.api.body import parse
from standards.oneroster.api.envelope import collection, links, singleton, status_info, status_info_set, warnings
from standards.oneroster.api.link_header import check_links
from standards.oneroster.api.request import COLLECTION, SINGLETON, given, read, select
from standards.oneroster.api.routes import find, methods, roots

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gateway.auth.authorization import Authorization
    from gateway.gateway import Gateway
    from gateway.request import Page
    from gateway.writes.context import WriteContext
    from standards.oneroster.api.routes import Route

ROOT = "/ims/oneroster"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def blueprint(gateway: Gateway) -> Blueprint:
    """Build the routes of both versions, with and without a district's name in front."""
    routes = Blueprint("oneroster", __name__)

    def answer(version: str, service: str, rest: str, district: str | None = None) -> Response:
        """Answer one operation of the standard."""
        if request.method == "OPTIONS":
            return _options()
        authorization = authenticate(gateway, district)
        method = request.method if request.method != "HEAD" else "GET"
        begin(RESOURCE)
        route, ids = find(version, service, method, f"/{_unslashed(rest)}")
        about(view=route.collection)
        verb = VERBS[route.operation.method, route.single]
        return verb(gateway, authorization, route, ids, district)

    for version in ("1.2", "1.1"):
        for service, root in roots(version).items():
            for prefix in ("", "/<district>"):
                routes.add_url_rule(
                    f"{prefix}{root}/<path:rest>", f"{root}{prefix}".replace(".", "-"), answer, methods=METHODS,
                    defaults={"version": version, "service": service}, provide_automatic_options=False,
                )  # fmt: skip
    routes.register_error_handler(GatewayError, refuse)
    return routes


def read_many(
    gateway: Gateway, authorization: Authorization, route: Route, ids: tuple[str, ...], district: str | None
) -> Response:
    """Read one page of a collection."""
    asked = _request(route, ids, district, COLLECTION)
    repeated = given(arguments())
    check_links(_address(asked), repeated)
    page = serve_page(gateway, authorization, asked)
    records = [select(record, page.query.fields) for record in page.records] if page.query.fields else page.records
    response = conditional(collection(route.model, records) | _warned(route, page))
    if page.told is not None:
        response.headers["X-Total-Count"] = str(page.told)
    response.headers["Link"] = links(
        _address(asked), repeated, page.query.offset, page.query.limit, page.total, told=page.told is not None
    )
    return response


def read_one(
    gateway: Gateway, authorization: Authorization, route: Route, ids: tuple[str, ...], district: str | None
) -> Response:
    """Read one record of a collection by its sourcedId."""
    page = serve_one(gateway, authorization, _request(route, ids[:-1], district, SINGLETON), ids[-1])
    record = select(page.records[0], page.query.fields) if page.query.fields else page.records[0]
    return conditional(singleton(route.model, record) | _warned(route, page))


def put_one(
    gateway: Gateway, authorization: Authorization, route: Route, ids: tuple[str, ...], district: str | None
) -> Response:
    """Create or replace a record under the sourcedId in the address; where its source allocates another, answer it."""
    asked = _request(route, ids[:-1], district, ())

    def replace(context: WriteContext) -> tuple[str, bool]:
        return oneroster.put(context, ids[-1], _document(), route.version, _condition(route))

    own, created = write_alone(gateway, authorization, asked, ids[-1], replace)
    response = _done(201 if created else min(route.operation.statuses, default=200))
    place = _address(asked)
    response.headers["Location"] = place if own == ids[-1] else f"{place.rpartition('/')[0]}/{own}"
    return response


def post_many(
    gateway: Gateway, authorization: Authorization, route: Route, ids: tuple[str, ...], district: str | None
) -> Response:
    """Create records, each under a sourcedId that the district's source allocates."""
    context = open_context(gateway, authorization, _request(route, ids, district, ()))
    return _done(201, {"sourcedIdPairs": oneroster.post(context, _document(), route.version)})


def delete_one(
    gateway: Gateway, authorization: Authorization, route: Route, ids: tuple[str, ...], district: str | None
) -> Response:
    """Delete a record."""
    asked = _request(route, ids[:-1], district, ())

    def remove(context: WriteContext) -> None:
        oneroster.delete(context, ids[-1], _condition(route))

    write_alone(gateway, authorization, asked, ids[-1], remove)
    return _done(204)


VERBS = {
    ("GET", False): read_many,
    ("GET", True): read_one,
    ("PUT", True): put_one,
    ("POST", False): post_many,
    ("DELETE", True): delete_one,
}


def allowed(path: str) -> str:
    """Return the Allow header of *path*: the methods that the standard has there; empty at an unknown address."""
    for version in ("1.2", "1.1"):
        for service, root in roots(version).items():
            _, found, rest = path.partition(f"{root}/")
            if found:
                known = methods(version, service, f"/{_unslashed(rest)}")
                return allow(known) if known else ""
    return ""


def _options() -> Response:
    """Answer OPTIONS with the methods of an address; no token is needed."""
    known = allowed(request.path)
    if not known:
        raise NotFound("There is no such address.")
    response = Response(b"", 204)
    response.headers["Allow"] = known
    return response


def _unslashed(rest: str) -> str:
    """Drop a slash at the end of an address, unless it is part of an id."""
    return (
        rest if request.environ.get("RAW_URI", "").partition("?")[0].upper().endswith("%2F") else rest.removesuffix("/")
    )


def _document() -> Any:
    """Parse the JSON in the request's body.

    Raises:
        InvalidBody: it is not JSON, has another media type, or repeats a member.
    """
    if not request.is_json:
        raise InvalidBody("Send the body as application/json.")
    return parse(request.get_data())


def _condition(route: Route) -> Callable[[Mapping[str, object] | None], None] | None:
    """Return the check of If-Match against the record as it is; None where the caller makes no condition."""
    return partial(_match, route) if makes_conditions() else None


def _match(route: Route, record: Mapping[str, object] | None) -> None:
    """Refuse a write whose If-Match names another state of the record."""
    check_conditions(signed(singleton(route.model, record))[1] if record is not None else "")


def _done(status: int, body: object = None) -> Response:
    response = Response(signed(body)[0] if body is not None else b"", status, content_type="application/json")
    response.headers["Cache-Control"] = PRIVATE
    return response


def _warned(route: Route, page: Page) -> dict[str, object]:
    told = warnings(page.query, route.operation.name)
    return {"statusInfoSet": told} if told else {}


def refuse(error: GatewayError) -> Response:
    """Render an error in the body of the requested version."""
    older = f"{ROOT}/v1p1/" in request.path
    status, body = status_info_set(error, request.method) if older else status_info(error)
    return failure(error, status, body)


def _request(route: Route, ids: tuple[str, ...], district: str | None, known: tuple[str, ...]) -> PageRequest:
    views = registry.views(route.api)
    within = tuple(Within(views[name], one) for name, one in zip(route.parents, ids, strict=True))
    lenient = route.version == "1.1"
    reader = partial(read, arguments=arguments(), known=known, lenient=lenient)
    base = base_url() + (f"/{district}" if district else "") + ROOT
    return PageRequest(views[route.collection], district, route.scopes, reader, base, trace_id(), within)


def _address(asked: PageRequest) -> str:
    """Return the address of the requested collection, as its links write it."""
    path = quote(_unslashed(request.path), safe="/")
    return asked.base + path[path.index(ROOT) + len(ROOT) :]
