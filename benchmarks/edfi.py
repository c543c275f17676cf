"""The Ed-Fi API in front of an ODS: the cost of reads and writes, from a snapshot and uncached.

Run it with ``python -m benchmarks.edfi``; for each kind of request it prints the median time, the median time of the
processor that the gateway takes for it, and how many requests it sends to the ODS. The ODS is the simulator, which
shares the process, so that its time is in the first figure and not in the second.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog

from adapters.simulators.edfi import Ods, run
from gateway.auth.client_secrets import new_secret
from gateway.auth.scopes import known_scopes
from gateway.config.settings import load
from gateway.demo.data import generate
from gateway.demo.data.edfi.server import ods_documents
from gateway.runtime.startup import start
from gateway.storage.registry import Client, Secret, open_store, utc_now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from adapters.simulators.edfi.server import RunningOds

BASE = "/data/v3/ed-fi"
OWN = frozenset({"id", "_etag", "_lastModifiedDate", "link"})
SECRET = "a secret of the benchmark"  # noqa: S105  of a system without anybody's data
SETTINGS = """\
[limits]
client = ""
[districts.fir]
adapter = "edfi_ods"
cache = "12h"
[districts.fir.settings]
url = "{url}"
client_id = "crossing"
client_secret = "file:{secret}"
allow_private = true
writable = true
"""
AGREEMENT = """\
apiVersion: dsa/v1
id: {client}
version: 1
parties: {{provider: {{district: fir}}, recipient: {{org: bench, kind: vendor}}}}
basis: {{ferpa: "99.31(a)(1)", purpose: benchmark, legitimateInterest: "measure"}}
validity: {{from: 2020-01-01, to: 2099-12-31, timezone: America/Los_Angeles}}
clients: [{client}]
operations: [read, search, create, update, delete]
"""
FULL = 'elements:\n  - {path: "*", action: allow}\n'
HALF = """\
population:
  all:
    - {{school: {{in: [{schools}]}}}}
elements:
  - {{path: "*", action: allow}}
  - {{path: student.birthDate, action: year}}
