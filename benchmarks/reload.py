"""The change of an agreement with 20,000 students: how long consumers wait for a restart, and for a reload.

Run it with ``python -m benchmarks.reload``. One consumer asks for a small page again and again; what is printed is the
longest time between two answers, for a restart and for reloads that need no field more, one, and all.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import requests

from benchmarks.roster import AGREEMENT, BASE, FULL, SETTINGS
from gateway.auth.client_secrets import new_secret
from gateway.config.settings import load
from gateway.demo.data import generate, write_oneroster_12
from gateway.demo.scenario.region import ROSTER
from gateway.runtime.control import control_socket
from gateway.storage.registry import Client, Secret, open_store, utc_now

if TYPE_CHECKING:
    from collections.abc import Iterator

PORT = 18_732
NAMES = "elements:\n  - {path: student.id, action: allow}\n  - {path: student.name.given, action: allow}\n"
CHANGES = {
    "a reload without a change": NAMES,
    "a reload of a narrower agreement": "elements:\n  - {path: student.id, action: allow}\n",
    "a reload that needs one field more": NAMES + "  - {path: student.birthDate, action: year}\n",
    "a reload that needs every field": FULL,
}


class Asking(threading.Thread):
    """A client that asks for a page again and again, and keeps the longest time without an answer."""

    def __init__(self, token: str) -> None:
        super().__init__(daemon=True)
        self.longest, self.times, self.ended = 0.0, list[float](), threading.Event()
        self._headers = {"Authorization": f"Bearer {token}"}

    def run(self) -> None:
        """Ask until stopped."""
        session, answered = requests.Session(), time.perf_counter()
        while not self.ended.wait(0.002):
            begun = time.perf_counter()
            try:
                ok = session.get(f"http://127.0.0.1:{PORT}/{BASE}/students?limit=5", headers=self._headers, timeout=90)
            except requests.ConnectionError:
                continue
            now = time.perf_counter()
            if ok.status_code in {200, 401}:  # an expired token is an answer all the same
                self.longest, answered = max(self.longest, now - answered), now
                self.times.append(now - begun)


def main() -> None:
    """Measure, and print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=20_000)
    students = parser.parse_args().students
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        district = generate("maple", seed=1, students=students, school_year=2027, today=date(2026, 11, 2))
        write_oneroster_12(district, folder / "maple.zip")
        (folder / "gateway.toml").write_text(SETTINGS.format(port=PORT))
        (folder / "agreements").mkdir()
        write(folder, "full", NAMES)
        write(folder, "half", NAMES)
        secret = register(folder / "gateway.toml")
        server = serve(folder)
        try:
            with asking(secret, "a restart"):
                server.terminate()
                server.wait(60)
                server = serve(folder)
            for version, (what, elements) in enumerate(CHANGES.items(), 2):
                write(folder, "half", elements, version)
                with asking(secret, what):
                    begun = time.perf_counter()
                    *_, last = control_socket.ask(folder / "state", "reload")
                    print(f"  {'done' if last['ok'] else 'REFUSED'} in {time.perf_counter() - begun:.2f} s")
                    time.sleep(1)
        finally:
            server.terminate()
            server.wait(60)


@contextmanager
def asking(secret: str, what: str) -> Iterator[None]:
    """Ask during the block, and print the longest time without an answer."""
    one = Asking(token(secret))
    one.start()
    time.sleep(1)
    yield
    time.sleep(1)
    one.ended.set()
    one.join()
    print(f"{what}: longest without an answer {one.longest:.3f} s, p50 {statistics.median(one.times) * 1e3:.1f} ms")


def write(folder: Path, name: str, elements: str, version: int = 1) -> None:
    """Write another *version* of an agreement, whose text stays what it was at its first use."""
    text = AGREEMENT.format(client=name).replace("version: 1\n", f"version: {version}\n")
    (folder / "agreements" / f"{name}.yaml").write_text(text + elements)


def register(settings: Path) -> str:
    """Return the secret of the consumer that asks."""
    store, (secret, kept) = open_store(load(settings).store_url), new_secret()
    for name in ("full", "half"):
        store.add_client(Client(name, "bench", "vendor", tuple(ROSTER), (Secret(kept),), utc_now(), "bench"))
    store.close()
    return secret


def token(secret: str) -> str:
    """Return a token of the consumer whose agreement does not change."""
    form, address = {"grant_type": "client_credentials"}, f"http://127.0.0.1:{PORT}/oauth/token"
    return str(requests.post(address, data=form, auth=("full", secret), timeout=30).json()["access_token"])


def serve(folder: Path) -> subprocess.Popen[bytes]:
    """Start the gateway; return once it answers."""
    with (folder / "log").open("ab") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "gateway.server.web_server", str(folder / "gateway.toml")], stderr=log
        )
    while server.poll() is None:
        try:
            requests.get(f"http://127.0.0.1:{PORT}/health", timeout=5)
        except requests.ConnectionError:
            time.sleep(0.05)
        else:
            return server
    raise SystemExit("the gateway did not start")


if __name__ == "__main__":
    main()
