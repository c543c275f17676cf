"""The front server against granian's WSGI interface: CPU per request, and the effect of faults on other districts.

Run it with ``python -m benchmarks.front``. Both servers run the same application over the same data, side by side, and
are asked by turns. The faults are 500 sockets that have announced a body and sent one byte of it, and a district whose
system sends a byte a second, asked by sixteen requests at once.
"""

from __future__ import annotations

import argparse
import gc
import http.client
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack, contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import requests

from benchmarks.roster import AGREEMENT, BASE, FULL, SETTINGS, _await, _register
from gateway.config.settings import load
from gateway.demo.data import generate, write_oneroster_12
from gateway.runtime.startup import start

if TYPE_CHECKING:
    from collections.abc import Iterator

SLOW = 500
ROUNDS = 7
HUNG = """\
[districts.birch]
adapter = "oneroster_rest"
cache = "0"
[districts.birch.settings]
url = "{url}"
token_url = "{url}/token"
client_id = "bench"
client_secret = "env:BENCH"
allow_private = true
"""
PAGES = ("health", "maple/{base}/orgs", "maple/{base}/users?limit=1", "maple/{base}/users?limit=100",
         "maple/{base}/enrollments?limit=100", "maple/data/v3/ed-fi/students?limit=100",
         "maple/{base}/users?limit=1000")  # fmt: skip
SERVERS = {
    "wsgi": "from granian import Granian\n"
    "from granian.constants import Interfaces\n"
    "Granian('benchmarks.front:plain', factory=True, port={port}, interface=Interfaces.WSGI, blocking_threads=8,"
    " websockets=False, log_access=False).serve()\n",
    "front": "from pathlib import Path\n"
    "from gateway.config import settings\n"
    "from gateway.server import web_server\n"
    "web_server.serve(settings.load(Path({file!r})))\n",
}


def plain() -> object:
    """Return the application as granian's WSGI interface serves it."""
    app, gateway = start(load(Path(os.environ["CROSSING_SETTINGS"])))
    gateway.warm()
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    return app


