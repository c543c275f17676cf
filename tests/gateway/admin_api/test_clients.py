"""Clients over the administration API: in Ed-Fi's words, under conditions, each secret told once."""

from __future__ import annotations

from itertools import count

import pytest
from sqlalchemy import text

from tests.support.people.api import ApiCaller, in_session, machine, token
from tests.support.people.region import people_region
from tests.support.regions import agreement, small_sites

NAMES = (f"made-{number}" for number in count())
POOL = [f"tutor-{number}" for number in range(40)]
FREE = iter(POOL)
OPERATOR, MAPLE = ("region", "region-operator"), ("maple", "district-admin")


@pytest.fixture(scope="module")
def region(tmp_path_factory):
    folder = tmp_path_factory.mktemp("api-clients")
    sites = small_sites(folder / "data")
    tutoring = agreement("maple", client="tutor", purpose="tutoring")
    named = tutoring.replace("clients: [tutor]", f"clients: [{', '.join(POOL)}]")
    with people_region(folder / "region", sites, [*(agreement(name) for name in sites), named]) as region:
        yield region


@pytest.fixture(scope="module")
def boss(region):
    return in_session(region, "bo", OPERATOR)


@pytest.fixture(scope="module")
def maple(region):
    return in_session(region, "mia", MAPLE)


@pytest.fixture
def name(maple):
    """A client that maple's agreement names, registered by its people."""
    one = next(FREE)
    answer = maple.post("/apiclients", {"name": one, "vendorId": "tutor", "kind": "vendor", "scopes": ["edfi:read"]})
    assert answer.status_code == 201, answer.data
    assert answer.headers["Location"] == f"/admin/v1/apiclients/{one}"
    assert answer.headers["ETag"] == maple.get(f"/apiclients/{one}").headers["ETag"]
    return one


def test_a_client_is_registered_given_a_secret_and_let_in(region, maple, name):
    assert maple.get(f"/apiclients/{name}").json["state"] == "ready"
    made = maple.put(f"/apiclients/{name}/reset-credential")
    assert made.json.keys() == {"id", "key", "secret"}
    assert token(region, name, made.json["secret"]).status_code == 200
    shown = maple.get(f"/apiclients/{name}").json
    assert (shown["state"], shown["isApproved"], shown["secrets"]) == ("enabled", True, [{"slot": 1, "endsAt": None}])
    assert made.json["secret"][:8] not in str(shown)


def test_a_draft_is_unknown_to_the_token_endpoint(region, name):
    answer = token(region, name, "x" * 43)
    assert (answer.status_code, answer.json["error"]) == (401, "invalid_client")


def test_a_suspended_client_is_refused_within_a_second(region, maple, name):
    secret = maple.put(f"/apiclients/{name}/reset-credential").json["secret"]
    bearer = {"Authorization": f"Bearer {token(region, name, secret).json['access_token']}"}
    asked = ApiCaller(region.stranger().wsgi).wsgi
    assert asked.get("/data/v3/ed-fi/schools", headers=bearer).status_code == 200
    answer = maple.put(f"/apiclients/{name}/state", {"state": "suspended", "reason": "lost"}, If_Match="*")
    assert answer.json["state"] == "suspended"
    region.clock.move(1)
    assert asked.get("/data/v3/ed-fi/schools", headers=bearer).status_code == 401
    assert token(region, name, secret).status_code == 401


def test_a_write_says_which_state_it_is_for(maple, name):
    path, change = f"/apiclients/{name}", {"unknownMembers": "refuse"}
    assert maple.put(path, change).status_code == 428
    read = maple.get(path)
    assert maple.put(path, change, If_Match='"other"').status_code == 412
    assert maple.put(path, change, If_Match=f"W/{read.headers['ETag']}").status_code == 412
    changed = maple.put(path, change, If_Match=f'"x", {read.headers["ETag"]}')
    assert (changed.status_code, changed.json["unknownMembers"]) == (200, "refuse")
    assert maple.put(path, {"unknownMembers": "ignore"}, If_Match=read.headers["ETag"]).status_code == 412
    assert maple.get(path, If_None_Match=changed.headers["ETag"]).status_code == 304
    assert maple.get(path, If_None_Match=read.headers["ETag"]).status_code == 200


def test_a_repeated_reset_gives_the_same_secret_and_makes_no_other(region, maple, name):
    first = maple.put(f"/apiclients/{name}/reset-credential", Idempotency_Key='"reset-1"')
    again = maple.put(f"/apiclients/{name}/reset-credential", Idempotency_Key='"reset-1"')
    assert first.json == again.json
    assert token(region, name, again.json["secret"]).status_code == 200
    with region.administered.store.engine.connect() as connection:
        kept = str(connection.execute(text("SELECT * FROM idempotency_keys")).all())
    assert first.json["secret"] not in kept
    assert "reset-1" not in kept


