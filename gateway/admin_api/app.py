"""The administration API's application: `/admin/v1`, every error as problem details, and what it says of itself."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import orjson
from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from gateway import telemetry
from gateway.admin.districts.in_memory import UPLOADS, LargeFileRequest
from gateway.admin_api import agreements, answers, clients, connections, districts, organisations, people, recipients
from gateway.admin_api import region as region_operations
from gateway.admin_api.frame.authentication import Entrance
from gateway.admin_api.frame.bodies import JSON
from gateway.admin_api.frame.idempotency import Idempotency
from gateway.admin_api.frame.operations import STATE, Serving, add_to
from gateway.admin_api.frame.problems import MAX_BODY_BYTES, fault, http_problem, problem
from gateway.web.app import REFUSED
from standards.errors import GatewayError

if TYPE_CHECKING:
    from gateway.admin.administration import Administration

GROUPS: Final = (
    connections.ROUTES,
    districts.ROUTES,
    region_operations.ROUTES,
    agreements.ROUTES,
    answers.ROUTES,
    clients.ROUTES,
    recipients.ROUTES,
    organisations.ROUTES,
    people.ROUTES,
)
"""Every group of operations; one more is a module with `ROUTES`, and its name here."""

HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def create_admin_api(region: Administration) -> Flask:
    """Create the application of all operations over a *region*."""
    app = framed_app(region)
    operations = tuple(one for group in GROUPS for one in group.declared)
    app.extensions[STATE] = Serving(region, Entrance(region), Idempotency(region), operations)
    for operation in operations:
        add_to(app, operation)
    for number, root in enumerate(("/admin", "/admin/", "/admin/v1", "/admin/v1/")):
        app.add_url_rule(root, f"admin.root{number}", partial(_tell_roots, region))
    return app


def framed_app(region: Administration) -> Flask:
    """Create an application without a route: bounded bodies, answers kept to the caller, errors as problem details."""
    app = Flask(__name__, static_folder=None)
    app.url_map.merge_slashes = False
    app.request_class = LargeFileRequest
    app.config.update(MAX_CONTENT_LENGTH=MAX_BODY_BYTES, **{UPLOADS: region.settings().server.upload_bytes + 1})
    if region.running is not None:
        app.config["PUBLIC_URL"] = region.running.settings.server.public_url
    app.before_request(telemetry.begin)
    app.before_request(_refuse)
    app.after_request(_protect)
    app.after_request(telemetry.observe)
    app.register_error_handler(HTTPException, http_problem)
    app.register_error_handler(GatewayError, problem)
    app.register_error_handler(Exception, fault)
    return app


def _tell_roots(region: Administration) -> Response:
    """Answer at the root as `/admin/v1/information` does, where users of Ed-Fi's API look first."""
    return Response(orjson.dumps(region_operations.read_information(region).content), content_type=JSON)


def _refuse() -> None:
    """Answer an error raised before the request was read whole."""
    if REFUSED in request.environ:
        raise request.environ[REFUSED]


def _protect(response: Response) -> Response:
    """Keep every answer to the caller: no cache, no page of another origin."""
    response.headers.update(HEADERS)
    return response
