"""X-Forwarded headers of the operator's own proxies, which are believed, and of nobody else's."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

from werkzeug.middleware.proxy_fix import ProxyFix

from gateway.config import hosts

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment


class Proxied:
    """Trust X-Forwarded headers of the operator's own proxies, and of nobody else."""

    def __init__(self, app: WSGIApplication, proxies: Iterable[str]) -> None:
        self._plain, self._forwarded = app, ProxyFix(app, x_for=1, x_proto=1, x_host=1, x_port=1)
        self._networks = [ip_network(proxy) for proxy in proxies]

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request, from the address that a trusted proxy says it came from."""
        try:
            address = ip_address(environ.get("REMOTE_ADDR", ""))
        except ValueError:
            return self._plain(environ, start_response)
        if not any(address in network for network in self._networks):
            return self._plain(environ, start_response)
        environ[hosts.FORWARDED] = bool(environ.get("HTTP_X_FORWARDED_HOST"))
        return self._forwarded(environ, start_response)