"""


@dataclass(frozen=True, slots=True)
class Bench:
    """One consumer of a gateway before an *ods*; each kind of request is made so many *times*."""

    name: str
    web: FlaskClient
    bearer: dict[str, str]
    ods: RunningOds
    times: int

    def ask(self, method: str, rest: str, document: Any = None) -> TestResponse:
        """Return the answer to one request, which must be a good one."""
        answer = self.web.open(f"{BASE}/{rest}", method=method, json=document, headers=self.bearer)
        if answer.status_code >= 300:  # noqa: PLR2004  redirections and errors
            raise SystemExit(f"{method} {rest}: {answer.status_code} {answer.text}")
        return answer

    def report(self, what: str, work: Callable[[int], object]) -> None:
        """Repeat a piece of *work*, and print its cost."""
        work(0)
        whole, own, asked = [], [], len(self.ods.log)
        for number in range(1, self.times + 1):
            begun, used = time.perf_counter(), time.thread_time()
            work(number)
            whole.append(time.perf_counter() - begun)
            own.append(time.thread_time() - used)
        sent = (len(self.ods.log) - asked) / self.times
        p50, used = statistics.median(whole) * 1e3, statistics.median(own) * 1e3
        print(f"{self.name:5} {what:58} p50 {p50:7.1f} ms, cpu {used:7.1f} ms, {sent:5.1f} upstream", flush=True)


def main() -> None:
    """Measure, and print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=2_000)
    parser.add_argument("--times", type=int, default=40)
    asked = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    district = generate("maple", seed=1, students=asked.students, school_year=2027, today=date(2026, 11, 2))
    schools = [one.id for one in district.schools]
    with tempfile.TemporaryDirectory() as place, run(Ods(ods_documents(district), secret=SECRET)) as ods:
        folder = Path(place)
        half = HALF.format(schools=", ".join(f'"{one}"' for one in schools[: len(schools) // 2]))
        secrets = _prepare(folder, ods.url, {"full": FULL, "half": half})
        begun, used = time.perf_counter(), time.process_time()
        app, gateway = start(load(folder / "gateway.toml"))
        gateway.districts["fir"].cached_snapshot()
        took = time.perf_counter() - begun, time.process_time() - used
        print(f"first hold: {took[0]:.1f} s, {took[1]:.1f} s of the processor, {len(ods.log)} upstream")
        for client, secret in secrets.items():
            web = app.test_client()
            form = {"grant_type": "client_credentials"}
            token = web.post("/oauth/token", data=form, auth=(client, secret)).json["access_token"]
            bench = Bench(client, web, {"Authorization": f"Bearer {token}"}, ods, asked.times)
            _read(bench)
            if client == "full":
                _write(bench)
        gateway.close()


def _prepare(folder: Path, url: str, terms: dict[str, str]) -> dict[str, str]:
    """Prepare settings, agreements and clients; return the clients' secrets."""
    (folder / "secret").write_text(SECRET)
    (folder / "gateway.toml").write_text(SETTINGS.format(url=url, secret=folder / "secret"))
    (folder / "agreements").mkdir()
    store, secrets = open_store(load(folder / "gateway.toml").store_url), {}
    for client, text in terms.items():
        (folder / "agreements" / f"{client}.yaml").write_text(AGREEMENT.format(client=client) + text)
        secret, kept = new_secret()
        store.add_client(Client(client, "bench", "vendor", tuple(known_scopes()), (Secret(kept),), utc_now(), "bench"))
        secrets[client] = secret
    store.close()
    return secrets


def _read(bench: Bench) -> None:
    held, live = "studentSectionAssociations", "studentSchoolAttendanceEvents"
    students = bench.ask("GET", "students?limit=100").json
    absent = bench.ask("GET", f"{live}?limit=25").json
    someone = absent[0]["studentReference"]["studentUniqueId"]
    total = int(bench.ask("GET", f"{held}?limit=0&totalCount=true").headers["Total-Count"])
    for rest in (
        "students?limit=100",
        f"students/{students[0]['id']}",
        f"students?studentUniqueId={students[0]['studentUniqueId']}",
        f"{live}?limit=25",
        f"{live}/{absent[0]['id']}",
        f"{live}?studentUniqueId={someone}",
    ):
        bench.report(f"GET {rest[:50]}", lambda _number, rest=rest: bench.ask("GET", rest))
    bench.report(f"GET {held}?limit=1&offset=N", lambda number: bench.ask("GET", f"{held}?limit=1&offset={7 * number}"))
    begun, used, count = time.perf_counter(), time.thread_time(), _walk(bench, held)
    took = time.perf_counter() - begun, time.thread_time() - used
    print(f"{bench.name:5} walk of {count} of {total} {held} by 500: {took[0]:.2f} s, cpu {took[1]:.2f} s")


def _walk(bench: Bench, collection: str) -> int:
    """Count the records by walking them with page tokens."""
    answer, count = bench.ask("GET", f"{collection}?limit=500"), 0
    while answer.json:
        count += len(answer.json)
        token = answer.headers.get("Next-Page-Token")
        if token is None:
            break
        answer = bench.ask("GET", f"{collection}?pageToken={token}&pageSize=500")
    return count


def _write(bench: Bench) -> None:
    student, event = (_body(bench, name) for name in ("students", "studentSchoolAttendanceEvents"))
    enrolled = bench.ask("GET", "studentSchoolAssociations?limit=1").json[0]
    made: list[str] = []

    def create(number: int) -> None:
        fresh = student | {"studentUniqueId": f"9{number:09}"}
        made.append(bench.ask("POST", "students", fresh).headers["Location"].rpartition("/")[2])

    bench.report("POST students (new)", create)
    bench.report("PUT students/ID", lambda number: bench.ask(
        "PUT", f"students/{made[number]}", student | {"studentUniqueId": f"9{number:09}", "middleName": f"M{number}"}
    ))  # fmt: skip
    bench.report("POST studentSchoolAssociations (there already)", lambda number: bench.ask(
        "POST", "studentSchoolAssociations", _bare(enrolled) | {"primarySchool": number % 2 == 0}
    ))  # fmt: skip
    days = [f"2026-{month:02}-{day:02}" for month in (10, 11) for day in range(1, 29)]
    bench.report("POST studentSchoolAttendanceEvents (new)", lambda number: bench.ask(
        "POST", "studentSchoolAttendanceEvents", event | {"eventDate": days[number % len(days)], "eventDuration": 0.5}
    ))  # fmt: skip


def _body(bench: Bench, collection: str) -> dict[str, Any]:
    """Return the first record of a collection as the body of a write."""
    found: dict[str, Any] = _bare(bench.ask("GET", f"{collection}?limit=1").json[0])
    return found


def _bare(value: Any) -> Any:
    if isinstance(value, dict):
        members: Iterable[tuple[str, Any]] = value.items()
        return {name: _bare(inner) for name, inner in members if name not in OWN}
    return [_bare(item) for item in value] if isinstance(value, list) else value


if __name__ == "__main__":
    main()
