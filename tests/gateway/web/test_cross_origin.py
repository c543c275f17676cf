"""Pages of other origins may ask the APIs only where the operator names them, and never with what a browser adds."""

from __future__ import annotations

import pytest

from gateway.config.settings import load
from standards.errors import SettingsError
from tests.support.regions import EDFI, ROSTER, agreement, running, small_sites, write

PAGE, STRANGER = "https://app.example.org", "https://app.example.org.evil.example"
PLACES = (
    f"{ROSTER}users",
    "/ims/oneroster/v1p1/users",
    f"{EDFI}students",
    "/oauth/token",
    f"/maple{ROSTER}users",
    "/ims/oneroster/bulk/v1p2/csv",
)
TELLING = ("Access-Control-Allow-Origin", "Access-Control-Allow-Methods", "Access-Control-Allow-Headers",
           "Access-Control-Expose-Headers", "Access-Control-Allow-Credentials", "Access-Control-Max-Age")  # fmt: skip


@pytest.fixture(scope="module")
def sites(tmp_path_factory):
    found = small_sites(tmp_path_factory.mktemp("small"), 12)
    return {"maple": found["maple"]}


@pytest.fixture(scope="module")
def region(tmp_path_factory, sites):
    settings = f'[server]\nbrowser_origins = ["{PAGE}", "http://localhost:5173"]\n'
    with running(tmp_path_factory.mktemp("open"), sites, [agreement("maple")], settings) as one:
        yield one


def preflight(app, place, origin=PAGE, method="GET"):
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization",
    }
    return app.test_client().open(place, method="OPTIONS", headers=headers)


def told(answer):
    return {name: answer.headers[name] for name in TELLING if name in answer.headers}


def listed(answer, name):
    return {one.strip().lower() for one in answer.headers[name].split(",")}


@pytest.mark.parametrize("place", PLACES)
def test_a_page_of_a_named_origin_may_ask_and_read_the_headers(region, place):
    answer = preflight(region.app, place)
    assert (answer.status_code, answer.data) == (204, b"")
    assert answer.headers["Access-Control-Allow-Origin"] == PAGE
    assert {"get", "post", "put", "delete"} <= listed(answer, "Access-Control-Allow-Methods")
    assert {"authorization", "content-type", "if-match", "if-none-match"} <= listed(
        answer, "Access-Control-Allow-Headers"
    )
    assert "origin" in listed(answer, "Vary")
    asked = region.consumer().ask(place, headers={"Origin": PAGE})
    assert asked.headers["Access-Control-Allow-Origin"] == PAGE
    assert {
        "x-total-count",
        "link",
        "etag",
        "location",
        "retry-after",
        "total-count",
        "next-page-token",
        "x-next-since",
    } <= listed(asked, "Access-Control-Expose-Headers")
    assert "Access-Control-Allow-Credentials" not in asked.headers


def test_a_page_gets_a_token_and_reads_what_is_refused(region):
    consumer = region.consumer()
    answer = consumer.web.post(
        "/oauth/token",
        data={"grant_type": "client_credentials"},
        auth=("conformance", consumer.secret),
        headers={"Origin": PAGE},
    )
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (200, PAGE)
    for place in (f"{ROSTER}users?limit=x", f"{ROSTER}nothing", f"{EDFI}nothings"):
        assert consumer.ask(place, headers={"Origin": PAGE}).headers["Access-Control-Allow-Origin"] == PAGE
    assert consumer.web.get(f"{ROSTER}users", headers={"Origin": PAGE}).headers["Access-Control-Allow-Origin"] == PAGE


@pytest.mark.parametrize(
    "origin", [STRANGER, "https://app.example.org:8443", "http://app.example.org", "null", "*", ""]
)
@pytest.mark.parametrize("place", PLACES)
def test_a_page_of_another_origin_may_not(region, place, origin):
    assert told(preflight(region.app, place, origin)) == {}
    answer = region.consumer().ask(place, headers={"Origin": origin})
    assert told(answer) == {}
    assert "origin" in listed(answer, "Vary")


def test_what_is_no_api_is_not_open(region):
    for place in ("/health", "/docs/", "/nothing"):
        assert told(preflight(region.app, place)) == {}
        assert told(region.consumer().ask(place, headers={"Origin": PAGE})) == {}


def test_without_the_setting_nothing_is_said_of_origins(tmp_path, sites):
    with running(tmp_path, sites, [agreement("maple")]) as closed:
        for place in PLACES:
            assert told(preflight(closed.app, place)) == {}
            answer = closed.consumer().ask(place, headers={"Origin": PAGE})
            assert told(answer) == {}
            assert "Vary" not in answer.headers


@pytest.mark.parametrize(
    "origin", ["*", "null", "app.example.org", "https://app.example.org/", "https://*.example.org"]
)
def test_what_is_no_origin_cannot_be_set(tmp_path, sites, origin):
    with pytest.raises(SettingsError, match="write an origin as"):
        load(write(tmp_path, sites, [agreement("maple")], f'[server]\nbrowser_origins = ["{origin}"]\n'))


def test_the_answer_is_the_same_to_a_page_and_to_a_program(region):
    plain, page = (region.consumer().ask(f"{ROSTER}users", headers=one) for one in ({}, {"Origin": PAGE}))
    assert (plain.status_code, plain.data, plain.headers["ETag"]) == (page.status_code, page.data, page.headers["ETag"])
