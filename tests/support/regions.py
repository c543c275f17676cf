"""Whole gateways for tests, started from real settings files, and consumers that ask them over HTTP."""

from __future__ import annotations

import atexit
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
from argon2 import PasswordHasher

from gateway.audit.acts import CLAIM_SECONDS
from gateway.audit.students.tags import PossibleTags
from gateway.auth.client_secrets import HINT_CHARACTERS, secret_text
from gateway.auth.scopes import known_scopes
from gateway.config.settings import load
from gateway.demo.data import generate, write_edfi_xml, write_oneroster_12
from gateway.runtime.startup import run
from gateway.storage.acts import Acts
from gateway.storage.registry import Client, Secret, open_store
from standards.oneroster.resources.parts import service_of
from tests.support.needs import ROOT, shared

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from flask import Flask
    from werkzeug.test import TestResponse

    from gateway.gateway import Gateway
    from gateway.runtime.running import RunningGateway
    from gateway.storage.registry import SqlStore

NOW = datetime(2026, 11, 2, 19, tzinfo=UTC)
MASTER_KEY = "5a" * 32  # ids are the same in every run, so that golden files can hold them
ROSTER = "/ims/oneroster/rostering/v1p2/"
EDFI = "/data/v3/ed-fi/"
EVERYTHING = (("*", "allow"),)
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
TUTORING = (
    ("student.id", "pseudonym"),
    ("student.name.given", "allow"),
    ("student.name.family", "initial"),
    ("enrollment.*", "allow"),
    ("placement.*", "allow"),
    ("organization.id", "allow"),
    ("organization.name", "allow"),
    ("organization.kind", "allow"),
)
LINK = re.compile(r'<([^<>]+)>; rel="(first|prev|next|last)"')


