"""Whatever goes wrong with a district's ODS, a consumer is told so in the words of the standard, and never half a list."""

from __future__ import annotations

import time
from typing import get_args

import pytest

from adapters.simulators.faults import Kind
from tests.adapters.edfi_ods.system import settings_for, system
from tests.standards.edfi.complete import complete
from tests.support.regions import Site, agreement, running

LIVE, ROWS, ALL = "studentSchoolAttendanceEvents", "StudentSchoolAttendanceEvent", 1000
WORLDS, DAY = 9, '[tokens]\nlife = "1d"\n'
HURRIED = {"throttled", "unavailable"}  # whose value is how long to wait
FAILED, UNAVAILABLE, LATE = "upstream-failed", "upstream-unavailable", "upstream-timeout"
LATE_STATUS = 504
FAULTS = {
    # fault: (its value, the status and the type of the answer); each from the second page on
    "unauthorized": (0, 502, FAILED),
    "forbidden": (0, 502, FAILED),
    "missing": (0, 502, FAILED),
    "redirect": (0, 502, FAILED),
    "link-local": (0, 502, FAILED),
    "truncated": (0, 502, FAILED),
    "latin": (0, 502, FAILED),
    "html": (0, 502, FAILED),
    "kind": (0, 502, FAILED),
    "deep": (100_000, 502, FAILED),
    "no-wrapper": (0, 502, FAILED),
    "garbage": (0, 502, FAILED),
    "error-in-success": (0, 502, FAILED),
    "mistyped": (0, 502, FAILED),
    "twins": (0, 502, FAILED),
    "endless": (0, 502, FAILED),
    "hollow": (0, 502, FAILED),
    "error": (0, 503, UNAVAILABLE),
    "bad-gateway": (0, 503, UNAVAILABLE),
    "throttled": (0, 503, UNAVAILABLE),
    "too-many-tokens": (0, 503, UNAVAILABLE),
    "unavailable": (0, 503, UNAVAILABLE),
    "reset": (0, 503, UNAVAILABLE),
    "silent": (0, 503, UNAVAILABLE),
    "no-snapshot": (0, 502, FAILED),
    "short": (0, 502, FAILED),
    "slow": (3, 504, LATE),
    "drip": (0.1, 504, LATE),
    "stalled": (0, 504, LATE),
}
PASSING = ("throttled", "reset", "silent", "unavailable", "insert", "delete", "clamp", "total", "short",
           "duplicate", "stranger")  # fmt: skip
ADAPTER = {"keyless", "huge", "bomb"}  # all the same to a gateway: tests/adapters/edfi_ods/test_faults.py


@pytest.fixture(scope="module")
def ods():
    with system(complete(WORLDS)) as found:
        yield found


@pytest.fixture(scope="module")
def region(ods, tmp_path_factory):
    """A gateway with the ODS as its one district, of which it reads little at a time and does not wait long."""
    folder = tmp_path_factory.mktemp("region")
    (folder / "secret").write_text("ods-secret")
    given = settings_for(ods, client_secret=f"file:{folder / 'secret'}", page_size=4, timeout=1, deadline=4)
    with running(
        folder / "r", {"willow": Site("edfi_ods", given | {"allow_private": "true"})}, [agreement("willow")]
    ) as one:
        yield one


@pytest.fixture
def client(region, ods):
    """A consumer of a district with which nothing is wrong, before the test and after it."""
    consumer = region.consumer()
    wait_until_well(consumer, ods)
    yield consumer
    ods.ods.faults.clear()
    wait_until_well(consumer, ods)


def wait_until_well(consumer, ods):
    """List all there is, again after a second while a busy machine makes the ODS too slow to be opened or read."""
    for _ in range(30):
        if (answer := consumer.edfi(LIVE, limit=500, totalCount="true")).status_code != LATE_STATUS:
            break
        time.sleep(1)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Total-Count"] == str(len(answer.json)) == str(there(ods))


def there(ods):
    return len(ods.ods.state.rows[ROWS])


def listed(consumer):
    answer = consumer.edfi(LIVE, limit=500, totalCount="true")
    assert answer.status_code == 200, answer.text
    assert answer.headers["Total-Count"] == str(len(answer.json))
    return len(answer.json)


