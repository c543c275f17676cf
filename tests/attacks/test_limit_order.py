"""Who has no agreement spends nobody's limit but its own: the client is limited, then authorized, then the district."""

from __future__ import annotations

import copy

import pytest

from adapters.simulators.oneroster import Sis, run
from gateway.config.settings import load
from tests.adapters.oneroster_rest.system import district_documents, settings_for
from tests.attacks.test_writes import BOOK, Server, plain, send
from tests.gateway.disclosures import read_disclosures
from tests.support.regions import EDFI, ROSTER, agreement, running, tags_of

ALL = "[read, search, create, update, delete, bulk, changes]"
NOBODY = "00000000000000000000000000000000"
EXITS = {
    "a page": ("GET", f"/maple{ROSTER}students?limit=1", None),
    "a page of every district": ("GET", f"{ROSTER}students?limit=1", None),
    "a record": ("GET", f"/maple{ROSTER}students/nobody", None),
    "a count": ("GET", f"/maple{EDFI}students?limit=0&totalCount=true", None),
    "an item": ("GET", f"/maple{EDFI}students/{NOBODY}", None),
    "partitions": ("GET", f"/maple{EDFI}students/partitions?number=2", None),
    "deletions": ("GET", f"/maple{EDFI}students/deletes", None),
    "key changes": ("GET", f"/maple{EDFI}students/keyChanges", None),
    "change versions": ("GET", "/maple/changeQueries/v1/availableChangeVersions", None),
    "bulk files": ("GET", "/maple/ims/oneroster/bulk/v1p2/csv", None),
    "a replacement": ("PUT", f"/maple{BOOK}lineItems/nothing", {"lineItem": {}}),
    "creations": ("POST", "/maple" + BOOK + "lineItems/nothing/results", {"results": []}),
    "a deletion": ("DELETE", f"/maple{BOOK}lineItems/nothing", None),
}


@pytest.fixture
def system():
    with run(Sis(copy.deepcopy(district_documents()))) as made:
        yield made


@pytest.fixture
def region(system, tmp_path):
    (tmp_path / "sis.secret").write_text("sis-secret", "ascii")
    settings = settings_for(system, writable=True, client_secret="file:sis.secret")
    limits = '[limits]\nclient = "1000/minute"\ndistrict = "3/day"\n'
    with running(
        tmp_path, {"maple": Server("oneroster_rest", settings)}, [agreement("maple", operations=ALL)], limits
    ) as one:
        yield one


def ask(consumer, name):
    method, path, body = EXITS[name]
    return consumer.web.open(path, method=method, json=body, headers=consumer.bearer)


def test_a_stranger_spends_no_districts_limit_at_any_exit(region):
    stranger, consumer = region.consumer("stranger"), region.consumer()
    for name in EXITS:
        for _ in range(4):
            assert ask(stranger, name).status_code == 403, name
    stranger.web.post("/maple/oauth/token_info", json={"token": stranger.token}, headers=stranger.bearer)
    assert [ask(consumer, "a page").status_code for _ in range(4)] == [200, 200, 200, 429]


def test_a_token_without_the_scope_spends_no_districts_limit(region):
    narrow = region.consumer("narrow", scopes=["edfi:read"])
    for _ in range(4):
        assert ask(narrow, "a page").status_code == 403
    assert ask(region.consumer(), "a page").status_code == 200


@pytest.mark.parametrize("name", EXITS)
def test_who_is_authorized_spends_the_districts_limit_once_a_request(region, name):
    consumer = region.consumer()
    codes = [ask(consumer, name).status_code for _ in range(4)]
    assert 429 not in codes[:3]
    assert codes[3] == 429


def test_a_stranger_spends_its_own_limit(region, tmp_path):
    region.gateway.limits._client = replace_rate(region.gateway.limits._client, "3/day")
    stranger = region.consumer("stranger")
    assert [ask(stranger, "a page").status_code for _ in range(4)] == [403, 403, 403, 429]
    assert ask(stranger, "a page").status_code == 429  # also for a district that is none
    assert stranger.ask("/oak" + ROSTER + "students").status_code == 429


def replace_rate(rate, text):
    return type(rate)("client", text, rate._limiter)


def test_a_post_of_many_records_names_all_its_rows_and_all_its_pupils(region):
    consumer = region.consumer()
    region.gateway.limits._district = replace_rate(region.gateway.limits._district, "")
    results = [plain(one) for one in consumer.roster("results", limit=200).json["results"]]
    one = results[0]
    other = next(result for result in results if result["student"] != one["student"])
    body = {
        "results": [
            {k: v for k, v in result.items() if k != "sourcedId"} | {"lineItem": one["lineItem"]}
            for result in (one, other, one)
        ]
    }
    answer = send(consumer, f"{BOOK}lineItems/{one['lineItem']['sourcedId']}/results", body, "POST")
    assert answer.status_code == 201
    event = list(read_disclosures(load(region.folder / "gateway.toml").audit.folder))[-1]
    assert (event["operation"], event["rows"], event["to"]) == ("create", 3, 2)
    tags = {tags_of(region.gateway, "maple", result["student"]["sourcedId"])[-1].hex() for result in (one, other)}
    assert {event["set"][1:17], event["set"][17:33]} == tags
