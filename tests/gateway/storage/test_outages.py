"""A registry or a memory that hangs holds nobody up: who asks is refused within two seconds, and served again after."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
import requests

from gateway.auth.rate_limits import RateLimits
from gateway.storage.bounded_calls import MAX_CALL_SECONDS, MAX_CALLS, WAITING_SHARE
from gateway.storage.database import MIGRATION_LOCK
from gateway.storage.registry import open_store
from gateway.storage.shared_memory import RedisMemory
from standards.errors import StoreUnavailable
from tests.gateway.small_region import make_settings
from tests.gateway.storage.test_registry import TUTOR
from tests.support import servers
from tests.support.regions import served, small_sites, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gateway.storage.registry import SqlStore

WITHIN = 2.0
THREADS = 8
ROUNDS = 2


def children(parent: int) -> Iterator[int]:
    for place in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            name, fields = place.parent.name, place.read_text().rpartition(")")[2].split()
            if int(fields[1]) == parent:
                yield int(name)


@contextmanager
def stopped(server_url: str) -> Iterator[None]:
    """Stop every process of the PostgreSQL server for the length of the block: it accepts, and does nothing."""
    home = Path(server_url.partition("?host=")[2])
    leader = int((home / "data" / "postmaster.pid").read_text().splitlines()[0])
    everyone = [leader, *children(leader)]
    for process in everyone:
        os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in everyone:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGCONT)


class Proxy:
    """A loopback port in front of a PostgreSQL that can fall silent: it accepts, and passes nothing on."""

    def __init__(self, server_url: str) -> None:
        self._place = server_url.partition("?host=")[2] + "/.s.PGSQL.5432"
        self._listening, self._open = socket.create_server(("127.0.0.1", 0)), []
        self.port, self.silent = self._listening.getsockname()[1], threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                outside, _ = self._listening.accept()
                inside = socket.socket(socket.AF_UNIX)
                inside.connect(self._place)
                self._open += [outside, inside]
                for one, other in ((outside, inside), (inside, outside)):
                    threading.Thread(target=self._pass_on, args=(one, other), daemon=True).start()

    def _pass_on(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(65536):
                while self.silent.is_set():
                    time.sleep(0.01)
                other.sendall(data)
            other.shutdown(socket.SHUT_RDWR)

    @contextmanager
    def quiet(self) -> Iterator[None]:
        self.silent.set()
        try:
            yield
        finally:
            self.silent.clear()

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        for one in (self._listening, *self._open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()


@pytest.fixture
def proxy(postgresql_server: str) -> Iterator[Proxy]:
    opened = Proxy(postgresql_server)
    yield opened
    opened.close()


@contextmanager
def locked(path: Path, *statements: str) -> Iterator[None]:
    """An SQLite file that somebody else holds for the length of the block."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        for statement in statements:
            connection.execute(statement)
        yield
        connection.execute("ROLLBACK")
    finally:
        connection.close()


def told(ask: Callable[[], object]) -> tuple[float, bool]:
    """How long an answer took, and whether it was a refusal."""
    begun = time.monotonic()
    try:
        ask()
    except StoreUnavailable:
        return time.monotonic() - begun, True
    return time.monotonic() - begun, False


def assert_refuses_in_time(ask: Callable[[], object]) -> None:
    """Every one of many threads is refused within two seconds, and never are all of them kept waiting."""
    with ThreadPoolExecutor(THREADS) as threads:
        answers = list(threads.map(lambda _: [told(ask) for _ in range(ROUNDS)], range(THREADS)))
    took = sorted(seconds for one in answers for seconds, _ in one)
    assert all(refused for one in answers for _, refused in one)
    assert took[-1] < WITHIN
    first = sorted(one[0][0] for one in answers)
    assert first[THREADS - MAX_CALLS - 1] < WAITING_SHARE * MAX_CALL_SECONDS + 0.4, (
        "more threads were held than there are places"
    )


def found_again(store: SqlStore) -> bool:
    with suppress(StoreUnavailable):
        return store.find_client("tutor") == TUTOR
    return False


