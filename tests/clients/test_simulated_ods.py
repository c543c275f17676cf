"""The published clients take the simulated ODS for an ODS: what they see of it is what it has."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from adapters.simulators.edfi import Ods, run
from tests.clients.running import Clients
from tests.standards.edfi.complete import complete

OWN = ("id", "_etag", "_lastModifiedDate")
KEPT = Counter(collection for collection, _ in complete(2))
WALKED = ("students", "sections", "grades", "gradeLevelDescriptors")


@pytest.fixture(scope="module")
def system():
    with run(Ods(complete(2))) as running:
        running.ods.tokens.limit = -1
        yield running


@pytest.fixture
def clients(system, tmp_path):
    return Clients(system.url, "crossing", "ods-secret", tmp_path)


def test_edfi_api_client_counts_what_there_is(clients):
    assert clients.edfi("counts") == KEPT


@pytest.mark.parametrize("how", ["cursor", "offset", "reverse"])
def test_edfi_api_client_walks_over_every_document_once(clients, how):
    met = clients.edfi(how, *WALKED)
    assert {name: (len(ids), len(set(ids))) for name, ids in met.items()} == {
        name: (KEPT[name], KEPT[name]) for name in WALKED
    }


def test_edfi_api_client_reads_what_the_system_says_of_itself(clients):
    seen = clients.edfi("metadata")
    assert (seen["version"], seen["model"], seen["ping"], seen["has_deletes"]) == ("7.3", "5.2.0", 200, True)
    assert len(seen["resources"]) + len(seen["descriptors"]) == len(KEPT)
    assert clients.edfi("token")["client_id"] == "crossing"


def test_edfi_api_client_is_told_of_what_is_gone(clients, system):
    state = system.ods.state
    last = state.ordered(system.ods.shape.resources["GradingPeriod"])[-1]
    state.remove(last)
    assert clients.edfi("tracked", "gradingPeriods")["gradingPeriods"] == [[last.id], []]


def test_lightbeam_counts_what_there_is(clients, system):
    counts = clients.counted("-s", "students,sections,classPeriods,gradeLevelDescriptors")
    assert counts["students"] == KEPT["students"]


@pytest.mark.slow  # six runs of lightbeam; what it sends to the gateway is tried in test_lightbeam.py
def test_lightbeam_sends_and_deletes_what_it_fetched(clients):
    """Class periods are fetched, sent under other names, counted, and deleted again."""
    name = "classPeriods"
    clients.lightbeam("fetch", "-s", name, "-d", ",".join(OWN))
    fresh = [{**row, "classPeriodName": f"Z {number}"} for number, row in enumerate(clients.rows(name))]
    (clients.data / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in fresh))
    assert "201" in clients.lightbeam("send", "-s", name)
    assert clients.counted("-s", name)[name] == 2 * KEPT[name]
    assert "204" in clients.lightbeam("delete", "-f", "-s", name)
    assert clients.counted("-s", name)[name] == KEPT[name]
