"""A transfer between two districts does not exist for a third one, whoever of it asks whatever operation."""

from __future__ import annotations

import re

import pytest

from tests.gateway.transfers_api.test_authorisation import BODIES, OPERATIONS, QUERIES
from tests.support.people.moving import moving_region

OF_ONE = [one for one in OPERATIONS if "<transfer>" in one.rule]
ABSENT = "e" * 32
CHANGING = re.compile(r'"correlationId":"[0-9a-f]+"')


@pytest.fixture(scope="module")
def moving(tmp_path_factory):
    with moving_region(tmp_path_factory.mktemp("strangers"), "birch") as found:
        yield found


@pytest.fixture(scope="module")
def there(moving):
    """Transfers between the two districts: one that waits, one that is packed, one that is delivered."""
    asks = moving.person("rita", ("cedar", "registrar"))
    found = []
    for number in (3, 4, 5):
        found.append(asks.post("/transfers", moving.form(number, standing="intent")).json["id"])
        moving.world.work(moving.world.find(found[-1]))
    assert moving.program("cedar-agent", "cedar").get(f"/transfers/{found[-1]}/package?version=1").data
    return found


@pytest.fixture(scope="module")
def strangers(moving):
    roles = [("birch", name) for name in ("registrar", "approver", "district-admin", "privacy-officer")]
    return [moving.person("bo", *roles), moving.program("birch-agent", "birch")]


def told(caller, one, transfer):
    path = one.rule.replace("<transfer>", transfer).replace("<name>", "identity")
    path += QUERIES.get(one.name, "")
    headers = {"If_Match": "*"} if one.matched else {}
    answer = caller.ask(one.method, path, BODIES.get(one.name, {}) if one.method == "POST" else None, **headers)
    text = answer.text.replace(transfer, "?")
    return answer.status_code, CHANGING.sub("", text), sorted(set(answer.headers.keys()) - {"correlation-id"})


@pytest.mark.parametrize("one", OF_ONE, ids=lambda one: one.name)
def test_what_is_between_two_districts_is_answered_to_a_third_like_nothing(there, strangers, one):
    for caller in strangers:
        nothing = told(caller, one, ABSENT)
        assert nothing[0] in {403, 404}
        assert {str(told(caller, one, transfer)) for transfer in there} == {str(nothing)}


def test_a_third_district_lists_nothing(there, strangers):
    for caller in strangers:
        assert caller.get("/transfers").json == []
    assert strangers[0].get("/transfers?role=in").json == []
    assert strangers[1].get("/packages").json == []
    assert strangers[1].get("/signatures").json == []


@pytest.mark.parametrize("one", OF_ONE, ids=lambda one: one.name)
def test_an_id_that_is_none_is_no_fault(strangers, one):
    for transfer in ("x", "0" * 400, "..", "%00", "é"):
        assert told(strangers[0], one, transfer)[0] in {400, 403, 404, 405}
