"""A served region, Chromium, and people of every role in it."""

from __future__ import annotations

import shutil
import tempfile
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from playwright.sync_api import sync_playwright
from werkzeug.serving import make_server
from werkzeug.wrappers import Response

from gateway.console.app import COOKIE
from gateway.console.wording import COOKIE as LANGUAGE
from policies.roles import roles
from tests.browser.console.furnished import furnish
from tests.support.needs import missing
from tests.support.people.region import people_region
from tests.support.regions import agreement, small_sites

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from wsgiref.types import WSGIApplication

    from playwright.sync_api import Browser as Chromium
    from playwright.sync_api import BrowserContext

    from tests.support.people.region import PeopleRegion

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
ENTRANCE = "/entrance-of-tests"
ORGS = {"region": "region", "district": "maple", "cbo": "reading", "recipient": "conformance", "any": "maple"}
"""An organisation for each kind that a role may be in."""


@dataclass
class ServedRegion:
    """A furnished region with its console on a socket, and a browser beside it."""

    region: PeopleRegion
    address: str
    chromium: Chromium
    links: tuple[str, str] = ("", "")
    """A link for a new person, and one for the secret of a client."""

    @contextmanager
    def entered(self, role: str, language: str, width: int, *, scripts: bool = True) -> Iterator[BrowserContext]:
        """Open a browser in which somebody of that *role* is signed in."""
        name = f"{role}-of-tests"
        self.region.person(name, (ORGS[roles()[role].org], role))
        with self.entered_as(name, language, width, scripts=scripts) as context:
            yield context

    @contextmanager
    def entered_as(self, name: str, language: str, width: int, *, scripts: bool = True) -> Iterator[BrowserContext]:
        """Open a browser in which somebody whom the region knows is signed in."""
        person = self.region.known[name]
        session = self.region.administered.sessions().begin(person, "passkey")
        context = self.chromium.new_context(viewport={"width": width, "height": 800}, java_script_enabled=scripts)
        page = context.new_page()
        page.goto(f"{self.address}{ENTRANCE}?{COOKIE}={session}&{LANGUAGE}={language}")
        page.close()
        try:
            yield context
        finally:
            context.close()


def with_entrance(app: WSGIApplication) -> WSGIApplication:
    """Add an address that sets the cookies it is asked for: from outside, no browser takes a `__Host-` cookie."""

    def answer(environ: Any, start_response: Any) -> Any:
        if environ["PATH_INFO"] != ENTRANCE:
            return app(environ, start_response)
        response = Response('<link rel="icon" href="data:,">entered', mimetype="text/html")
        for name, value in parse_qsl(environ["QUERY_STRING"]):
            response.set_cookie(name, value, path="/", secure=True, httponly=True, samesite="Lax")
        return response(environ, start_response)

    return answer


@contextmanager
def served(folder: Path) -> Iterator[ServedRegion]:
    """Serve a region over two small districts on ``http://localhost`` until the end of the block."""
    sites = small_sites(folder / "data")
    with people_region(folder / "region", sites, [agreement(name) for name in sites]) as region:
        links = furnish(region)
        with shown(region) as site:
            site.links = links
            yield site


@contextmanager
def shown(region: PeopleRegion) -> Iterator[ServedRegion]:
    """Serve a *region* on ``http://localhost``, with Chromium beside it, until the end of the block."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        missing("chromium (on Debian: apt-get install chromium)")
    server = make_server("localhost", 0, with_entrance(region.running), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        with tempfile.TemporaryDirectory() as own, sync_playwright() as playwright:
            chromium = playwright.chromium.launch(executable_path=program, args=FLAGS, downloads_path=own)
            yield ServedRegion(region, f"http://localhost:{server.server_port}", chromium)
            chromium.close()
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
