"""HTTP parts that all routes share: authentication, the query, base addresses and error responses."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import orjson
from flask import Response, current_app, request

from gateway import correlation_ids as correlated
from gateway.audit.last_refusals import GENERATED, LastRefusal
from gateway.auth import request_steps
from gateway.auth.authorization import authorize
from gateway.auth.callers import ClientShutOut, SignedRequest
from gateway.auth.oauth1 import accepts
from gateway.auth.request_steps import ADDRESS, CLIENT, PACE, PURPOSE, QUERY, begin
from gateway.config.hosts import origin
from gateway.telemetry import ABOUT, about, trace
from gateway.web.etags import PRIVATE
from standards.errors import (
    CallerError,
    Forbidden,
    MalformedQuery,
    MethodNotAllowed,
    NotFound,
    Overloaded,
    SourceUnavailable,
    TooManyRequests,
    Unauthenticated,
)
from standards.query_strings import read_query

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gateway.audit.last_refusals import LastRefusals
    from gateway.auth.authorization import Authorization
    from gateway.gateway import Gateway
    from standards.errors import GatewayError

REFUSALS, LAST_REFUSALS = "crossing.refusals", "crossing.last_refusals"
MAX_ARGUMENTS = 200
CORRELATION = correlated.HEADER
WAITS_SECONDS = (1, 5, 30, 60, 300, 900, 3600)


def authenticate(gateway: Gateway, district: str | None) -> Authorization:
    """Authenticate the caller within its limits and find its agreements; an unknown district is an unknown address.

    Raises:
        Forbidden: agreements of the caller have different purposes.
    """
    request.environ[LAST_REFUSALS] = gateway.last_refusals
    begin(CLIENT)
    caller = gateway.callers.authenticate(request.headers.get("Authorization"), _signed())
    about(client=caller.client)
    begin(PACE)
    gateway.limits.spend_client(caller.client)
    begin(ADDRESS)
    if district is not None and district not in gateway.districts:
        raise NotFound("There is no such address.")
    about(district=district or "*")
    request.environ[REFUSALS] = partial(gateway.record.refusals.count, caller.client, district or "*")
    begin(PURPOSE)
    return authorize(gateway.grants, caller, district)


def _signed() -> SignedRequest | None:
    """Return the request as its OAuth 1.0a signature covers it, where it may be authenticated in that way."""
    header = request.headers.get("Authorization")
    if header is None or not accepts(request.path, header):
        return None
    address = request.remote_addr or ""
    return SignedRequest(request.method, _asked_url(), request.path, request.query_string, header, address)


def arguments() -> list[tuple[str, str]]:
    """Return the query parameters in order, repetitions included, without the caller's correlation id.

    Raises:
        MalformedQuery: they are not UTF-8, or too many.
    """
    begin(QUERY)
    try:
        found = read_query(request.query_string, MAX_ARGUMENTS)
    except ValueError:
        raise MalformedQuery("query", "The query string cannot be read.") from None
    return correlated.without(found)


def base_url() -> str:
    """Return the address that links begin with, without a slash at its end: the public one, where one is set.

    Raises:
        CallerError: no such address is set, and the request's Host header is none.
    """
    public: str | None = current_app.config.get("PUBLIC_URL")
    return (public or origin(request.environ, request.scheme, _host()) + request.root_path).rstrip("/")


def _asked_url() -> str:
    """Return the address that the caller used and signed, without a slash at its end."""
    public: str | None = current_app.config.get("PUBLIC_URL")
    return (public or f"{request.scheme}://{_host()}{request.root_path}").rstrip("/")


def _host() -> str:
    if not request.host:
        raise CallerError("The Host header cannot be understood.")
    return request.host


def trace_id() -> str:
    """Return the id under which this request appears in logs and in the record of disclosures."""
    return trace(request.headers.get("traceparent"))


def correlation() -> str:
    """Return the correlation id of this request's errors: the caller's own, or that of the trace."""
    return correlated.given() or trace_id()


def failure(error: GatewayError, status: int, body: Mapping[str, Any], media: str = "application/json") -> Response:
    """Render an error in its standard's own body; a header gives the id under which it is logged."""
    about(code=error.code)
    response = Response(orjson.dumps(body), status, content_type=media)
    response.headers["Cache-Control"] = PRIVATE
    response.headers[CORRELATION] = correlation()
    if isinstance(error, Forbidden) and REFUSALS in request.environ:
        request.environ[REFUSALS](request.environ.get(ABOUT["view"], "-"), error.code)
    note_refusal(status, error.code, error.client if isinstance(error, ClientShutOut) else "")
    if isinstance(error, Unauthenticated):
        signed = accepts(request.path, request.headers.get("Authorization"))
        response.headers["WWW-Authenticate"] = "OAuth" if signed else "Bearer"
    if isinstance(error, MethodNotAllowed):
        response.headers["Allow"] = allow(error.allowed)
    if isinstance(error, TooManyRequests | SourceUnavailable | Overloaded):
        response.headers["Retry-After"] = str(_wait(error))
    return response


def note_refusal(status: int, code: str, client: str = "") -> None:
    """Keep the refusal of the present request among the last of its *client*, where it is known, without any value."""
    asked = request._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001  many looks through the proxy take long
    environ = asked.environ
    known = client or environ.get(ABOUT["client"], "")
    kept: LastRefusals | None = environ.get(LAST_REFUSALS)
    if kept is None or not known:
        return
    own, endpoint = correlated.given(), asked.endpoint or ""
    view, district = environ.get(ABOUT["view"], "-"), environ.get(ABOUT["district"], "-")
    api = next((one for one in ("oneroster", "edfi", "oauth") if endpoint.startswith(one)), "-")
    mark, shown = (kept.marked(own), own.lower() if GENERATED.fullmatch(own) else "") if own else ("", "")
    kept.keep(known, LastRefusal(
        kept.clock(), asked.method, api, view, district, status, code, request_steps.present(), trace_id(), shown, mark,
    ))  # fmt: skip


def allow(methods: Iterable[str]) -> str:
    """Build an Allow header: the *methods* of an address, and HEAD and OPTIONS."""
    known = tuple(methods)
    return ", ".join((*known, *(("HEAD", "OPTIONS") if "GET" in known else ("OPTIONS",))))


def _wait(error: TooManyRequests | SourceUnavailable | Overloaded) -> int:
    """Return Retry-After in seconds; a source's own wait is rounded up to a few steps, so that it tells nothing."""
    if not isinstance(error, SourceUnavailable):
        return error.retry_after
    return next((step for step in WAITS_SECONDS if error.retry_after <= step), WAITS_SECONDS[-1])
