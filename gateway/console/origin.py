"""The origin of the console's own links: the public address, or the Host that was asked where it may be repeated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import current_app, request

from gateway.config import hosts
from standards.errors import CallerError

if TYPE_CHECKING:
    from gateway.admin.administration import Administration


def origin() -> str:
    """Return the origin under which people reach the console, for links that are sent to others.

    Raises:
        CallerError: no public address is set, and the request's Host header is none.
    """
    region: Administration = current_app.extensions["region"]
    public = region.settings().server.public_url
    if public:
        return public.rstrip("/")
    if not request.host:
        raise CallerError("The Host header cannot be understood.")
    return hosts.origin(request.environ, request.scheme, request.host)
