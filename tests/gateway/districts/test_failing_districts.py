"""A district that fails in any way is told to its operator without a value, and the others serve."""

from __future__ import annotations

import json
import re
import threading
from contextlib import ExitStack
from itertools import pairwise

import pytest

from gateway import telemetry
from gateway.districts.retries import FIRST_PAUSE_SECONDS, MAX_PAUSE_SECONDS
from gateway.web import health
from standards import errors
from tests.support.failing_adapter import CHILD, EVENT, PLACES, planned
from tests.support.regions import EDFI, ROSTER, Site, agreement, running

Named = type(CHILD, (Exception,), {})
Brought = type(CHILD, (errors.SourceUnavailable,), {"code": CHILD, "told": CHILD})
KINDS = {
    "ValueError": lambda: ValueError(CHILD),
    "SystemExit": lambda: SystemExit(CHILD),
    "a class of its own": lambda: Named(CHILD),
    "a source error of its own": lambda: Brought(CHILD),
    "SourceBroken": lambda: errors.SourceBroken(CHILD, f"users.csv:2:{CHILD}"),
    "SettingsError": lambda: errors.SettingsError(CHILD, CHILD, 1, 1),
    "InvalidBody": lambda: errors.InvalidBody(CHILD, {f"$.{CHILD}": [CHILD]}),
}
WRITING = "[read, search, changes, create, update, delete]"


def settle():
    for thread in threading.enumerate():
        if thread.name.startswith(("refresh-", "open-", "load-")):
            thread.join(10)


def answers(consumer, district):
    """The answers to a question of every kind about a district."""
    student = {"studentUniqueId": "S9", "firstName": "Eve", "lastSurname": "Lee", "birthDate": "2014-01-31"}
    document = {"user": {"sourcedId": "s1"}}
    for method, path, body in (
        ("GET", f"{ROSTER}orgs", None), ("GET", f"{ROSTER}users/s1", None), ("GET", f"{EDFI}students", None),
        ("GET", f"{EDFI}{EVENT.removeprefix('edfi.')}", None), ("GET", f"{EDFI}students/{'0' * 32}", None),
        ("GET", f"{EDFI}students/deletes", None), ("GET", "/changeQueries/v1/availableChangeVersions", None),
        ("POST", f"{EDFI}students", student), ("PUT", f"{ROSTER}users/s1", document),
        ("DELETE", f"{ROSTER}users/s1", None), ("GET", "/ims/oneroster/bulk/v1p2/csv", None),
        ("GET", "/metadata/oneroster/v1p2/openapi.json", None),
    ):  # fmt: skip
        yield consumer.web.open(f"/{district}{path}", method=method, json=body, headers=consumer.bearer)


@pytest.mark.parametrize("kind", KINDS)
def test_whatever_an_adapter_raises_wherever_nothing_of_it_is_told(tmp_path, log, kind):
    names = ["maple", *(f"d-{place}" for place in PLACES)]
    with ExitStack() as stack:
        plans = {name: stack.enter_context(planned(name)) for name in names}
        for name, plan in plans.items():
            plan.place, plan.error = name.removeprefix("d-"), KINDS[kind]  # nothing is called maple
            plan.delta = plan.place in {"newest", "changes", "departures"}
        sites = {name: Site("failing", {"plan": name}) for name in names}
        agreements = [agreement(name, operations=WRITING) for name in sites]
        region = stack.enter_context(running(tmp_path / "r", sites, agreements))
        region.gateway.warm()
        settle()
        consumer = region.consumer()
        assert consumer.ask(f"/maple{ROSTER}orgs").status_code == 200
        for moved in (0, 2000, 3700):  # loaded, renewed aside, and expired
            region.clock.move(moved)
            for name, plan in plans.items():
                plan.version += 1
                for answer in answers(consumer, name) if moved != 2000 else [consumer.ask(f"/{name}{ROSTER}orgs")]:
                    assert CHILD not in answer.text
                    assert CHILD not in str(answer.headers)
            settle()
        settle()
        numbers = health.exposition(region.gateway).decode()
        states = "\n".join(one.status().text() for one in region.gateway.districts.values())
    assert CHILD not in states + numbers + json.dumps(log())
    told = {line["district"] for line in log() if line["event"] in {"opening failed", "load failed", "reading failed"}}
    assert {"d-constructor", "d-beyond", "d-read", "d-half", "d-stamp"} <= told
    assert [line for line in log() if line["event"] == "fault"] == []


@pytest.fixture
def birch(tmp_path, log):
    """A district that cannot be opened, beside one that can."""
    with ExitStack() as stack:
        plan = stack.enter_context(planned("birch"))
        plan.place, plan.error = "constructor", KINDS["ValueError"]
        stack.enter_context(planned("maple"))
        sites = {name: Site("failing", {"plan": name}) for name in ("maple", "birch")}
        with running(tmp_path / "r", sites, [agreement(name) for name in sites]) as region:
            region.plan = plan
            yield region


def test_a_district_that_cannot_be_opened_is_unavailable_and_opened_once_it_can_be(birch):
    consumer = birch.consumer()
    assert consumer.ask(f"/maple{ROSTER}orgs").status_code == 200
    refused = consumer.ask(f"/birch{ROSTER}orgs")
    assert refused.status_code == 502
    assert birch.gateway.districts["birch"].status().state == "failed"
    birch.plan.place = ""
    birch.clock.move(MAX_PAUSE_SECONDS)
    birch.gateway.districts["birch"].retry_failed()
    settle()
    assert birch.gateway.districts["birch"].status().state == "fresh"
    assert consumer.ask(f"/birch{ROSTER}orgs").json["orgs"][0]["name"] == "Maple"


def test_a_district_that_fails_again_and_again_is_tried_after_pauses_that_double(birch):
    tried = []
    birch.plan.error = lambda: tried.append(birch.clock().timestamp()) or ValueError(CHILD)
    district = birch.gateway.districts["birch"]
    for _ in range(200):
        district.retry_failed()
        settle()
        birch.clock.move(1)
    gaps = [round(after - before) for before, after in pairwise(tried)]
    assert gaps[:6] == [1, 2, 4, 8, 16, 32]
    assert max(gaps) == MAX_PAUSE_SECONDS
    assert FIRST_PAUSE_SECONDS == 1


def test_a_request_in_the_pause_is_refused_without_asking_the_system(birch):
    consumer, tried = birch.consumer(), []
    birch.plan.error = lambda: tried.append(1) or ValueError(CHILD)
    told = [consumer.ask(f"/birch{ROSTER}orgs") for _ in range(20)]
    assert {(one.status_code, one.text) for one in told} == {(502, told[0].text)}
    assert len(tried) <= 2


def test_the_log_names_the_district_and_the_place_of_a_mistake(tmp_path, log):
    with planned("birch") as plan:
        plan.place, plan.error = (
            "read",
            lambda: errors.SourceBroken("enabledUser is neither true nor false", "users.csv:2:4"),
        )
        sites = {"birch": Site("failing", {"plan": "birch"})}
        with running(tmp_path / "r", sites, [agreement("birch")]) as region:
            assert region.consumer().roster("orgs").status_code == 502
    (line,) = [one for one in log() if one["event"] == "load failed"]
    assert line["reason"].startswith("districts.birch: users.csv:2:4: ")
    assert (line["district"], line["kind"], line["place"]) == ("birch", "source-broken", "users.csv:2:4")
    number = 'crossing_district_failures_total{district="birch",entity="-",kind="source-broken",place="users.csv"} '
    assert re.search(re.escape(number) + r"[1-9]", telemetry.exposition().decode())