@pytest.mark.parametrize("way", ["stopped", "silent"])
def test_a_postgresql_that_hangs_holds_nobody_up_and_serves_again_afterwards(
    postgresql_server: str, proxy: Proxy, way: str
) -> None:
    """Connections that are open, and those that are to be: the processes stopped, or a middlebox that is silent."""
    with servers.fresh_database(postgresql_server) as url:
        store = open_store(
            f"postgresql://postgres@127.0.0.1:{proxy.port}/{url.partition('@/')[2].partition('?')[0]}",
            seconds=MAX_CALL_SECONDS,
        )
        store.add_client(TUTOR)
        try:
            with stopped(postgresql_server) if way == "stopped" else proxy.quiet():
                assert_refuses_in_time(lambda: store.find_client("tutor"))
            wait_until(lambda: found_again(store), 10)
        finally:
            store.close()


def test_a_new_start_is_refused_by_a_postgresql_that_never_answers(proxy: Proxy) -> None:
    with proxy.quiet():
        took, refused = told(
            lambda: open_store(f"postgresql://postgres@127.0.0.1:{proxy.port}/postgres", seconds=MAX_CALL_SECONDS)
        )
    assert refused
    assert took < 5


def test_an_sqlite_file_that_somebody_else_writes_for_long_keeps_no_thread(tmp_path: Path) -> None:
    path = tmp_path / "registry.db"
    store = open_store(f"sqlite:///{path}", seconds=MAX_CALL_SECONDS)
    store.add_client(TUTOR)
    try:
        with locked(path, "BEGIN EXCLUSIVE"):
            assert store.find_client("tutor") == TUTOR
            assert_refuses_in_time(lambda: store.touch_client("tutor"))
        store.touch_client("tutor")
    finally:
        store.close()


def test_a_start_waits_for_another_that_brings_an_sqlite_registry_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "registry.db"
    open_store(f"sqlite:///{path}").close()
    assert_waits(lambda: locked(path, "BEGIN IMMEDIATE"), f"sqlite:///{path}")


def test_a_start_waits_for_another_that_brings_a_postgresql_registry_up_to_date(postgresql_url: str) -> None:
    place = postgresql_url.replace("postgresql+psycopg:", "postgresql:")

    @contextmanager
    def migrating() -> Iterator[None]:
        with psycopg.connect(place) as connection:
            connection.execute(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")
            yield

    assert_waits(migrating, place)


def assert_waits(holding, url: str) -> None:
    with ThreadPoolExecutor(1) as thread:
        with holding():
            opened = thread.submit(open_store, url)
            time.sleep(MAX_CALL_SECONDS + 1)
            assert not opened.done()
        opened.result(30).close()


def test_data_tokens_and_health_are_answered_while_postgresql_hangs(postgresql_server: str, tmp_path: Path) -> None:
    with servers.fresh_database(postgresql_server) as url:
        place = url.replace("postgresql+psycopg:", "postgresql:")
        sites = {"maple": small_sites(tmp_path / "sources")["maple"]}
        with served(tmp_path / "region", sites, f'[store]\nurl = "{place}"\n') as region:
            students = f"{region.base}/data/v3/ed-fi/students?limit=1"
            assert requests.get(students, headers=region.bearer, timeout=30).status_code == 200
            time.sleep(1.1)  # the verdict about a token counts for a second
            with stopped(postgresql_server), ThreadPoolExecutor(14) as threads:
                asked = {"grant_type": "client_credentials"}
                data = [threads.submit(requests.get, students, headers=region.bearer, timeout=30) for _ in range(12)]
                token = threads.submit(
                    requests.post, f"{region.base}/oauth/token", asked, auth=("conformance", region.secret), timeout=30
                )
                health = threads.submit(requests.get, f"{region.base}/health", timeout=30).result()
                answers = [one.result() for one in (*data, token)]
            wait_until(lambda: requests.get(students, headers=region.bearer, timeout=30).status_code == 200, 10)
    assert {one.status_code for one in answers} == {503}
    assert {one.headers["Retry-After"] for one in answers if "Retry-After" in one.headers} == {"5"}
    assert max(one.elapsed.total_seconds() for one in answers) < 2 * WITHIN  # 12 for 8 threads: two rounds at most
    assert (health.status_code, health.elapsed.total_seconds() < WITHIN) == (200, True)


def test_a_shared_memory_that_never_answers_is_given_up_within_its_time(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        memory, limits = RedisMemory(url), RateLimits(make_settings(tmp_path).limits, url)
        for ask in (lambda: memory.find("token"), lambda: limits.spend_client("tutor")):
            took, refused = told(ask)
            assert refused
            assert took < WITHIN + 0.5
        memory.close()
