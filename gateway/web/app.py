"""The WSGI application: both standards, tokens, health; every error in the body its caller expects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map

from gateway import telemetry
from gateway.readiness import Readiness, checks
from gateway.web import (
    cross_origin,
    edfi,
    edfi_changes,
    edfi_writes,
    health,
    oauth,
    oneroster,
    oneroster_bulk,
    token_info,
    url_prefixes,
)
from gateway.web.metadata import edfi as edfi_metadata
from gateway.web.metadata import oneroster as oneroster_metadata
from gateway.web.proxied import Proxied
from gateway.web.responses import correlation, failure
from standards.edfi.api.envelope import problem
from standards.errors import CallerError, GatewayError, MethodNotAllowed, NotFound

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from werkzeug.routing import RuleFactory

    from gateway.config.settings import Settings
    from gateway.gateway import Gateway
    from gateway.storage.registry import Store
    from gateway.storage.shared_memory import Memory

MAX_BODY_BYTES = 1 << 20
REFUSED = "crossing.refused"
"""The key of a request's environment that holds the error it was refused with before routing."""


def create_app(
    gateway: Gateway,
    settings: Settings,
    store: Store,
    memory: Memory,
    clock: Callable[[], datetime],
    like: Flask | None = None,
) -> Flask:
    """Create the application over an assembled *gateway*; routes of another application are reused, which is faster."""
    app = Flask(__name__, static_folder=None)
    if like is not None:
        app.url_map = _Known(like.url_map)
    app.url_map.merge_slashes = False  # two slashes are another address, which does not exist
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.config["PUBLIC_URL"] = settings.server.public_url
    app.config["SCHOOL_YEARS"] = url_prefixes.answering(settings.districts, clock)
    app.wsgi_app = url_prefixes.Folded(app.wsgi_app)  # type: ignore[method-assign]
    if settings.server.trusted_proxies:
        app.wsgi_app = Proxied(app.wsgi_app, settings.server.trusted_proxies)  # type: ignore[method-assign]
    app.url_value_preprocessor(url_prefixes.enter)
    app.before_request(telemetry.begin)
    app.before_request(_refuse)
    cross_origin.allow(app, settings.server.browser_origins)
    app.register_blueprint(
        oauth.blueprint(store, memory, clock, settings, gateway.limits, gateway.grants, gateway.last_refusals)
    )
    app.register_blueprint(oneroster.blueprint(gateway))
    app.register_blueprint(oneroster_bulk.blueprint(gateway))
    app.register_blueprint(edfi.blueprint(gateway))
    app.register_blueprint(edfi_changes.blueprint(gateway))
    app.register_blueprint(edfi_writes.blueprint(gateway))
    app.register_blueprint(oneroster_metadata.blueprint(gateway))
    app.register_blueprint(edfi_metadata.blueprint(gateway))
    app.register_blueprint(token_info.blueprint(gateway))
    readiness = gateway.readiness or Readiness(checks(store, memory, gateway.record))
    app.register_blueprint(health.blueprint(gateway, readiness, settings.metrics_token))
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _unexpected)
    app.after_request(telemetry.observe)
    app.after_request(_typed)
    return app


class _Known(Map):
    """The compiled routes of another application: compiling them takes most of the time of creating an application."""

    def __init__(self, like: Map) -> None:
        vars(self).update(vars(like))

    def add(self, rulefactory: RuleFactory) -> None:
        """Add a rule unless the other application has it already."""
        for rule in rulefactory.get_rules(self):
            known = self._rules_by_endpoint.get(rule.endpoint, ())
            if all((one.rule, one.methods) != (rule.rule, rule.methods) for one in known):
                super().add(rule)


def _refuse() -> None:
    """Render an error raised before routing in the standard's body of the address it was for."""
    if REFUSED in request.environ:
        raise request.environ[REFUSED]


def _http_error(error: HTTPException) -> Response:
    """Render an HTTP error of the framework in the standard's own body."""
    known: dict[int | None, type[CallerError]] = {404: NotFound, 405: MethodNotAllowed}
    kind = known.get(error.code, CallerError)
    refusal = kind({404: "There is no such address.", 405: "This method is not allowed here."}.get(
        error.code or 0, "The request cannot be understood."
    ))  # fmt: skip
    response = _answer(refusal)
    if error.code and error.code not in known:
        response.status_code = error.code
    allowed = {name: value for name, value in error.get_headers() if name == "Allow"}
    if allowed and oneroster.ROOT in request.path:
        allowed["Allow"] = oneroster.allowed(request.path)
    response.headers.update(allowed)
    return response


def _typed(response: Response) -> Response:
    """Drop the Content-Type of a response without a body."""
    if not response.is_streamed and not response.get_data():
        response.headers.pop("Content-Type", None)
    return response


def _unexpected(error: Exception) -> Response:
    """Answer an unexpected exception with 500: nothing of it is sent, and the log names its kind only."""
    if isinstance(error, GatewayError):
        return _answer(error)
    telemetry.fault(error)
    return _answer(GatewayError("The gateway failed; nothing was sent."))


def _answer(error: GatewayError) -> Response:
    if oneroster.ROOT in request.path:
        return oneroster.refuse(error)
    status, body = problem(error, correlation())
    return failure(error, status, body, "application/problem+json")
