"""Slow clients, a district that hangs and one that drips: whoever asks another district notices nothing of them."""

from __future__ import annotations

import copy
import json
import re
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress

import pytest
import requests

from adapters.simulators.oneroster import Sis, run
from gateway.demo.data import write_oneroster_12
from gateway.request_slots import RETRY_SECONDS
from tests.adapters.oneroster_rest.system import district_documents, settings_for
from tests.gateway.disclosures import read_disclosures
from tests.support.regions import EDFI, ROSTER, Site, served, small_district

SLOW = 500
ALWAYS = 1_000_000
LINES = ROSTER.replace("rostering", "gradebook") + "lineItems?limit=1"
DEADLINE = 5.0
SETTINGS = 'threads = 4\nthreads_per_district = 2\nwait = "1s"\nclient_timeout = "4s"\n'


class Server(Site):
    def toml(self, name):
        given = "".join(f"{key} = {json.dumps(value)}\n" for key, value in self.settings.items())
        return f'[districts.{name}]\nadapter = "{self.adapter}"\ncache = "{self.cache}"\n[districts.{name}.settings]\n{given}'


@pytest.fixture
def system():
    with run(Sis(copy.deepcopy(district_documents()))) as made:
        yield made


@pytest.fixture
def dripping():
    with run(Sis(copy.deepcopy(district_documents()))) as made:
        yield made


@pytest.fixture
def region(tmp_path, system, dripping):
    """Maple from files, birch and cedar over HTTP, whose gradebooks are asked for at every request."""
    write_oneroster_12(small_district(10), tmp_path / "maple.zip")
    secret = tmp_path / "sis.secret"
    secret.write_text("sis-secret", "ascii")
    sites = {"maple": Site("oneroster_csv", {"source": str(tmp_path / "maple.zip")})}
    for name, made in (("birch", system), ("cedar", dripping)):
        sites[name] = Server("oneroster_rest", settings_for(made, client_secret=f"file:{secret}", deadline=6.0))
    with served(tmp_path / "region", sites, server=SETTINGS) as running:
        yield running


def events(region):
    return list(read_disclosures(region.folder / "state" / "audit"))


def slow_socket(region):
    """A connection on which a body was announced, of which one byte has come."""
    connection = socket.create_connection(("127.0.0.1", region.port), timeout=10)
    connection.sendall(b"POST /birch" + EDFI.encode() + b"students HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nx")
    return connection


def answer_of(connection):
    """All that comes until the server closes the connection."""
    received = b""
    with suppress(ConnectionResetError):
        while part := connection.recv(65536):
            received += part
    return received


def test_others_are_answered_in_time_whatever_clients_and_districts_do(region, system, dripping):
    region.get(f"/birch{LINES}")  # both are up
    region.get(f"/cedar{LINES}")
    system.sis.faults.add("slow", "lineItems", times=ALWAYS, value=5.0)
    dripping.sis.faults.add("drip", "lineItems", times=ALWAYS, value=1.0)
    before = len(events(region))

    def other(number):
        page = ("/health", f"/maple{ROSTER}users?limit=1", f"/maple{EDFI}students?limit=1")[number % 3]
        begun = time.monotonic()
        answer = requests.get(region.base + page, headers=region.bearer, timeout=30)
        return answer.status_code, time.monotonic() - begun < DEADLINE

    def troubled(name):
        begun = time.monotonic()
        answer = requests.get(f"{region.base}/{name}{LINES}", headers=region.bearer, timeout=60)
        return answer, time.monotonic() - begun

    with ExitStack() as stack:
        slow = [stack.enter_context(slow_socket(region)) for _ in range(SLOW)]
        pool = stack.enter_context(ThreadPoolExecutor(20))
        waiting = [pool.submit(troubled, name) for name in ("birch", "cedar") for _ in range(6)]
        time.sleep(0.5)
        others = list(pool.map(other, range(120)))
        found = [one.result() for one in waiting]
        late = [answer_of(one) for one in slow]
    assert set(others) == {(200, True)}
    assert {one[0].status_code for one in found} <= {200, 503}
    busy = [(answer, seconds) for answer, seconds in found if answer.headers.get("Retry-After") == str(RETRY_SECONDS)]
    assert len(busy) >= 8  # two of each district's six hold its slots
    assert all(seconds < 1.0 + DEADLINE for _, seconds in busy)
    refused = [one for one in found if one[0].status_code == 503]
    for answer, seconds in refused:
        assert seconds < 6.0 + DEADLINE  # the deadline of what drips
        assert int(answer.headers["Retry-After"]) > 0
        assert answer.json()["imsx_CodeMinor"]["imsx_codeMinorField"][0]["imsx_codeMinorFieldValue"] == "server_busy"
    assert {one.split(b"\r\n")[0] for one in late} == {b"HTTP/1.1 408 Request Timeout"}
    told = json.loads(late[0].partition(b"\r\n\r\n")[2])
    assert told["status"] == 408
    assert told["correlationId"]
    answered = sum(one[0].status_code == 200 for one in found)
    assert len(events(region)) - before == 80 + answered
    log = region.log.read_text()
    assert len(re.findall(r'"status":408', log)) == SLOW
    assert log.count('"status":503') == len(refused)
