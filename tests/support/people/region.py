"""People for tests: a running region with its console, and browsers in which somebody with given roles is signed in."""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert
from werkzeug.test import Client as WsgiClient
from werkzeug.wrappers import Response

from gateway.config.settings import load
from gateway.people.actor import Actor, Membership
from gateway.people.sessions import ACTIVE, COOKIE
from gateway.runtime.startup import run
from gateway.storage.database import transaction
from gateway.storage.people.tables import memberships, people
from policies.roles import roles
from tests.support.regions import Clock, Site, write

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from gateway.admin.administration import Administration
    from gateway.runtime.running import RunningGateway

BASE = "https://crossing.example.org"
TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


@dataclass
class Browser:
    """A browser without scripts: it keeps cookies, and sends the hidden token of the form it has just seen."""

    wsgi: WsgiClient
    token: str = ""

    def get(self, path: str, **more: Any) -> Response:
        answer = self.wsgi.get(path, base_url=BASE, **more)
        self.token = next(iter(TOKEN.findall(answer.get_data(as_text=True))), self.token)
        return answer

    def post(self, path: str, data: Mapping[str, Any] | None = None, **more: Any) -> Response:
        headers = {"Referer": f"{BASE}{path}", "Origin": BASE} | more.pop("headers", {})
        answer = self.wsgi.post(
            path, base_url=BASE, data={"csrf_token": self.token} | dict(data or {}), headers=headers, **more
        )
        self.token = next(iter(TOKEN.findall(answer.get_data(as_text=True))), self.token)
        return answer


@dataclass
class PeopleRegion:
    """A running region in a folder, with whoever is signed in to it."""

    folder: Path
    running: RunningGateway
    clock: Clock
    known: dict[str, str] = field(default_factory=dict)

    @property
    def administered(self) -> Administration:
        """The region as the services of administration take it."""
        return self.running._people.region()

    def person(self, name: str, *roles: tuple[str, str]) -> str:
        """Make a person who has each role (organisation, role); return the id."""
        if name not in self.known:
            store, now = self.administered.store, self.clock()
            one = f"{len(self.known):032x}"
            row = {
                "id": one, "mail": f"{name}@example.org", "name": name.title(), "status": ACTIVE, "language": "en",
                "created": now, "created_by": "tests",
            }  # fmt: skip
            with transaction(store.engine, write=True) as connection:
                connection.execute(insert(people).values(row))
                for org, role in roles:
                    mine = {"person": one, "org": org, "role": role, "begins": now, "made_by": "tests"}
                    mine["kind"] = self.kind(org, role)
                    connection.execute(insert(memberships).values(mine))
            self.known[name] = one
        return self.known[name]

    def kind(self, org: str, role: str) -> str:
        """Return the kind of an organisation as it would be kept with a role that is given there now."""
        home = {"region": "region", "district": "district", "cbo": "cbo", "recipient": "vendor"}
        known = next(iter(self.administered.kinds([org])[org]), "district")
        return home.get(roles()[role].org, known) if role in roles() else known

    def actor(self, name: str, *roles: tuple[str, str]) -> Actor:
        """Return the actor that a person with those roles is, for services that are asked directly."""
        one = self.person(name, *roles)
        return Actor(f"{name}@example.org", "person", tuple(Membership(org, role) for org, role in roles), one)

    def stranger(self) -> Browser:
        """Return a browser in which nobody is signed in."""
        return Browser(WsgiClient(self.running, Response))

    def browser(self, name: str, *roles: tuple[str, str]) -> Browser:
        """Return a browser in which the person *name*, made with those roles if need be, has just signed in."""
        session = self.administered.sessions().begin(self.person(name, *roles), "passkey")
        found = self.stranger()
        found.wsgi.set_cookie(COOKIE, session, domain="crossing.example.org", secure=True, path="/")
        return found


@contextmanager
def people_region(
    folder: Path,
    sites: Mapping[str, Site],
    agreements: Iterable[str] = (),
    settings: str = "",
    clock: Clock | None = None,
) -> Iterator[PeopleRegion]:
    """Run a region until the end of the block."""
    clock = clock or Clock()
    read = load(write(folder, sites, agreements, settings))
    started = run(read, clock, lambda: clock().timestamp())
    try:
        yield PeopleRegion(folder, started, clock)
    finally:
        started.state.gateway.close()
