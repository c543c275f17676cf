"""A district of 12,000 students from a CSV zip: the time until its snapshot is ready, of pages, and of a walk.

Run it with ``python -m benchmarks.roster``; it prints medians. The analytics agreement (pseudonyms, birth
years) and a tutoring one (half of the schools) are the restricted grants; every request is audited.
"""

from __future__ import annotations

import argparse
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import requests

from gateway.auth.client_secrets import new_secret
from gateway.config.settings import load
from gateway.demo.data import generate, write_oneroster_12
from gateway.demo.scenario.region import ROSTER
from gateway.storage.registry import Client, Secret, open_store, utc_now

BASE = "ims/oneroster/rostering/v1p2"
SETTINGS = """\
[server]
port = {port}
[limits]
client = ""
[districts.maple]
adapter = "oneroster_csv"
cache = "12h"
settings = {{source = "maple.zip"}}
"""
AGREEMENT = """\
apiVersion: dsa/v1
id: {client}
version: 1
parties: {{provider: {{district: maple}}, recipient: {{org: bench, kind: vendor}}}}
basis: {{ferpa: "99.31(a)(1)", purpose: benchmark, legitimateInterest: "measure"}}
validity: {{from: 2020-01-01, to: 2099-12-31, timezone: America/Los_Angeles}}
clients: [{client}]
operations: [read, search]
"""
FULL = 'elements:\n  - {path: "*", action: allow}\n'
HALF = """\
population:
  all:
    - {{school: {{in: [{schools}]}}}}
    - {{enrollment: active}}
elements:
  - {{path: "*", action: allow}}
  - {{path: student.birthDate, action: year}}
"""


def main() -> None:
    """Measure, and print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=12_000)
    students = parser.parse_args().students
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        district = generate("maple", seed=1, students=students, school_year=2027, today=date(2026, 11, 2))
        write_oneroster_12(district, folder / "maple.zip")
        ids = [one.id for one in district.schools]
        _hold(folder)
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = int(probe.getsockname()[1])
        (folder / "gateway.toml").write_text(SETTINGS.format(port=port))
        (folder / "agreements").mkdir()
        half = ", ".join(f'"{one}"' for one in ids[: len(ids) // 2])
        for client, elements in (("full", FULL), ("half", HALF.format(schools=half))):
            (folder / "agreements" / f"{client}.yaml").write_text(AGREEMENT.format(client=client) + elements)
        secrets = _register(folder / "gateway.toml")
        with subprocess.Popen(
            [sys.executable, "-m", "gateway.server.web_server", str(folder / "gateway.toml")]
        ) as server:
            try:
                base = f"http://127.0.0.1:{port}"
                _await(base, server)
                for client, secret in secrets.items():
                    _measure(base, client, secret)
            finally:
                server.terminate()


def _hold(folder: Path) -> None:
    """Measure time and memory of one snapshot, in a process of its own."""
    code = (
        "import sys, time, resource\n"
        "from adapters.registry import find\n"
        "from gateway.process_memory import give_back_memory\n"
        "from gateway.cache.needed_fields import may_be_held\n"
        "from gateway.cache.snapshot import build_snapshot\n"
        "from standards import registry\n"
        "from standards.keys import Keyring\n"
        "from standards.fields import fields_of\n"
        f"adapter = find('oneroster_csv')('maple', {{'source': {str(folder / 'maple.zip')!r}}})\n"
        "names = {n: None for n in adapter.manifest.entities if may_be_held(n)}\n"
        "for name in names: fields_of(name)  # the facts of the standards are there without any district\n"
        "registry.lenses(), registry.views('edfi'), registry.views('oneroster')\n"
        "def rss(): return int(open('/proc/self/statm').read().split()[1]) * 4096 / 2**20\n"
        "before, begun = rss(), time.perf_counter()\n"
        "g = build_snapshot(adapter.read(names), 'maple', Keyring(b'k' * 32))\n"
        "took, rows = time.perf_counter() - begun, sum(t.size for t in g.tables.values())\n"
        "give_back_memory()\n"
        "print(f'snapshot: {rows} rows ready in {took:.2f} s, adds {rss() - before:.0f} MiB')\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def _await(base: str, server: subprocess.Popen[bytes]) -> None:
    """Wait until the gateway answers; it reads its districts before."""
    while server.poll() is None:
        try:
            if requests.get(f"{base}/health", timeout=5).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.1)
    raise SystemExit("the gateway did not start")


def _register(settings: Path) -> dict[str, str]:
    store = open_store(load(settings).store_url)
    secrets = {}
    for client in ("full", "half"):
        secret, kept = new_secret()
        store.add_client(Client(client, "bench", "vendor", (*ROSTER, "edfi:read"), (Secret(kept),), utc_now(), "bench"))
        secrets[client] = secret
    store.close()
    return secrets


def _measure(base: str, client: str, secret: str) -> None:
    session = requests.Session()
    form = {"grant_type": "client_credentials"}
    token = session.post(f"{base}/oauth/token", data=form, auth=(client, secret), timeout=30).json()["access_token"]
    session.headers["Authorization"] = f"Bearer {token}"
    for path in (f"{BASE}/users?limit=100", f"{BASE}/enrollments?limit=100", "data/v3/ed-fi/students?limit=100"):
        times = []
        for _ in range(60):
            begun = time.perf_counter()
            answer = session.get(f"{base}/{path}", timeout=60)
            times.append(time.perf_counter() - begun)
            answer.raise_for_status()
        print(
            f"{client:5} GET /{path}: first {times[0] * 1e3:.0f} ms, "
            f"p50 {statistics.median(times[5:]) * 1e3:.2f} ms, {len(answer.content)} bytes"
        )
    offset, count, begun, total = 0, 0, time.perf_counter(), 1
    while offset < total:
        answer = session.get(f"{base}/{BASE}/enrollments?limit=100&offset={offset}", timeout=60)
        total, offset = int(answer.headers["X-Total-Count"]), offset + 100
        count += len(answer.json()["enrollments"])
    print(f"{client:5} walk of {count} enrollments by 100: {time.perf_counter() - begun:.2f} s")


if __name__ == "__main__":
    main()