@pytest.mark.parametrize("query", [{}, {"limit": 1}, {"limit": 0, "totalCount": "true"}], ids=["list", "page", "count"])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_the_middle_is_told_and_nothing_else_is(client, ods, fault, query):
    value, status, kind = FAULTS[fault]
    ods.ods.faults.add(fault, LIVE.lower(), after=1, times=ALL, value=value)
    answer = client.edfi(LIVE, **query)
    assert answer.status_code == status, answer.text
    assert answer.json["type"] == f"urn:ed-fi:api:system:{kind}"
    assert ("Retry-After" in answer.headers) == (status != 502)
    assert "Total-Count" not in answer.headers
    assert "Next-Page-Token" not in answer.headers
    assert ods.url not in answer.text
    assert "@" not in answer.text


@pytest.mark.parametrize("fault", PASSING)
def test_what_goes_wrong_once_is_not_noticed(client, ods, fault):
    ods.ods.faults.add(fault, LIVE.lower(), after=1 if fault != "total" else 0, value=0 if fault in HURRIED else 2)
    met = [one["id"] for one in client.edfi(LIVE, limit=500).json]
    assert len(met) == len(set(met))
    now = {row.id for row in ods.ods.state.rows[ROWS].values()}
    assert len(now ^ set(met)) <= (fault in {"insert", "delete"})


def test_pages_of_a_consumer_hold_together_while_documents_come_and_go(client, ods):
    """What stays is met once, whoever comes or goes between the pages and while each of them is read."""
    stays = {row.id for row in ods.ods.state.rows[ROWS].values()}
    answer, met = client.edfi(LIVE, limit=2), []
    while answer.json:
        met += [one["id"] for one in answer.json]
        ods.ods.faults.add("insert", LIVE.lower(), after=1)
        answer = client.edfi(LIVE, pageToken=answer.headers["Next-Page-Token"], pageSize=2)
        assert answer.status_code in {200, 409}, answer.text
        if answer.status_code == 409:  # told to begin again, which is no short list
            return
    assert len(met) == len(set(met))
    assert stays <= set(met)


def test_a_token_that_ends_in_the_middle_of_a_walk_is_renewed_and_nobody_notices(ods, tmp_path):
    (tmp_path / "secret").write_text("ods-secret")
    given = settings_for(ods, client_secret=f"file:{tmp_path / 'secret'}", allow_private="true", page_size=4)
    with running(tmp_path / "r", {"willow": Site("edfi_ods", given)}, [agreement("willow")]) as region:
        assert listed(region.consumer()) == there(ods)
        asked = len(ods.asked("token"))
        ods.ods.faults.add("expired", LIVE.lower(), after=1)
        assert listed(region.consumer()) == there(ods)
        assert len(ods.asked("token")) == asked + 1


def test_an_ods_without_its_snapshot_says_when_to_come_again(ods, tmp_path):
    (tmp_path / "secret").write_text("ods-secret")
    given = settings_for(ods, client_secret=f"file:{tmp_path / 'secret'}", snapshot="true", allow_private="true")
    with running(tmp_path / "r", {"willow": Site("edfi_ods", given)}, [agreement("willow")]) as region:
        for name in (LIVE, "students"):
            answer = region.consumer().edfi(name)
            assert (answer.status_code, answer.json["type"]) == (503, f"urn:ed-fi:api:system:{UNAVAILABLE}")
            assert int(answer.headers["Retry-After"]) > 0


def test_a_hold_that_cannot_be_loaded_or_renewed_is_no_shorter_for_it(ods, tmp_path):
    (tmp_path / "secret").write_text("ods-secret")
    given = settings_for(ods, client_secret=f"file:{tmp_path / 'secret'}", allow_private="true")
    with running(tmp_path / "r", {"willow": Site("edfi_ods", given, "10m")}, [agreement("willow")], DAY) as region:
        students = len(ods.ods.state.rows["Student"])
        consumer = region.consumer()
        ods.ods.faults.add("truncated", "students", times=ALL)
        answer = consumer.edfi("students", totalCount="true")
        assert (answer.status_code, answer.json["type"]) == (502, f"urn:ed-fi:api:system:{FAILED}")
        ods.ods.faults.clear()
        assert len(consumer.resources("students")) == students
        ods.ods.faults.add("error", times=ALL)
        region.clock.move(3600)
        answer = consumer.edfi("students", totalCount="true")
        assert (answer.status_code, answer.json["type"]) == (503, f"urn:ed-fi:api:system:{UNAVAILABLE}")
        assert "Retry-After" in answer.headers
        ods.ods.faults.clear()
        assert len(consumer.resources("students")) == students


def test_every_fault_has_a_case():
    assert {*FAULTS, *PASSING, *ADAPTER, "expired"} == {*get_args(Kind)} - {"reorder"}
