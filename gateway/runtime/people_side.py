"""The people's side: the console, and the APIs of administration, transfers and identities, made when first asked."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Final

from gateway.admin.administration import Administration
from gateway.admin.inbox.gathering import gather
from gateway.admin_api.app import create_admin_api
from gateway.console.app import create_console
from gateway.identities_api.app import create_identities_api, is_identity_address
from gateway.jobs.collecting import NoticeRegion
from gateway.storage.people.notices import Notices
from gateway.transfers_api.app import create_transfers_api
from gateway.web.proxied import Proxied
from standards.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from gateway.admin.administration import Running
    from gateway.runtime.state import Parts

PAGES: Final = ("/console", "/once")
API: Final = "/admin"
TRANSFERS: Final = "/transfers"
CONSOLE, ADMINISTRATION, MOVES, IDENTITIES = range(4)
"""The applications, in the order in which they are made."""


class PeopleSide:
    """The WSGI applications for people; no data request passes through them."""

    def __init__(self, running: Running, parts: Parts) -> None:
        self._running, self._parts, self._making = running, parts, threading.Lock()
        self._made: tuple[object, tuple[WSGIApplication, ...]] | None = None

    def answers(self, environ: WSGIEnvironment) -> bool:
        """Tell whether the request is for an address of people."""
        roots = (*PAGES, API, TRANSFERS)
        return any(_below(environ, root) for root in roots) or is_identity_address(environ["PATH_INFO"])

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        return self._applications()[_which(environ)](environ, start_response)

    def region(self) -> Administration:
        """Return the region that is administered."""
        parts, running = self._parts, self._running
        return Administration(
            parts.store, parts.memory, parts.region_keys, parts.clock, lambda: running.settings, running
        )

    def notices(self) -> NoticeRegion:
        """Return what notices are made of."""
        region = self.region()
        return NoticeRegion(
            region.store, region.keys, region.clock, region.settings, lambda: gather(region).tasks, region.kinds
        )

    def _applications(self) -> tuple[WSGIApplication, ...]:
        """Return the applications; those that were made under other settings of the server are made anew."""
        server = self._running.settings.server
        with self._making:
            if self._made is None or self._made[0] != server:
                region = self.region()
                makers = (create_console, create_admin_api, create_transfers_api, create_identities_api)
                made: list[Any] = [make(region) for make in makers]
                for app in made if server.trusted_proxies else ():
                    app.wsgi_app = Proxied(app.wsgi_app, server.trusted_proxies)
                self._made = server, tuple(made)
            return self._made[1]


def _which(environ: WSGIEnvironment) -> int:
    """Return the number of the application that answers a request."""
    if _below(environ, API):
        return ADMINISTRATION
    if _below(environ, TRANSFERS):
        return MOVES
    return CONSOLE if any(_below(environ, root) for root in PAGES) else IDENTITIES


def _below(environ: WSGIEnvironment, root: str) -> bool:
    path: str = environ["PATH_INFO"]
    return path == root or path.startswith(f"{root}/")


def undelivered_notes(parts: Parts) -> list[str]:
    """List what an operator must know of notices that could not be sent."""
    try:
        found = Notices(parts.store, parts.clock)
        failing, given_up = found.failing(), len(found.given_up())
    except StoreUnavailable:
        return []
    again = [f"{failing} notices could not be sent and are tried again"] if failing else []
    return [*again, *([f"{given_up} notices were given up: nobody was told"] if given_up else [])]