@dataclass
class Clock:
    """A clock that stands until a test moves it."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def move(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def quick_secret() -> tuple[str, str]:
    """Make a secret and its hash, with the least work that is one: a hash states its parameters."""
    secret = secret_text()
    return secret, secret[:HINT_CHARACTERS] + QUICK.hash(secret)


def agreement(
    district: str,
    lines: Iterable[tuple[str, str]] = EVERYTHING,
    *,
    client: str = "conformance",
    population: str = "",
    operations: str = "[read, search]",
    version: int = 1,
    purpose: str = "conformance",
    begin: str = "2026-09-01",
    end: str = "2027-08-31",
) -> str:
    """Write an agreement by which *district* releases *lines* to *client*."""
    people = f"population: {population}\n" if population else ""
    elements = "".join(f'  - {{path: "{path}", action: {action}}}\n' for path, action in lines)
    return (
        f"apiVersion: dsa/v1\nid: {client}-{district}\nversion: {version}\n"
        f"parties: {{provider: {{district: {district}}}, recipient: {{org: {client}, kind: vendor}}}}\n"
        f'basis: {{ferpa: "99.31(a)(1)", purpose: {purpose}, legitimateInterest: "prove what is promised"}}\n'
        f"validity: {{from: {begin}, to: {end}, timezone: America/Los_Angeles}}\n"
        f"clients: [{client}]\noperations: {operations}\n{people}elements:\n{elements}"
    )


def root_of(collection: str) -> str:
    """Return the root of the OneRoster 1.2 service of a collection."""
    return f"/ims/oneroster/{service_of(collection)}/v1p2/"


@dataclass
class Site:
    """A district of a region: the adapter that reads it and where its data are."""

    adapter: str
    settings: Mapping[str, str]
    cache: str = "1h"
    defaults: str = ""
    descriptors: Sequence[str] = ()
    timezone: str = ""

    def toml(self, name: str) -> str:
        zone = f'timezone = "{self.timezone}"\n' if self.timezone else ""
        given = "".join(f"{key} = {json.dumps(str(value))}\n" for key, value in self.settings.items())
        head = f'[districts.{name}]\nadapter = "{self.adapter}"\ncache = "{self.cache}"\n'
        head += zone
        head += f"descriptors = {json.dumps(self.descriptors)}\n" if self.descriptors else ""
        declared = f"[districts.{name}.defaults]\n{self.defaults}" if self.defaults else ""
        return f"{head}[districts.{name}.settings]\n{given}{declared}"


class Consumer:
    """One registered client with a token, asking over HTTP."""

    def __init__(self, region: Region, name: str, scopes: Iterable[str]) -> None:
        self.region, self.name = region, name
        self.secret = region.register(name, scopes)
        self.web = region.app.test_client()
        answer = self.web.post("/oauth/token", data={"grant_type": "client_credentials"}, auth=(name, self.secret))
        assert answer.status_code == 200, answer.text
        self.token = answer.json["access_token"]

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def ask(self, address: str, *, method: str = "GET", headers: Mapping[str, str] = {}, **query: Any) -> TestResponse:
        """Send a request for an absolute address or a path; *query* is encoded."""
        parts = urlsplit(address)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        return self.web.open(target, method=method, headers={**self.bearer, **headers}, query_string=query or None)

    def roster(self, rest: str, **query: Any) -> TestResponse:
        """Send a request to the OneRoster service that the collection belongs to."""
        return self.ask(root_of(rest.partition("/")[0]) + rest, **query)

    def edfi(self, rest: str, **query: Any) -> TestResponse:
        """Send a request to the Ed-Fi API."""
        return self.ask(EDFI + rest, **query)

    def users(self, collection: str, limit: int = 10_000, **query: Any) -> list[dict[str, Any]]:
        """Read every record of a OneRoster collection, in pages of *limit*."""
        found: list[dict[str, Any]] = []
        answer = self.roster(collection, limit=limit, **query)
        while True:
            assert answer.status_code == 200, answer.text
            ((_, records),) = answer.json.items()
            found += records
            following = links(answer.headers["Link"]).get("next")
            if following is None:
                return found
            answer = self.ask(following)

    def resources(self, collection: str, limit: int = 500, district: str = "", **query: Any) -> list[dict[str, Any]]:
        """Read every record of an Ed-Fi resource, in pages of *limit*."""
        found: list[dict[str, Any]] = []
        place = f"/{district}{EDFI}{collection}" if district else EDFI + collection
        while True:
            answer = self.ask(place, limit=limit, offset=len(found), **query)
            assert answer.status_code == 200, answer.text
            found += answer.json
            if len(answer.json) < limit:
                return found


def links(header: str) -> dict[str, str]:
    """Parse a Link header as a strict client does: cut at every comma, each piece one link and nothing else."""
    found = {}
    for piece in header.split(","):
        match = LINK.fullmatch(piece.strip())
        assert match, piece
        found[match[2]] = match[1]
    return found


@dataclass
class Region:
    """A gateway over real settings in a folder, with its state, agreements and log."""

    folder: Path
    app: Flask
    gateway: Gateway
    clock: Clock
    store_url: str
    running: RunningGateway
    consumers: dict[str, Consumer] = field(default_factory=dict)

    def register(self, name: str, scopes: Iterable[str]) -> str:
        """Register a client, or renew the secret of one that an earlier region registered; return the secret.

        It is no event of the record of disclosures, whose numbers tests count from the first disclosure.
        """
        secret, trace = quick_secret()
        with closing(open_store(self.store_url, self.clock)) as store, self._unrecorded(store):
            if store.find_client(name):
                store.rotate_secret(name, trace, None, "ana")
            else:
                store.add_client(Client(name, name, "vendor", tuple(scopes), (Secret(trace),), self.clock(), "ana"))
        return secret

    @contextmanager
    def _unrecorded(self, store: SqlStore) -> Iterator[None]:
        """Keep what the block does from being carried over to the record, unless other acts are just carried over."""
        acts = Acts(store)
        held = acts.claim("tests", self.clock().timestamp(), CLAIM_SECONDS)
        yield
        if held:
            for act in acts.waiting():
                acts.note_recorded(act.number, self.clock())
            acts.release("tests")

    def consumer(self, name: str = "conformance", scopes: Iterable[str] | None = None) -> Consumer:
        """Return the client *name*, registered when first asked for, with every scope unless told otherwise."""
        if name not in self.consumers:
            self.consumers[name] = Consumer(self, name, known_scopes() if scopes is None else scopes)
        return self.consumers[name]


def write(folder: Path, sites: Mapping[str, Site], agreements: Iterable[str], settings: str = "") -> Path:
    """Write the settings file of a region with its agreements beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "agreements").mkdir(exist_ok=True)
    for number, text in enumerate(agreements):
        (folder / "agreements" / f"{number}.yaml").write_text(text, "utf-8")
    (folder / "master.key").write_text(MASTER_KEY, "ascii")
    given = settings + '[keys]\nmaster = "file:master.key"\n'
    if "[limits]" not in settings:
        given += '[limits]\nclient = ""\n'
    place = folder / "gateway.toml"
    place.write_text(given + "".join(site.toml(name) for name, site in sites.items()), "utf-8")
    return place


