"""What every test can ask for: real servers, the reference data, and a network that ends at this machine."""

from __future__ import annotations

import gc
import io
import ipaddress
import json
import logging
import socket
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import hypothesis
import pytest
import structlog
from werkzeug.routing import Rule

from gateway import telemetry
from gateway.auth import client_secrets
from gateway.runtime import startup, state
from gateway.storage import database
from gateway.storage.bounded_calls import MAX_CALL_SECONDS
from tests.support import needs, servers
from tests.support.regions import QUICK
from tests.support.spreading import Together, rank

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE = 30.0
"""The seconds that a gateway of a test waits for its registry."""

# A law is about what holds, not about how long a busy machine takes to try it; in CI it tries the same examples always.
hypothesis.settings.register_profile("suite", deadline=None, derandomize=needs.IN_CI, print_blob=True)
hypothesis.settings.load_profile("suite")


def pytest_collection_modifyitems(items):
    """Let what takes longest begin first, so that no core is left with it at the end."""
    items.sort(key=lambda item: rank(item.nodeid))


def pytest_collection_finish():
    """Collect garbage as seldom as the server does: over thousands of tests it would stop a call for two seconds."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


@pytest.fixture(scope="module", autouse=True)
def _frozen():
    """Leave what is there when a file of tests begins out of every later collection: a reload collects, as a server does."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Spread whole files over the cores, and those that share a start on one."""
    return Together(config, log) if config.getoption("dist") == "loadfile" else None


@pytest.fixture(scope="session", autouse=True)
def _addresses():
    """Compile the addresses of the gateway once for all gateways of a run: they are the same, as after a reload."""
    plain, made = state.create_app, []

    def create(gateway, settings, store, memory, clock, like=None):
        app = plain(gateway, settings, store, memory, clock, like or (made[0] if made else None))
        if not made:
            made.append(SimpleNamespace(url_map=app.url_map))
        return app

    builder, builders = Rule._compile_builder, {}

    def remembered(self, append_unknown=True):
        """What builds an address is made of the rule alone."""
        key = self.rule, tuple(self._trace), repr(self.defaults), append_unknown
        if key not in builders:
            builders[key] = builder(self, append_unknown)
        return builders[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(state, "create_app", create)
        patch.setattr(Rule, "_compile_builder", remembered)
        yield


@pytest.fixture(scope="session", autouse=True)
def _patience():
    """Let the registry of a gateway take its time, where its settings do not say otherwise: a busy machine is no outage."""
    plain = startup.open_store

    def patient(url, clock, seconds):
        return plain(url, clock, PATIENCE if seconds == MAX_CALL_SECONDS else seconds)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(startup, "open_store", patient)
        yield


@pytest.fixture(scope="session", autouse=True)
def slow_hashes():
    """The hasher of clients' secrets and nobody's hash, as they are outside of tests; here hashes take the least work.

    A hash states its parameters, and they count for nothing else.
    """
    real = client_secrets._HASHER, client_secrets._NOBODY
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(client_secrets, "_HASHER", QUICK)
        patch.setattr(client_secrets, "_NOBODY", QUICK.hash("nobody"))
        yield real


@pytest.fixture(scope="session", autouse=True)
def _registries():
    """Make the tables of a new SQLite registry once for all of a run: every further one begins as a copy."""
    plain, made, lock = database._migrate, [], threading.Lock()

    def migrate(engine):
        file = Path(engine.url.database) if engine.dialect.name == "sqlite" else None
        with lock:
            if file is None or file.stat().st_size:
                plain(engine)
            elif made:
                with file.open("r+b") as empty:
                    empty.write(made[0])
            else:
                plain(engine)
                if database.empty_log(engine):
                    made.append(file.read_bytes())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "_migrate", migrate)
        yield


@pytest.fixture
def log():
    """The lines of the operator's log."""
    stream = io.StringIO()
    before = logging.root.handlers[:], logging.root.level
    telemetry.configure(stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logging.root.handlers[:], logging.root.level = before
    structlog.reset_defaults()


class NetworkClosed(RuntimeError):
    """A test tried to leave this machine."""


def loopback(host: object) -> bool:
    """Whether *host* is this machine, said without asking a name server."""
    name = host.decode() if isinstance(host, bytes) else host
    if name in {None, "", "localhost"}:
        return True
    try:
        return ipaddress.ip_address(str(name).partition("%")[0]).is_loopback
    except ValueError:
        return False


def guarded(connect):
    """*connect*, which refuses every address that is neither the loopback nor a Unix socket."""

    def checked(self, address):
        if self.family != socket.AF_UNIX and not loopback(address[0]):
            raise NetworkClosed(f"a test tried to connect to {address!r}")
        return connect(self, address)

    return checked


@pytest.fixture(scope="session", autouse=True)
def _closed_network() -> Iterator[None]:
    look_up = socket.getaddrinfo

    def local_names_only(host, *rest, **more):
        if not loopback(host) and not str(host).replace(".", "").isdigit():
            raise NetworkClosed(f"a test tried to look up {host!r}")
        return look_up(host, *rest, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded(socket.socket.connect))
        patch.setattr(socket.socket, "connect_ex", guarded(socket.socket.connect_ex))
        patch.setattr(socket, "getaddrinfo", local_names_only)
        yield


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of the reference data."""
    return needs.shared()


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The SQLAlchemy URL of a real PostgreSQL server."""
    try:
        with servers.postgresql() as url:
            yield url
    except servers.ServerUnavailable as reason:
        needs.missing(f"PostgreSQL cannot be started: {reason}")


@pytest.fixture(scope="module")
def postgresql_url(postgresql_server: str) -> Iterator[str]:
    """The SQLAlchemy URL of a database of this test module's own on a real PostgreSQL server."""
    with servers.fresh_database(postgresql_server) as url:
        yield url


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """The URL of a real Redis server."""
    try:
        with servers.redis_server() as url:
            yield url
    except servers.ServerUnavailable as reason:
        needs.missing(f"Redis cannot be started: {reason}")
