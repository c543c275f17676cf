"""Trials of a system that says nothing hold up nobody's data, however many people ask for one at once."""

from __future__ import annotations

import asyncio
import threading

import pytest

from gateway.admin.districts.known import MAX_TRIALS
from gateway.admin.districts.steering import Steering
from gateway.auth.scopes import known_scopes
from gateway.districts.district import District
from gateway.storage.registry import Client, Secret
from standards.errors import Overloaded
from tests.gateway.server.fronting import ask, front
from tests.support.people.region import people_region
from tests.support.regions import agreement, quick_secret, small_sites

PEOPLE = 20
BOUND_SECONDS = 1.0
STUDENTS = "/cedar/ims/oneroster/rostering/v1p2/students?limit=5"


@pytest.fixture
def region(tmp_path):
    sites = {name: site for name, site in small_sites(tmp_path / "data").items() if name in {"maple", "cedar"}}
    with people_region(tmp_path / "region", sites, [agreement(name) for name in sites]) as region:
        yield region


@pytest.fixture
def headers(region):
    secret, kept = quick_secret()
    every = tuple(sorted(known_scopes()))
    store = region.administered.store
    store.add_client(Client("conformance", "conformance", "vendor", every, (Secret(kept),), region.clock(), "ana"))
    form = {"data": {"grant_type": "client_credentials"}, "auth": ("conformance", secret)}
    token = region.stranger().wsgi.post("/oauth/token", base_url="https://localhost", **form).json["access_token"]
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize("threads", [1, 2, 8])
def test_twenty_people_try_a_system_that_says_nothing_and_data_are_answered(region, headers, monkeypatch, threads):
    over, hanging = threading.Event(), threading.Semaphore(0)

    def hang(_district):
        hanging.release()
        over.wait(30)

    mo = region.actor("mo", ("maple", "district-admin"))

    def app(environ, start_response):
        if environ["PATH_INFO"] != "/try":
            return region.running(environ, start_response)
        try:
            Steering(region.administered).read_now(mo, "maple")
            status = "200 OK"
        except Overloaded:
            status = "503 Service Unavailable"
        start_response(status, [("Content-Length", "0")])
        return [b""]

    async def all_at_once():
        made = front(app, threads=threads)
        first = await ask(made, STUDENTS, headers=headers)  # loads the district
        assert first.status == 200
        monkeypatch.setattr(District, "refresh_now", hang)
        trying = [asyncio.create_task(ask(made, "/try")) for _ in range(PEOPLE)]
        for _ in range(MAX_TRIALS):
            await asyncio.to_thread(hanging.acquire, timeout=20)
        answers = await asyncio.gather(*(ask(made, STUDENTS, headers=headers) for _ in range(5)))
        refused = asyncio.as_completed(trying)
        for _ in range(PEOPLE - MAX_TRIALS):
            await next(refused)
        over.set()
        return answers, await asyncio.gather(*trying)

    answers, tried = asyncio.run(asyncio.wait_for(all_at_once(), 60))
    assert [one.status for one in answers] == [200] * 5
    assert max(one.seconds for one in answers) < BOUND_SECONDS
    assert sorted(one.status for one in tried) == [200] * MAX_TRIALS + [503] * (PEOPLE - MAX_TRIALS)