def main() -> None:
    """Measure, and print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=2_000)
    parser.add_argument("--requests", type=int, default=200)
    given = parser.parse_args()
    with ExitStack() as stack:
        place = stack.enter_context(tempfile.TemporaryDirectory())
        write_oneroster_12(
            generate("maple", seed=1, students=given.students, school_year=2027, today=date(2026, 11, 2)),
            Path(place) / "maple.zip",
        )
        url = stack.enter_context(_dripping())
        servers = {name: stack.enter_context(_server(Path(place), name, url)) for name in SERVERS}
        print("CPU a request (ms), median of rounds, at 1 and 8 connections")
        for page in PAGES:
            for connections in (1, 8):
                _compare(servers, page.format(base=BASE), given.requests, connections)
        print("what another district notices: p50 and p99 of users?limit=100, ms")
        for name, server in servers.items():
            _disturb(name, server)


class Server:
    """A gateway in a process of its own."""

    def __init__(self, port: int, process: subprocess.Popen[bytes], secret: str) -> None:
        self.port, self.process, self.secret = port, process, secret
        self.worker = int(Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()[0])
        self.token = ""

    def cpu(self) -> float:
        """Return the processor seconds that its worker has used."""
        fields = Path(f"/proc/{self.worker}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def bearer(self) -> dict[str, str]:
        """The header of a client to which everything is released."""
        if not self.token:
            asked = {"grant_type": "client_credentials"}
            answer = requests.post(
                f"http://127.0.0.1:{self.port}/oauth/token", asked, auth=("full", self.secret), timeout=30
            )
            self.token = answer.json()["access_token"]
        return {"Authorization": f"Bearer {self.token}"}

    def ask(self, page: str, times: int, seconds: float = 60) -> list[float]:
        """Return the seconds each of so many requests over one connection took; infinity for one that failed."""
        found, connection = [], http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        for _ in range(times):
            begun = time.perf_counter()
            try:
                connection.request("GET", f"/{page}", headers=self.bearer)
                answer = connection.getresponse()
                answer.read()
                assert answer.status == http.client.OK, answer.status
                found.append(time.perf_counter() - begun)
            except OSError:
                connection.close()
                found.append(float("inf"))
        connection.close()
        return found


def _compare(servers: dict[str, Server], page: str, times: int, connections: int) -> None:
    spent: dict[str, list[float]] = {name: [] for name in servers}
    for round_ in range(ROUNDS):
        for name, server in servers.items():
            before = server.cpu()
            many = [threading.Thread(target=server.ask, args=(page, times // connections)) for _ in range(connections)]
            for one in many:
                one.start()
            for one in many:
                one.join()
            if round_:
                spent[name].append((server.cpu() - before) * 1000 / (times // connections * connections))
    medians = {name: statistics.median(found) for name, found in spent.items()}
    told = ", ".join(f"{name} {value:.3f}" for name, value in medians.items())
    ratios = sorted(front / wsgi for wsgi, front in zip(spent["wsgi"], spent["front"], strict=True) if wsgi)
    print(f"{page} x{connections}: {told}; front / wsgi {statistics.median(ratios or [0]):.2f}", flush=True)


def _disturb(name: str, server: Server) -> None:
    page = f"maple/{BASE}/users?limit=100"
    server.ask(page, 50)
    before = server.ask(page, 500, 5)
    with ExitStack() as stack:
        for _ in range(SLOW):
            slow = stack.enter_context(socket.create_connection(("127.0.0.1", server.port)))
            slow.sendall(b"POST /oauth/token HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nx")
        for _ in range(16):
            asking = stack.enter_context(socket.create_connection(("127.0.0.1", server.port)))
            bearer = server.bearer["Authorization"]
            asking.sendall(f"GET /birch/{BASE}/orgs HTTP/1.1\r\nHost: x\r\nAuthorization: {bearer}\r\n\r\n".encode())
        time.sleep(0.5)
        during = server.ask(page, 500 if name == "front" else 3, 5)
        health = server.ask("health", 100 if name == "front" else 3, 5)
    print(f"{name}: alone {_told(before)}, in trouble {_told(during)} (p99 x{_p99(during) / _p99(before):.2f}),"
          f" health {_told(health)}", flush=True)  # fmt: skip


def _p99(found: list[float]) -> float:
    return sorted(found)[int(len(found) * 0.99)]


def _told(found: list[float]) -> str:
    return f"{statistics.median(found) * 1000:.2f} / {_p99(found) * 1000:.2f}"


@contextmanager
def _server(folder: Path, name: str, url: str) -> Iterator[Server]:
    home = folder / name
    (home / "agreements").mkdir(parents=True)
    (home / "maple.zip").symlink_to(folder / "maple.zip")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = int(probe.getsockname()[1])
    file = home / "gateway.toml"
    os.environ["BENCH"] = "secret"
    file.write_text(SETTINGS.format(port=port) + HUNG.format(url=url))
    for district in ("maple", "birch"):
        text = (AGREEMENT.format(client="full") + FULL).replace("id: full", f"id: full-{district}")
        (home / "agreements" / f"{district}.yaml").write_text(text.replace("district: maple", f"district: {district}"))
    secret = _register(file)["full"]
    code = SERVERS[name].format(port=port, file=str(file))
    environ = {**os.environ, "CROSSING_SETTINGS": str(file)}
    with (home / "log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-c", code], env=environ, stdout=log, stderr=log)
    try:
        _await(f"http://127.0.0.1:{port}", process)
        yield Server(port, process, secret)
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(15)
        process.kill()


@contextmanager
def _dripping() -> Iterator[str]:
    """Run a system that gives tokens, and otherwise sends a byte a second."""

    def serve(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            while head := connection.recv(65536):
                if b"/token" in head.split(b"\r\n")[0]:
                    body = b'{"access_token":"a","token_type":"bearer","expires_in":3600}'
                    kind = b"Content-Type: application/json\r\n"
                    connection.sendall(b"HTTP/1.1 200 OK\r\n%sContent-Length: %d\r\n\r\n%s" % (kind, len(body), body))
                    continue
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
                while True:
                    connection.sendall(b" ")
                    time.sleep(1)

    def accept() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listening.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


if __name__ == "__main__":
    main()
