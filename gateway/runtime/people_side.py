"""The people's side: the console and the administration API beside the data APIs, made at their first request."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from gateway.admin.administration import Administration
from gateway.console.app import create_console
from gateway.web.proxied import Proxied

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from gateway.admin.administration import Running
    from gateway.runtime.state import Parts

PAGES: Final = ("/console", "/once")


class PeopleSide:
    """The WSGI applications for people; no data request passes through them."""

    def __init__(self, running: Running, parts: Parts) -> None:
        self._running, self._parts, self._making = running, parts, threading.Lock()
        self._made: tuple[object, WSGIApplication] | None = None

    def answers(self, environ: WSGIEnvironment) -> bool:
        """Tell whether the request is for an address of people."""
        path = environ["PATH_INFO"]
        return any(path == root or path.startswith(f"{root}/") for root in PAGES)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        return self._console()(environ, start_response)

    def region(self) -> Administration:
        """Return the region that is administered."""
        parts, running = self._parts, self._running
        return Administration(
            parts.store, parts.memory, parts.region_keys, parts.clock, lambda: running.settings, running
        )

    def _console(self) -> WSGIApplication:
        """Return the console; one that was made under other settings of the server is made anew."""
        server = self._running.settings.server
        with self._making:
            if self._made is None or self._made[0] != server:
                app = create_console(self.region())
                if server.trusted_proxies:
                    app.wsgi_app = Proxied(app.wsgi_app, server.trusted_proxies)  # type: ignore[method-assign]
                self._made = server, app
            return self._made[1]
