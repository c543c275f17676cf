"""Requests that are refused, and one that is not: the processor's time of each, which naming steps must not lengthen.

Run it with ``python -m benchmarks.refusals``. Every request goes through the whole application in this process, many
times; what is printed is the best of several rounds, in microseconds of processor time for a request.
"""

from __future__ import annotations

import tempfile
import time
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.auth.client_secrets import new_secret
from gateway.auth.scopes import known_scopes
from gateway.config.settings import load
from gateway.demo.data import generate, write_oneroster_12
from gateway.runtime.startup import start
from gateway.storage.registry import Client, Secret, open_store, utc_now

if TYPE_CHECKING:
    from flask.testing import FlaskClient

ROUNDS, REQUESTS, STUDENTS = 9, 400, 200
ROSTER = "/ims/oneroster/rostering/v1p2"
ADDRESSES = {
    "403, nothing released": f"{ROSTER}/teachers",
    "403, no such operation": f"{ROSTER}/students?filter=givenName='Ada'",
    "400, unknown name": f"{ROSTER}/students?sort=email",
    "404, no such record": f"{ROSTER}/students/nobody",
    "200, a page of five": f"{ROSTER}/students?limit=5",
    "200, Ed-Fi, a page of five": "/data/v3/ed-fi/students?limit=5",
}
SETTINGS = """agreements = "agreements"
[limits]
client = ""
district = ""
[districts.maple]
adapter = "oneroster_csv"
cache = "1h"
settings = {{ source = "{source}" }}
"""
AGREEMENT = """apiVersion: dsa/v1
id: tutoring
version: 1
parties: {provider: {district: maple}, recipient: {org: tutor, kind: vendor}}
basis: {ferpa: "99.31(a)(1)", purpose: tutoring, legitimateInterest: "measure"}
validity: {from: 2020-01-01, to: 2099-12-31, timezone: America/Los_Angeles}
clients: [tutor]
operations: [read]
elements:
  - {path: student.id, action: allow}
  - {path: student.name.given, action: allow}
"""


def main() -> None:
    """Measure, and print."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write_oneroster_12(
            generate("maple", seed=1, students=STUDENTS, school_year=2027, today=date(2026, 11, 2)),
            folder / "maple.zip",
        )
        (folder / "agreements").mkdir()
        (folder / "agreements" / "tutoring.yaml").write_text(AGREEMENT)
        (folder / "gateway.toml").write_text(SETTINGS.format(source=folder / "maple.zip"))
        settings = load(folder / "gateway.toml")
        app, gateway = start(settings)
        secret, kept = new_secret()
        store = open_store(settings.store_url, utc_now)
        store.add_client(
            Client("tutor", "tutor", "vendor", tuple(sorted(known_scopes())), (Secret(kept),), utc_now(), "bench")
        )
        web = app.test_client()
        answer = web.post("/oauth/token", data={"grant_type": "client_credentials"}, auth=("tutor", secret))
        bearer = {"Authorization": f"Bearer {answer.json['access_token']}"}
        for name, address in ADDRESSES.items():
            print(f"{name:<28}{_best(web, address, bearer):8.1f} µs")
        store.close()
        gateway.close()


def _best(web: FlaskClient, address: str, bearer: dict[str, str]) -> float:
    best = float("inf")
    for _ in range(ROUNDS):
        begun = time.process_time()
        for _ in range(REQUESTS):
            web.get(address, headers=bearer)
        best = min(best, (time.process_time() - begun) / REQUESTS * 1_000_000)
    return best


if __name__ == "__main__":
    main()
