"""The published lightbeam works unchanged against every kind of district."""

from __future__ import annotations

import json

import pytest

from tests.clients.conftest import slow_for

SAMPLE, SOME, FEW = (
    200,
    40,
    3,
)  # of each resource: lightbeam compares every record with every other, and asks for what they name
# No file of Grand Bend describes the bus routes that its students take.
FAULTS = {"gb": {"studentTransportations"}}
SLOW = ("cedar", "gb")
OWN = ("id", "_etag", "_lastModifiedDate")


@pytest.fixture(scope="module")
def fetched(clients, followed):
    """The clients, after lightbeam has fetched every record of the resources."""
    clients.lightbeam("fetch", "-s", ",".join(followed))
    return clients


@slow_for(*SLOW)
def test_it_counts_what_the_other_client_counts(clients, counts):
    counted = clients.counted()
    assert {name: counted.pop(name) for name in counts} == counts
    assert set(counted.values()) <= {0}  # what the documents do not list, since no system here has it


@slow_for(*SLOW)
def test_it_fetches_as_many_records_as_it_counts(fetched, counts, followed):
    met = {name: [row["id"] for row in fetched.rows(name)] for name in followed}
    assert {name: (len(ids), len(set(ids))) for name, ids in met.items()} == {
        name: (counts[name], counts[name]) for name in followed
    }


@slow_for(*SLOW, "fir")
def test_what_it_fetched_is_valid_by_our_documents(fetched, followed):
    told = fetched.report({"maple": SOME, "fir": FEW}.get(fetched.district, SAMPLE))
    assert sorted(told) == followed
    wrong = {name: one["failures"] for name, one in told.items() if one.get("failures")}
    assert wrong.keys() == FAULTS.get(fetched.district, set())
    for failure in wrong.pop("studentTransportations", ()):
        assert "BusRouteDescriptor" in failure["message"]
    assert wrong == {}


def test_it_sends_and_deletes_again_what_it_fetched(writers):
    """A round trip: a school's class periods are sent under other names, counted, and deleted again."""
    name = "classPeriods"
    writers.lightbeam("fetch", "-s", name, "-d", ",".join(OWN))
    before = writers.rows(name)
    fresh = [{**row, "classPeriodName": f"Z {number}"} for number, row in enumerate(before[:5])]
    (writers.data / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in fresh))
    assert "201" in writers.lightbeam("send", "-s", name)
    assert writers.counted("-s", name)[name] == len(before) + len(fresh)
    assert "204" in writers.lightbeam("delete", "-f", "-s", name)
    assert writers.counted("-s", name)[name] == len(before)
