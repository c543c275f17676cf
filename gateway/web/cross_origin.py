"""Cross-origin requests (CORS): which pages of other origins a browser lets ask the APIs, if any."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import Response, request

from gateway.web.url_prefixes import EDFI

if TYPE_CHECKING:
    from collections.abc import Collection

    from flask import Flask

ONEROSTER: Final = "/ims/oneroster"
METHODS: Final = "GET, HEAD, POST, PUT, DELETE"
SENT: Final = "Accept, Authorization, Content-Type, Correlation-Id, If-Match, If-None-Match, Traceparent"
"""The request headers that a page may send."""

READ: Final = (
    "Allow, Content-Disposition, Correlation-Id, ETag, Link, Location, Next-Page-Token, Retry-After, Total-Count,"
    " WWW-Authenticate, X-Ignored-Members, X-Next-Since, X-Total-Count"
)
"""The response headers that a page may read, beside those that every page may."""

KEPT_SECONDS: Final = 600
"""The seconds for which a browser may cache the answer to a preflight request."""


def allow(app: Flask, origins: Collection[str]) -> None:
    """Let pages of the *origins* call the APIs and the token endpoint; without any, no CORS header is sent.

    A page sends its token itself, so that no response allows credentials that a browser would add.
    """
    if not origins:
        return

    def answer_preflight() -> Response | None:
        """Answer a browser's preflight request from a page of one of the origins."""
        asks = request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers
        if not asks or request.headers.get("Origin") not in origins or not _is_api(request.path):
            return None
        response = Response(b"", 204)
        response.headers["Access-Control-Allow-Methods"] = METHODS
        response.headers["Access-Control-Allow-Headers"] = SENT
        response.headers["Access-Control-Max-Age"] = str(KEPT_SECONDS)
        return response

    def tell_origin(response: Response) -> Response:
        """Allow a page of one of the origins to read the response."""
        if _is_api(request.path):
            response.vary.add("Origin")
            if (origin := request.headers.get("Origin")) in origins:
                response.headers["Access-Control-Allow-Origin"] = origin
                response.headers["Access-Control-Expose-Headers"] = READ
        return response

    app.before_request(answer_preflight)
    app.after_request(tell_origin)


def _is_api(path: str) -> bool:
    return ONEROSTER in path or EDFI.fullmatch(path) is not None
