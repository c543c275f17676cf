"""Rehearsal of a request: the very routes and steps of the data APIs, up to the first that says no or needs a record.

Nothing is counted, recorded, logged or sent, no source is asked, and no token is needed: the client is named.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.test import EnvironBuilder

from gateway.admin.answers.rehearsed import Rehearsed
from gateway.audit.refusals import Refusals
from gateway.auth import request_steps
from gateway.telemetry import ABOUT
from gateway.web.url_prefixes import folded
from standards import errors
from standards.errors import CallerError, GatewayError, NotFound, StoreUnavailable, TooManyRequests

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gateway.admin.answers.rehearsed import AskedAddress
    from gateway.auth.callers import Caller, SignedRequest
    from gateway.auth.rate_limits import RateLimits
    from gateway.gateway import Gateway
    from gateway.runtime.state import GatewayState, Parts

HAS_BODY = frozenset({"POST", "PUT"})
UNRECORDED = "A rehearsal sends nothing."


@dataclass(frozen=True, slots=True)
class _NamedCaller:
    """Callers of which each is the one that was named."""

    caller: Caller

    def authenticate(self, _authorization: str | None, _signed: SignedRequest | None = None) -> Caller:
        return self.caller


@dataclass(frozen=True, slots=True)
class _Looked:
    """Rates that are looked at, and not counted."""

    limits: RateLimits

    def spend_client(self, client: str) -> None:
        if not self.limits.client_has_room(client):
            raise TooManyRequests("Too many requests; wait before the next one.", 1)

    def spend_districts(self, districts: Iterable[str]) -> None:
        for district in sorted(set(districts)):
            if not self.limits.district_has_room(district):
                raise TooManyRequests("Too many requests; wait before the next one.", 1)


class _Unwritten:
    """A record in which nothing is written, so that nothing could be sent either."""

    def __init__(self) -> None:
        self.refusals = Refusals()

    def append(self, _event: Mapping[str, Any]) -> None:
        raise StoreUnavailable(UNRECORDED)

    fields = subjects = append


def rehearse(parts: Parts, state: GatewayState, caller: Caller, asked: AskedAddress) -> Rehearsed:
    """Rehearse what *caller* asks, in a *state*, up to the first step that refuses it or looks at a record."""
    app = parts.app(_rehearsing(state.gateway, caller), state.settings, state.app)
    found = request_steps.Rehearsal()
    error: GatewayError | None = None
    with app.request_context(_environ(asked)) as context, request_steps.rehearsing(found):
        try:
            app.preprocess_request()
            app.dispatch_request()
        except GatewayError as refused:
            error = refused
        except HTTPException as refused:
            error = _plain(refused)
    environ, rule = context.request.environ, context.request.url_rule
    view, district = (environ.get(ABOUT[name], "") for name in ("view", "district"))
    endpoint, view = rule.endpoint if rule else "", "" if found.begun[-1:] == [(request_steps.ADDRESS, ())] else view
    return Rehearsed(endpoint, view, district.replace("*", ""), tuple(found.begun), error)


def _rehearsing(gateway: Gateway, caller: Caller) -> Gateway:
    """Return the gateway as a rehearsal has it: everything of it but what counts, records or believes."""
    fresh = copy(gateway)
    fresh.callers, fresh.limits = cast("Any", _NamedCaller(caller)), cast("Any", _Looked(gateway.limits))
    fresh.record = cast("Any", _Unwritten())
    return fresh


def _environ(asked: AskedAddress) -> dict[str, Any]:
    """Return the environment of the request as the server would make it."""
    body: dict[str, Any] = {"data": b"{}", "content_type": "application/json"} if asked.method in HAS_BODY else {}
    builder = EnvironBuilder(
        method=asked.method,
        base_url="https://rehearsed.invalid",
        headers=[("Accept", "*/*"), ("Authorization", "Bearer -")],
        **body,
    )
    environ: dict[str, Any] = builder.get_environ()
    environ["PATH_INFO"] = folded(asked.path).encode().decode("latin-1")
    environ["QUERY_STRING"] = asked.query.encode().decode("latin-1")
    return environ


def _plain(refused: HTTPException) -> CallerError:
    """Return the error that the data APIs answer where the framework refuses an address or a method."""
    if isinstance(refused, MethodNotAllowed):
        return errors.MethodNotAllowed("This method is not allowed here.", refused.valid_methods or ())
    return NotFound("There is no such address.")
