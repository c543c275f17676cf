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
"""The headers that a page may send."""

READ: Final = (
    "Allow, Content-Disposition, Correlation-Id, ETag, Link, Location, Next-Page-Token, Retry-After, Total-Count,"
    " WWW-Authenticate, X-Ignored-Members, X-Next-Since, X-Total-Count"
)
"""The headers of an answer that a page may read, beside those that every page may."""

KEPT_SECONDS: Final = 600
"""For how long a browser need not ask again whether it may ask."""


def allow(app: Flask, origins: Collection[str]) -> None:
    """Let pages of the *origins* ask the APIs and the token endpoint; without any nothing is said of origins at all.

    A page sends its token itself, so that no answer is made for credentials that a browser would add.
    """
    if not origins:
        return

    def answer_preflight() -> Response | None:
        """What a browser asks before it lets a page of one of the origins ask."""
        asks = request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers
        if not asks or request.headers.get("Origin") not in origins or not _is_api(request.path):
            return None
        response = Response(b"", 204)
        response.headers["Access-Control-Allow-Methods"] = METHODS
        response.headers["Access-Control-Allow-Headers"] = SENT
        response.headers["Access-Control-Max-Age"] = str(KEPT_SECONDS)
        return response

    def tell_origin(response: Response) -> Response:
        """Say to a page of one of the origins that it may read the answer."""
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
