"""The simulated ODS goes wrong in the way that it is told to, as often as it is told to, and then is well again."""

from __future__ import annotations

import gzip
import json

import pytest
import requests

from tests.adapters.edfi_ods.worlds import SMALL, STUDENT, asked, kind

FORTY = [("students", {**STUDENT, "studentUniqueId": f"S{number:03}"}) for number in range(40)]


@pytest.fixture
def forty():
    with asked(FORTY) as client:
        yield client


def well(client):
    """Whether the system answers as it should."""
    return len(client.rows("students", params={"limit": 500}))


@pytest.mark.parametrize(
    ("name", "status", "problem"),
    [
        ("error", 500, "system"), ("bad-gateway", 502, "system:bad-gateway"),
        ("unavailable", 503, "system:unavailable"), ("throttled", 429, "security:too-many-requests"),
        ("forbidden", 403, "security:authorization:access-denied:resource"),
        ("unauthorized", 401, "security:authentication"), ("missing", 404, "not-found"),
        ("too-many-tokens", 429, "security:authentication:too-many-tokens"), ("no-snapshot", 404, "not-found"),
    ],
)  # fmt: skip
def test_an_error_comes_at_the_request_it_was_asked_for(forty, name, status, problem):
    forty.running.ods.faults.add(name, "students", after=2)
    assert [forty.ask("students").status_code for _ in range(2)] == [200, 200]
    answer = forty.ask("students")
    assert (answer.status_code, kind(answer)) == (status, problem)
    assert well(forty) == 40
    assert forty.running.log[-2].status == status


def test_other_collections_are_spared(forty):
    forty.running.ods.faults.add("forbidden", "schools", times=1000)
    assert forty.ask("schools").status_code == 403
    assert well(forty) == 40


@pytest.mark.parametrize("name", ["throttled", "unavailable", "bad-gateway"])
def test_a_client_is_told_when_to_come_again(forty, name):
    forty.running.ods.faults.add(name, value=7)
    assert forty.ask("students").headers["Retry-After"] == "7"


def test_a_token_ends_in_the_middle_of_a_walk(forty):
    forty.running.ods.faults.add("expired", "students", after=1)
    assert [forty.ask("students").status_code for _ in range(3)] == [200, 401, 401]


@pytest.mark.parametrize(("name", "status"), [("unavailable", 503), ("too-many-tokens", 429), ("error", 500)])
def test_the_address_of_tokens_fails(forty, name, status):
    forty.running.ods.faults.add(name, "token")
    assert requests.post(forty.running.token_url, timeout=5).status_code == status
    assert well(forty) == 40


@pytest.mark.parametrize(("name", "host"), [("redirect", "127.0.0.2"), ("link-local", "169.254.169.254")])
def test_a_redirect_leads_elsewhere(forty, name, host):
    forty.running.ods.faults.add(name)
    answer = forty.ask("students")
    assert answer.status_code == 302
    assert host in answer.headers["Location"]


@pytest.mark.parametrize("name", ["reset", "silent"])
def test_the_connection_breaks(forty, name):
    forty.running.ods.faults.add(name)
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        forty.ask("students")
    forty.session.headers["Connection"] = "close"
    assert well(forty) == 40


def test_a_body_stalls_until_the_client_has_had_enough(forty):
    forty.running.ods.faults.add("stalled")
    with pytest.raises((requests.ConnectionError, requests.ReadTimeout)):
        forty.session.get(f"{forty.base}/data/v3/ed-fi/students", timeout=0.2)
    assert well(forty) == 40


def test_bodies_that_are_no_json(forty):
    faults = forty.running.ods.faults
    for name in ("truncated", "html", "deep", "latin"):
        faults.add(name, value=200_000)
        answer = forty.ask("students")
        assert answer.status_code == 200
        with pytest.raises((ValueError, RecursionError)):
            json.loads(answer.content.decode())
    faults.add("kind")
    assert forty.ask("students").headers["Content-Type"] == "text/html"


def test_bodies_that_are_too_much(forty):
    forty.running.ods.faults.add("huge", value=3_000_000)
    assert len(forty.ask("students").content) > 3_000_000
    forty.running.ods.faults.add("bomb", value=3_000_000)
    answer = forty.ask("students", stream=True)
    packed = answer.raw.read(decode_content=False)
    assert len(packed) < 30_000
    assert len(gzip.decompress(packed)) > 3_000_000


def test_slow_answers_are_whole(forty):
    forty.running.ods.faults.add("slow", value=0.01)
    forty.running.ods.faults.add("drip", value=0)
    assert well(forty) == 40


@pytest.mark.parametrize(("name", "difference"), [("insert", 1), ("delete", -1)])
def test_documents_come_and_go_between_two_pages(forty, name, difference):
    first = forty.rows("students", params={"limit": 20})
    forty.running.ods.faults.add(name, "students")
    second = forty.rows("students", params={"limit": 20, "offset": 20})
    both = {row["id"] for row in (*first, *second)}
    assert len(both) == 40 - (difference > 0) - (difference < 0)
    assert well(forty) == 40 + difference


def test_a_document_is_on_two_pages(forty):
    first = forty.rows("students", params={"limit": 20})
    forty.running.ods.faults.add("duplicate", "students")
    second = forty.rows("students", params={"limit": 20, "offset": 20})
    assert second[0] == first[-1]
    assert len(second) == 20


def test_two_documents_have_one_id(forty):
    forty.running.ods.faults.add("twins")
    rows = forty.rows("students")
    assert rows[0]["id"] == rows[-1]["id"]
    assert rows[0]["studentUniqueId"] != rows[-1]["studentUniqueId"]


def test_tokens_of_pages_that_lead_nowhere(forty):
    forty.running.ods.faults.add("endless", times=3)
    assert len({forty.ask("students", params={"limit": size}).headers["Next-Page-Token"] for size in (3, 5, 7)}) == 1
    forty.running.ods.faults.add("hollow")
    answer = forty.ask("students")
    assert (answer.json(), "Next-Page-Token" in answer.headers) == ([], True)


def test_a_count_that_is_not_true(forty):
    forty.running.ods.faults.add("total", value=5)
    assert forty.ask("students", params={"totalCount": "true"}).headers["Total-Count"] == "45"


@pytest.mark.parametrize(("name", "count"), [("clamp", 3), ("short", 12)])
def test_pages_with_less_than_was_asked_for(forty, name, count):
    forty.running.ods.faults.add(name, value=3)
    assert len(forty.rows("students")) == count


def test_documents_that_are_not_as_the_model_says(forty):
    faults = forty.running.ods.faults
    faults.add("stranger")
    assert forty.rows("students")[0]["shoeSize"] == 43
    faults.add("keyless")
    assert "studentUniqueId" not in forty.rows("students")[0]
    faults.add("mistyped")
    assert forty.rows("students")[0]["studentUniqueId"] == [["wrong"]]
    one = forty.rows("students")[0]["id"]
    faults.add("keyless")
    assert "studentUniqueId" not in forty.rows(f"students/{one}")


def test_answers_that_are_no_list_of_documents(forty):
    faults = forty.running.ods.faults
    faults.add("garbage")
    assert forty.rows("students") == [1, "two", None]
    faults.add("no-wrapper")
    assert list(forty.rows("students")) == ["data"]
    faults.add("error-in-success")
    assert forty.rows("students")["status"] == 500


def test_faults_can_be_forgotten():
    with asked(SMALL) as client:
        client.running.ods.faults.add("error", times=1000)
        client.running.ods.faults.clear()
        assert len(client.rows("students")) == 1
