"""A running region between whose districts records move, with its people, its programs and its worker: Maple to Cedar."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any

from werkzeug.test import Client as WsgiClient
from werkzeug.wrappers import Response

from gateway.auth.scopes import TRANSFERS
from gateway.transfers.sealing.key_set import KeyUse
from gateway.transfers.work.desk import with_times
from tests.gateway.transfers.work.world import SETTINGS, AtOnce, World, agreement_text
from tests.support.people.api import ApiCaller, in_session, registered, token
from tests.support.people.region import BASE, PeopleRegion, people_region
from tests.support.regions import small_sites

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ROOT = "/transfers/v1"
KEYS = count(1)


@dataclass
class TransferCaller(ApiCaller):
    """Somebody who asks the API of transfers; every write has a key of its own unless it brings one."""

    root: str = field(default=ROOT)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Response:
        if method == "POST":
            headers = {"Idempotency_Key": f'"{next(KEYS)}"', **headers}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        given: dict[str, Any] = {} if body is None else {"data" if isinstance(body, bytes) else "json": body}
        return self.wsgi.open(self.root + path, method=method, base_url=BASE, headers=self.headers | named, **given)


class _WorldRegion(PeopleRegion):
    """The region as the world of transfers takes it."""

    @property
    def gateway(self) -> Any:
        return self.running.gateway


@dataclass
class MovingRegion:
    """A *region* with people, and the *world* of its transfers."""

    region: PeopleRegion
    world: World

    def person(self, name: str, *roles: tuple[str, str], root: str = ROOT) -> TransferCaller:
        """Return the script of a person's page, with the token for its writes."""
        caller = in_session(self.region, name, *roles)
        return TransferCaller(caller.wsgi, caller.headers, root)

    def program(self, name: str, org: str, *scopes: str, root: str = ROOT) -> TransferCaller:
        """Return a district's program with its token, in all scopes of transfers unless some are named."""
        secret = registered(self.region, name, org, scopes or TRANSFERS)
        answer = token(self.region, name, secret)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        bearer = {"Authorization": f"Bearer {answer.json['access_token']}"}
        return TransferCaller(WsgiClient(self.region.running, Response), bearer, root)

    def nobody(self, root: str = ROOT) -> TransferCaller:
        """Return somebody who brings nothing."""
        return TransferCaller(self.region.stranger().wsgi, {}, root)

    def student(self, number: int = 3, **changes: str) -> dict[str, str]:
        """Return a student of Maple as Cedar's form states it."""
        child = self.world.student(number)
        stated = {
            "stateId": child.state_id, "family": child.family, "given": child.given, "middle": child.middle,
            "birthDate": child.birth_date, "lastSchool": next(iter(child.schools), ""),
        } | changes  # fmt: skip
        return {name: text for name, text in stated.items() if text}

    def form(self, number: int = 3, **changes: Any) -> dict[str, Any]:
        """Return a request for a student of Maple."""
        asked = {"sender": "maple", "student": self.student(number), "standing": "enrollment", "again": True}
        return asked | changes


@contextmanager
def moving_region(folder: Path, *others: str, rate: str = "") -> Iterator[MovingRegion]:
    """Run a region until the end of the block, with *others* that take part; what a rule decides leaves at once.

    *rate* is how often a client may ask.
    """
    sites = small_sites(folder / "data")
    sites |= dict.fromkeys(others, sites["maple"])
    taking_part = SETTINGS.partition("[limits]")[0].replace('"cedar"]', f'"cedar", {str(list(others))[1:]}')
    told = f'{taking_part}[limits]\nclient = "{rate}"\n'
    with people_region(folder / "region", sites, [agreement_text()], told) as region:
        worker = region.running.transfers()
        worker.desk = with_times(worker.desk, AtOnce(worker.desk.times))
        world = World(_WorldRegion(region.folder, region.running, region.clock, region.known), worker)
        world.publish("cedar", "cedar enc", KeyUse.SEAL)
        yield MovingRegion(region, world)
