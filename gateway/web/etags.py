"""ETags and conditional requests: the ETag of a response's bytes, 304 Not Modified, and If-Match (RFC 9110).

Ed-Fi's ``_etag`` of a record is made in `gateway.change_log.ledger`.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

import orjson
from flask import Response, request

from standards.errors import PreconditionFailed

PRIVATE = "private, no-store"
MODIFIED = (
    "The item's etag value does not match what was specified in the 'If-Match' request header indicating that it has"
    " been modified by another client since it was last retrieved."
)


def conditional(body: Any, media: str = "application/json") -> Response:
    """Return *body* as JSON with a strong ETag of exactly these bytes; 304 when the caller has them already."""
    payload, tag = signed(body)
    response = Response(payload, 200, content_type=media)
    response.set_etag(tag)
    response.headers["Cache-Control"] = PRIVATE
    if request.if_none_match.contains_weak(tag):
        response.status_code = 304
        response.set_data(b"")
    return response


def makes_conditions() -> bool:
    """Tell whether the request has a condition: If-Match or If-None-Match."""
    return "If-Match" in request.headers or "If-None-Match" in request.headers


def check_conditions(tag: str) -> None:
    """Refuse a change whose condition names another state than that with *tag*, which is empty where no record is.

    ETags come with and without quotes. A weak one never matches what is to be changed (RFC 9110, 13.1.1).

    Raises:
        PreconditionFailed: ``If-Match`` has not the tag, or ``If-None-Match`` has it.
    """
    if "If-Match" in request.headers and not (tag and request.if_match.contains(tag)):
        raise PreconditionFailed(MODIFIED)
    if tag and request.if_none_match.contains_weak(tag):
        raise PreconditionFailed("The item has an etag that the 'If-None-Match' request header excludes.")


def signed(body: Any) -> tuple[bytes, str]:
    """Return *body* as JSON, and the ETag of exactly these bytes."""
    payload = orjson.dumps(body)
    return payload, blake2b(payload, digest_size=16).hexdigest()
