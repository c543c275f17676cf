"""What every route needs of HTTP: who asks, under which address, and how an answer leaves."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import orjson
from flask import Response, current_app, request

from gateway import correlation_ids as correlated
from gateway.auth.authorization import authorize
from gateway.auth.callers import SignedRequest
from gateway.auth.oauth1 import accepts
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

    from gateway.auth.authorization import Authorization
    from gateway.gateway import Gateway
    from standards.errors import GatewayError

REFUSALS = "crossing.refusals"
MAX_ARGUMENTS = 200
CORRELATION = correlated.HEADER
WAITS_SECONDS = (1, 5, 30, 60, 300, 900, 3600)


def authenticate(gateway: Gateway, district: str | None) -> Authorization:
    """Who asks by this request, within its limits, and by which agreements; an unknown district is an unknown address.

    Raises:
        Forbidden: agreements of the caller's serve different purposes.
    """
    caller = gateway.callers.authenticate(request.headers.get("Authorization"), _signed())
    gateway.limits.spend_client(caller.client)
    if district is not None and district not in gateway.districts:
        raise NotFound("There is no such address.")
    about(district=district or "*", client=caller.client)
    request.environ[REFUSALS] = partial(gateway.record.refusals.count, caller.client, district or "*")
    return authorize(gateway.grants, caller, district)


def _signed() -> SignedRequest | None:
    """The request as its signature sees it, if it is one that may authenticate itself so."""
    header = request.headers.get("Authorization")
    if header is None or not accepts(request.path, header):
        return None
    address = request.remote_addr or ""
    return SignedRequest(request.method, _asked_url(), request.path, request.query_string, header, address)


def arguments() -> list[tuple[str, str]]:
    """The query parameters in order, repetitions included, without the id that the caller gives its request.

    Raises:
        MalformedQuery: they are not UTF-8, or too many.
    """
    try:
        found = read_query(request.query_string, MAX_ARGUMENTS)
    except ValueError:
        raise MalformedQuery("query", "The query string cannot be read.") from None
    return correlated.without(found)


def base_url() -> str:
    """The address that links begin with, without a slash at its end: the public one, where one is set.

    Raises:
        CallerError: no such address is set, and the request's Host header is none.
    """
    public: str | None = current_app.config.get("PUBLIC_URL")
    return (public or origin(request.environ, request.scheme, _host()) + request.root_path).rstrip("/")


def _asked_url() -> str:
    """The address that the caller has used and signed, without a slash at its end."""
    public: str | None = current_app.config.get("PUBLIC_URL")
    return (public or f"{request.scheme}://{_host()}{request.root_path}").rstrip("/")


def _host() -> str:
    if not request.host:
        raise CallerError("The Host header cannot be understood.")
    return request.host


def trace_id() -> str:
    """The id under which this request appears in logs and in the record of disclosures."""
    return trace(request.headers.get("traceparent"))


def correlation() -> str:
    """The id under which an error of this request is told: the caller's own, or that of the trace."""
    return correlated.given() or trace_id()


def failure(error: GatewayError, status: int, body: Mapping[str, Any], media: str = "application/json") -> Response:
    """An error in its standard's own body, with the id under which the log tells of it in a header."""
    about(code=error.code)
    response = Response(orjson.dumps(body), status, content_type=media)
    response.headers["Cache-Control"] = PRIVATE
    response.headers[CORRELATION] = correlation()
    if isinstance(error, Forbidden) and REFUSALS in request.environ:
        request.environ[REFUSALS](request.environ.get(ABOUT["view"], "-"), error.code)
    if isinstance(error, Unauthenticated):
        signed = accepts(request.path, request.headers.get("Authorization"))
        response.headers["WWW-Authenticate"] = "OAuth" if signed else "Bearer"
    if isinstance(error, MethodNotAllowed):
        response.headers["Allow"] = allow(error.allowed)
    if isinstance(error, TooManyRequests | SourceUnavailable | Overloaded):
        response.headers["Retry-After"] = str(_wait(error))
    return response


def allow(methods: Iterable[str]) -> str:
    """The value of an Allow header: the *methods* that do something at an address, and those that only tell of it."""
    known = tuple(methods)
    return ", ".join((*known, *(("HEAD", "OPTIONS") if "GET" in known else ("OPTIONS",))))


def _wait(error: TooManyRequests | SourceUnavailable | Overloaded) -> int:
    """The seconds to wait; what a source asks for is told in few steps, so that its number tells nothing."""
    if not isinstance(error, SourceUnavailable):
        return error.retry_after
    return next((step for step in WAITS_SECONDS if error.retry_after <= step), WAITS_SECONDS[-1])
