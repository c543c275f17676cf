"""Why and preview over the administration API: for persons, once, and kept nowhere."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from gateway.auth.scopes import known_scopes
from gateway.storage.database import transaction
from tests.support.people.api import in_session, registered
from tests.support.people.region import people_region
from tests.support.regions import TUTORING, agreement, small_sites

EDFI = "/data/v3/ed-fi"


@pytest.fixture(scope="module")
def region(tmp_path_factory):
    folder = tmp_path_factory.mktemp("api-answers")
    sites = small_sites(folder / "data")
    with people_region(folder / "region", sites, [agreement(one, TUTORING, client="tutor") for one in sites]) as region:
        registered(region, "tutor", "tutor", sorted(known_scopes()))
        yield region


@pytest.fixture(scope="module")
def ana(region):
    return in_session(region, "ana", ("maple", "privacy-officer"))


@pytest.fixture(scope="module")
def tor(region):
    return in_session(region, "tor", ("tutor", "vendor-contact"))


def test_a_custodian_is_told_the_step_and_the_place(ana):
    answer = ana.post("/why", {"client": "tutor", "address": f"{EDFI}/students?birthDate=1"})
    assert answer.status_code == 200, answer.data
    assert (answer.json["refused"], answer.json["code"]) == ("query", "unknown-name")
    assert any(".yaml:" in one["place"] for one in answer.json["steps"][-1]["details"])


def test_a_recipient_is_told_no_facts(tor):
    answer = tor.post("/why/own", {"client": "tutor", "address": f"{EDFI}/students?birthDate=1"})
    assert (answer.json["refused"], answer.json["code"]) == ("query", "")
    assert answer.json["steps"][-1]["text"] == "not in the agreement"
    assert tor.post("/why", {"client": "tutor", "address": f"{EDFI}/students"}).status_code == 403
    assert tor.get("/refusals/own?client=tutor").status_code == 200
    assert tor.get("/refusals/own?client=other").status_code == 404


def test_an_answer_is_kept_nowhere_though_a_key_comes_with_the_request(region, ana):
    student = region.running.gateway.districts["maple"].cached_snapshot().table("student").ids[0]
    asked = {"district": "maple", "client": "tutor", "student": student}
    answer = ana.post("/preview", asked, Idempotency_Key="the-same-key-twice-0001")
    assert answer.status_code == 200
    assert answer.json["visible"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert (
        ana.post("/preview", asked | {"student": "nobody"}, Idempotency_Key="the-same-key-twice-0001").status_code
        == 404
    )
    with transaction(region.administered.store.engine) as connection:
        assert connection.execute(text("SELECT count(*) FROM idempotency_keys")).scalar() == 0


@pytest.mark.parametrize("body", [
    {}, {"client": "tutor", "address": "x" * 9000}, {"client": "tutor", "address": "\0"}, {"client": "tutor", "method": "TRACE"},
    {"client": "t\nor", "address": "/"}, {"client": ["tutor"]}, {"client": "tutor", "more": 1},
])  # fmt: skip
def test_hostile_bodies_are_refused_as_problems(ana, body):
    answer = ana.post("/why", body)
    assert 400 <= answer.status_code < 500
    assert answer.mimetype == "application/problem+json"