@contextmanager
def running(
    folder: Path, sites: Mapping[str, Site], agreements: Iterable[str], settings: str = "", clock: Clock | None = None
) -> Iterator[Region]:
    """Run a gateway until the end of the block."""
    clock = clock or Clock()
    read = load(write(folder, sites, agreements, settings))
    started = run(read, clock, lambda: clock().timestamp())
    app, gateway = started.state.app, started.state.gateway
    try:
        yield Region(folder, app, gateway, clock, read.store_url, started)
    finally:
        gateway.close()


def grand_bend_site() -> Site:
    """Return Grand Bend from its interchange files."""
    place = shared("data", "grand-bend")
    return Site("edfi_xml", {"source": str(place / "xml"), "descriptors": str(place / "descriptors")})


def small_district(students: int = 60, seed: int = 7) -> Any:
    """Return a fictional district, the same whenever it is asked for."""
    return generate("maple", seed=seed, students=students, school_year=2027, today=date(2026, 11, 2))


@cache
def _small_files(students: int) -> Path:
    """Write the files of a small district once for all of a run, into a folder that ends with it."""
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    district = small_district(students)
    write_oneroster_12(district, folder / "maple.zip")
    write_edfi_xml(district, folder / "maple-edfi")
    return folder


def small_sites(folder: Path, students: int = 60) -> dict[str, Site]:
    """Write one fictional district as two systems would send it: OneRoster files and Ed-Fi interchange files."""
    shutil.copytree(_small_files(students), folder, dirs_exist_ok=True)
    return {
        "maple": Site("oneroster_csv", {"source": str(folder / "maple.zip")}),
        "cedar": Site("edfi_xml", {"source": str(folder / "maple-edfi")}),
    }


@dataclass
class Served:
    """A gateway in a process of its own, answering on a real port; its output is in *log*."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes]
    log: Path
    secret: str
    token: str = ""

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def bearer(self) -> dict[str, str]:
        """The header of a consumer to whom everything is released."""
        if not self.token:
            asked = {"grant_type": "client_credentials"}
            answer = requests.post(f"{self.base}/oauth/token", asked, auth=("conformance", self.secret), timeout=30)
            self.token = answer.json()["access_token"]
        return {"Authorization": f"Bearer {self.token}"}

    def crash(self) -> None:
        """Kill every process of it at once, in the middle of its work."""
        _end_group(self.process.pid)
        self.process.wait(30)

    def get(self, path: str, **more: Any) -> requests.Response:
        return requests.get(self.base + path, headers=self.bearer | more.pop("headers", {}), timeout=30, **more)


STARTING_SECONDS = 180
"""The seconds a start may take where several runs share the machine; a failure is reported at once."""


@contextmanager
def served(
    folder: Path,
    sites: Mapping[str, Site],
    settings: str = "",
    operations: str = "[read, search]",
    server: str = "",
    agreements: Iterable[str] = (),
) -> Iterator[Served]:
    """Run the gateway as operators do, until the end of the block; everything is released to ``conformance``.

    Other *agreements* may say otherwise.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    all_of_each = [agreement(name, operations=operations, begin="2020-01-01", end="2099-12-31") for name in sites]
    place = write(folder, sites, tuple(agreements) or all_of_each, f"{settings}[server]\nport = {port}\n{server}")
    secret, trace = quick_secret()
    store = open_store(load(place).store_url)
    if store.find_client("conformance"):
        store.rotate_secret("conformance", trace, None, "ana")
    else:
        now = datetime.now(UTC)
        store.add_client(
            Client("conformance", "conformance", "vendor", tuple(known_scopes()), (Secret(trace),), now, "ana")
        )
    store.close()
    log = folder / "server.log"
    with log.open("wb") as out:
        command = [sys.executable, "-m", "gateway.server.web_server", str(place)]
        process = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=out, start_new_session=True)
    try:
        wait_until(lambda: process.poll() is not None or _answers(port), STARTING_SECONDS)
        assert process.poll() is None, log.read_text()
        yield Served(folder, port, process, log, secret)
    finally:
        process.terminate()
        process.wait(30)
        _end_group(process.pid)


def wait_until(what: Callable[[], object], seconds: float = 60) -> None:
    """Wait until *what* is true."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.05)


def _end_group(leader: int) -> None:
    """End a process that we started, and those that it started; a worker outlives its parent's sudden end."""
    with suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)


def _answers(port: int) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{port}/health", timeout=5).status_code == 200
    except (requests.ConnectionError, requests.Timeout):  # not yet, or not within a machine's load
        return False


def tags_of(gateway: Gateway, district: str, identifier: str) -> tuple[bytes, ...]:
    """Return the tags that a student has in the record; that of the newest school year is the last."""
    return PossibleTags(gateway.logs._tagging._keys, gateway.keyring).of(district, identifier)
