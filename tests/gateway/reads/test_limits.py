"""Limits of agreements hold however records are asked for, and before anything of an answer is sent."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gateway.audit.chain import read_events
from gateway.storage.shared_memory import LocalMemory
from standards.errors import StoreUnavailable
from tests.support.regions import EDFI, Clock, agreement, links, running, small_sites

STUDENTS = 30
CLIENT = "conformance"
LATE = datetime(2026, 11, 3, 7, 40, tzinfo=UTC)  # twenty minutes before midnight in Los Angeles


@pytest.fixture(scope="module")
def sites(tmp_path_factory):
    return {"maple": small_sites(tmp_path_factory.mktemp("limits"), STUDENTS)["maple"]}


def limited(limits: str, **changes) -> str:
    operations = "[read, search, bulk, changes]"
    return agreement("maple", operations=operations, **changes) + f"limits: {limits}\n"


@pytest.fixture
def region_of(tmp_path, sites):
    """A region whose one agreement has some limits."""
    opened = []

    def begin(*texts: str, clock: Clock | None = None):
        region = running(tmp_path / f"region{len(opened)}", sites, texts, clock=clock)
        opened.append(region)
        return region.__enter__()

    yield begin
    for region in reversed(opened):
        region.__exit__(None, None, None)


def test_beyond_the_rows_of_a_day_a_page_is_refused_whole(region_of):
    region = region_of(limited("{maxRowsPerDay: 50}"))
    consumer = region.consumer()
    assert consumer.roster("students", limit=STUDENTS).status_code == 200
    refused = consumer.roster("students", limit=STUDENTS)
    assert (refused.status_code, refused.json["imsx_codeMajor"]) == (429, "failure")
    assert "users" not in refused.json
    assert int(refused.headers["Retry-After"]) == 13 * 3600  # from eleven in the morning to midnight in Los Angeles
    assert consumer.roster("students", limit=20).status_code == 200
    assert consumer.roster("students", limit=1).status_code == 429


def test_what_is_refused_is_not_recorded_as_sent(region_of):
    region = region_of(limited("{maxRowsPerDay: 5}"))
    assert region.consumer().roster("students", limit=10).status_code == 429
    assert [event for event in read_events(region.folder / "state" / "audit") if event.get("rows")] == []


def test_each_standard_says_it_in_its_own_words(region_of):
    consumer = region_of(limited("{maxRowsPerDay: 5}")).consumer()
    assert consumer.edfi("students", limit=10).status_code == 429
    assert consumer.edfi("students", limit=10).json["status"] == 429
    assert consumer.ask("/ims/oneroster/v1p1/students", limit=10).status_code == 429
    bulk = consumer.ask("/maple/ims/oneroster/bulk/v1p2/csv")
    assert (bulk.status_code, int(bulk.headers["Retry-After"]) > 0) == (429, True)


def test_single_records_and_changes_count_too(region_of):
    consumer = region_of(limited("{maxRowsPerDay: 3}")).consumer()
    (one,) = consumer.roster("students", limit=1).json["users"]
    assert consumer.roster(f"students/{one['sourcedId']}").status_code == 200
    assert consumer.roster("students/nobody").status_code == 404
    assert consumer.ask(f"/maple{EDFI}students", limit=1, minChangeVersion=0).status_code == 200
    assert consumer.roster(f"students/{one['sourcedId']}").status_code == 429


def test_a_day_ends_in_the_time_zone_of_the_agreement(region_of):
    clock = Clock(LATE)
    consumer = region_of(limited("{maxRowsPerDay: 10}"), clock=clock).consumer()
    assert consumer.roster("students", limit=10).status_code == 200
    refused = consumer.roster("students", limit=10)
    assert int(refused.headers["Retry-After"]) == 1200


def test_another_day_is_counted_anew(region_of):
    clock = Clock(LATE)
    consumer = region_of(limited("{maxRowsPerDay: 10}"), clock=clock).consumer()
    assert consumer.roster("students", limit=10).status_code == 200
    clock.move(1100)
    assert consumer.roster("students", limit=1).status_code == 429
    clock.move(110)
    assert consumer.roster("students", limit=10).status_code == 200


def test_without_a_memory_to_count_in_nothing_is_sent(region_of, monkeypatch):
    consumer = region_of(limited("{maxRowsPerDay: 1000}")).consumer()
    assert consumer.roster("students", limit=1).status_code == 200

    def gone(*_: object) -> int:
        raise StoreUnavailable("gone")

    monkeypatch.setattr(LocalMemory, "increment", gone)
    answer = consumer.roster("students", limit=1)
    assert (answer.status_code, "users" in answer.json) == (503, False)


def test_agreements_without_a_limit_count_nothing(region_of, monkeypatch):
    consumer = region_of(agreement("maple")).consumer()
    monkeypatch.setattr(LocalMemory, "increment", None)
    assert consumer.roster("students", limit=1).status_code == 200


def totals(consumer, **query) -> tuple[str | None, str | None]:
    """What OneRoster and Ed-Fi tell of how many there are."""
    roster = consumer.roster("students", **query)
    assert roster.status_code == 200
    last = links(roster.headers["Link"]).get("last")
    assert (last is None) == ("X-Total-Count" not in roster.headers)
    edfi = consumer.edfi("students", totalCount="true", **{k: v for k, v in query.items() if k == "limit"})
    return roster.headers.get("X-Total-Count"), edfi.headers.get("Total-Count")


def test_a_total_that_is_not_small_is_told(region_of):
    assert totals(region_of(limited("{smallCell: 30}")).consumer(), limit=5) == ("30", "30")


def test_a_small_total_is_kept_back(region_of):
    consumer = region_of(limited("{smallCell: 31}")).consumer()
    assert totals(consumer, limit=5) == (None, None)
    header = links(consumer.roster("students", limit=5).headers["Link"])
    assert header.keys() == {"first", "next"}


def test_a_total_that_would_tell_a_small_rest_is_kept_back(region_of):
    consumer = region_of(limited("{smallCell: 10}")).consumer()
    names = [one["givenName"] for one in consumer.users("students")]
    few = next(name for name in names if names.count(name) < 10)
    assert totals(consumer, limit=5, filter=f"givenName='{few}'")[0] is None
    assert totals(consumer, limit=5, filter=f"givenName!='{few}'")[0] is None
    assert totals(consumer, limit=5)[0] == "30"


def test_what_is_half_of_all_is_told(region_of):
    consumer = region_of(limited("{smallCell: 10}")).consumer()
    names = sorted(one["givenName"] for one in consumer.users("students"))
    middle = names[STUDENTS // 2]
    below = sum(name < middle for name in names)
    assert 10 <= below <= 20
    assert totals(consumer, limit=5, filter=f"givenName<'{middle}'")[0] == str(below)


def test_the_number_of_page_tokens_tells_no_small_total(region_of):
    consumer = region_of(limited("{smallCell: 31}")).consumer()
    assert len(consumer.edfi("students/partitions", number=40).json["pageTokens"]) == 1


def test_a_walk_through_all_pages_needs_no_total(region_of):
    consumer = region_of(limited("{smallCell: 31}")).consumer()
    assert len(consumer.users("students", limit=7)) == STUDENTS


def test_two_agreements_for_one_purpose_are_counted_each_for_itself(region_of):
    other = limited("{maxRowsPerDay: 12}").replace(f"id: {CLIENT}-maple", "id: other")
    region = region_of(limited("{maxRowsPerDay: 50}"), other)
    consumer = region.consumer()
    assert consumer.roster("students", limit=10).status_code == 200
    assert consumer.roster("students", limit=10).status_code == 429
    *_, event = read_events(region.folder / "state" / "audit")
    assert event["agreements"] == [f"{CLIENT}-maple@1", "other@1"]
    assert (len(event["texts"]), len(event["elements"])) == (2, 2)