def test_a_link_is_told_once_and_can_be_taken_back(maple, name):
    made = maple.post(f"/apiclients/{name}/link", {"keepOldDays": 3})
    assert made.status_code == 201
    assert "/once/" in made.json["url"]
    assert maple.ask("DELETE", f"/apiclients/{name}/link").status_code == 200
    answer = maple.ask("DELETE", f"/apiclients/{name}/link")
    assert (answer.status_code, answer.json["detail"]) == (409, f"{name!r} has no open link.")


def test_a_client_is_copied_as_a_draft(maple, name):
    made = maple.post(f"/apiclients/{name}/copy", {"name": next(NAMES)})
    assert (made.status_code, made.json["state"], made.json["secrets"]) == (201, "draft", [])
    assert made.json["scopes"] == ["edfi:read"]


def test_scopes_are_suggested_and_those_of_administration_refused(maple, name):
    needed = {one["api"]: one["scopes"] for one in maple.get(f"/apiclients/{name}/scopes").json}
    assert needed["Ed-Fi"] == ["edfi:read"]
    answer = maple.put(f"/apiclients/{name}", {"scopes": ["admin:region-operator"]}, If_Match="*")
    assert (answer.status_code, "operator's command" in answer.json["detail"]) == (400, True)


def test_what_belongs_to_others_is_answered_like_what_does_not_exist(region, name):
    cedar = in_session(region, "cleo", ("cedar", "district-admin"))
    vendor = machine(region, next(NAMES), "acme", "vendor-contact")
    for who in (cedar, vendor):
        for method, path, body in (
            ("GET", "", None), ("GET", "/scopes", None), ("GET", "/usage", None), ("POST", "/link", {}),
            ("PUT", "/state", {"state": "suspended"}), ("PUT", "/reset-credential", {}), ("DELETE", "/link", None),
        ):  # fmt: skip
            told = set()
            for one in (name, "nobody"):
                answer = who.ask(method, f"/apiclients/{one}{path}", body, If_Match="*")
                told.add((answer.status_code, answer.json["detail"].replace(one, "")))
            assert len(told) == 1
            assert told.pop()[0] == 404
        assert name not in [one["id"] for one in who.get("/apiclients?limit=500").json]


def test_a_list_is_given_in_pages_with_its_count(boss, maple, name):
    every = boss.get("/apiclients?limit=500")
    total = int(every.headers["Total-Count"])
    assert total == len(every.json)
    pages = [boss.get(f"/apiclients?limit=3&offset={first}").json for first in range(0, total, 3)]
    assert [one["id"] for page in pages for one in page] == [one["id"] for one in every.json]
    assert boss.get("/apiclients?offset=1000").json == []


def test_applications_are_agreements_with_their_clients(boss, maple):
    found = {one["id"]: one for one in boss.get("/applications").json}
    assert found.keys() == {"conformance-maple", "conformance-cedar", "tutor-maple"}
    assert found["tutor-maple"]["apiClientIds"] == POOL
    assert {one["id"] for one in maple.get("/applications").json} == {"conformance-maple", "tutor-maple"}
    assert maple.get("/applications/conformance-cedar").status_code == 404
    assert maple.get("/applications/tutor-maple").json["vendorId"] == "tutor"


def test_vendors_are_organisations_that_are_no_district(boss, maple, region):
    made = maple.post(
        "/vendors", {"name": "acme-learning", "company": "Acme Learning", "kind": "vendor", "steward": "maple"}
    )
    assert (made.status_code, made.json["steward"]) == (201, "maple")
    assert boss.get("/vendors/acme-learning").json == made.json
    assert boss.get("/vendors/maple").status_code == 404
    assert {"acme-learning", "tutor", "conformance"} <= {one["id"] for one in boss.get("/vendors").json}
    vera = in_session(region, "vera", ("tutor", "vendor-contact"))
    assert [one["id"] for one in vera.get("/vendors").json] == ["tutor"]
    assert vera.get("/vendors/acme-learning").status_code == 404
    again = maple.post("/vendors", {"name": "acme-learning", "kind": "vendor", "steward": "maple"})
    assert again.status_code == 409
    answer = maple.post("/vendors", {"name": "b", "kind": "vendor", "steward": "cedar"})
    assert answer.status_code in {403, 404}


def test_claim_sets_name_scopes_and_none_of_administration(maple):
    found = maple.get("/claimSets").json
    assert {"edfi-read", "oneroster-1.2-read"} <= {one["name"] for one in found}
    assert "admin:" not in str(found)


def test_an_act_is_on_record_for_the_district_that_answers_for_the_client(maple, region, name):
    found = maple.get("/events?limit=500").json
    (one,) = [one for one in found if one["content"].get("client") == name]
    assert (one["actor"], one["action"], one["district"]) == ("mia@example.org", "client added", "maple")
    cedar = in_session(region, "cleo", ("cedar", "district-admin"))
    assert cedar.get("/events").json == []
