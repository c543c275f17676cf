"""Callers of the administration API for tests: a signed-in browser's script, and machine clients with tokens."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from werkzeug.test import Client as WsgiClient
from werkzeug.wrappers import Response

from gateway.auth.scopes import ADMIN
from gateway.storage.registry import Client, Secret
from tests.support.people.region import BASE
from tests.support.regions import quick_secret

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tests.support.people.region import PeopleRegion

API = "/admin/v1"


@dataclass
class ApiCaller:
    """Somebody who asks the administration API, each request with the same headers."""

    wsgi: WsgiClient
    headers: dict[str, str] = field(default_factory=dict)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Response:
        """Send a request; underscores in the names of *headers* stand for dashes."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        given: dict[str, Any] = {} if body is None else {"json": body}
        return self.wsgi.open(API + path, method=method, base_url=BASE, headers=self.headers | named, **given)

    def get(self, path: str, **headers: str) -> Response:
        return self.ask("GET", path, None, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Response:
        return self.ask("POST", path, body, **headers)

    def put(self, path: str, body: Any = None, **headers: str) -> Response:
        return self.ask("PUT", path, body, **headers)


def in_session(region: PeopleRegion, name: str, *roles: tuple[str, str]) -> ApiCaller:
    """Return a person's browser whose script has read the token for its writes."""
    caller = ApiCaller(region.browser(name, *roles).wsgi)
    caller.headers["X-CSRF-Token"] = caller.get("/session").json["csrfToken"]
    return caller


def registered(region: PeopleRegion, name: str, org: str, scopes: Iterable[str], **more: Any) -> str:
    """Register a client as a stored row says; return its secret."""
    secret, kept = quick_secret()
    made = Client(name, org, "vendor", tuple(scopes), (Secret(kept),), region.clock(), "tests", **more)
    region.administered.store.add_client(made)
    return secret


def token(region: PeopleRegion, name: str, secret: str, **more: str) -> Response:
    """Ask the token endpoint."""
    data: Mapping[str, str] = {"grant_type": "client_credentials"} | more
    return WsgiClient(region.running, Response).post("/oauth/token", base_url=BASE, data=data, auth=(name, secret))


def machine(region: PeopleRegion, name: str, org: str, *roles: str) -> ApiCaller:
    """Return a machine client of an organisation that acts in those roles, with its token."""
    secret = registered(region, name, org, [ADMIN + role for role in roles])
    answer = token(region, name, secret)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    bearer = {"Authorization": f"Bearer {answer.json['access_token']}"}
    return ApiCaller(WsgiClient(region.running, Response), bearer)
