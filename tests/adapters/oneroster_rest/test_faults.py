"""Each thing that can go wrong with a OneRoster server gives the right error, and never a part of a list."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from standards.errors import SourceBroken, SourceError, SourceRefused, SourceUnavailable
from tests.adapters.oneroster_rest.system import district_documents, source, system

VERSIONS = pytest.mark.parametrize("version", ["1.1", "1.2"])
ALL = 1000
REFUSED = {
    # fault: (its value, the error, a word of its message)
    "unauthorized": (0, SourceRefused, "answers 401"),
    "forbidden": (0, SourceRefused, r"answers 403 \(forbidden\)"),
    "missing": (0, SourceRefused, "answers 404"),
    "redirect": (0, SourceRefused, "sends elsewhere"),
    "error": (0, SourceUnavailable, "answers 500"),
    "throttled": (0, SourceUnavailable, "answers 429"),
    "unavailable": (0, SourceUnavailable, "answers 503"),
    "reset": (0, SourceUnavailable, "connection broke|cannot be reached"),
    "silent": (0, SourceUnavailable, "connection broke|cannot be reached"),
    "truncated": (0, SourceBroken, "no JSON"),
    "html": (0, SourceBroken, "no JSON"),
    "kind": (0, SourceBroken, "no JSON"),
    "deep": (100_000, SourceBroken, "no JSON"),
    "no-wrapper": (0, SourceBroken, "holds no enrollments"),
    "garbage": (0, SourceBroken, "no object"),
    "error-in-success": (0, SourceRefused, "an error instead of documents"),
    "total": (3, SourceError, "changed|not as many"),
    "duplicate": (0, SourceError, "same sourcedId|changed"),
    "insert": (0, SourceUnavailable, "changed"),
    "delete": (0, SourceUnavailable, "changed"),
}


def read(adapter, entity="placement"):
    return list(adapter.read({entity: None}))


@VERSIONS
@pytest.mark.parametrize("fault", REFUSED)
def test_a_fault_in_the_middle_of_a_walk_is_an_error(fault, version):
    value, error, message = REFUSED[fault]
    given = []
    with system() as running, source(running, version=version, page_size=100) as adapter:
        running.sis.faults.add(fault, "enrollments", after=2, times=ALL, value=value)
        with pytest.raises(error, match=message) as caught:
            given.extend(adapter.read({"placement": None}))
        assert given == []
        assert running.url not in caught.value.message
        assert "limit=" not in caught.value.message


@pytest.mark.parametrize("fault", ["throttled", "unavailable", "reset", "silent", "unauthorized", "expired"])
def test_what_passes_is_waited_for_and_the_whole_is_read(fault):
    with system() as running, source(running, page_size=100) as adapter:
        running.sis.faults.add(fault, "enrollments", after=2)
        assert len(read(adapter)) == 515


@pytest.mark.parametrize("fault", ["insert", "delete", "duplicate", "total", "reorder"])
def test_a_collection_that_changed_once_while_it_was_read_is_read_again(fault):
    with system(sorting=fault != "reorder") as running, source(running, page_size=10) as small:
        running.sis.faults.add(fault, "academicSessions", after=1)
        running.sis.faults.add(fault, "results", after=0 if fault == "total" else 1, value=2)
        found = [record["key"] for _, record in small.read({"session": None, "result": None})]
        assert (
            len(found)
            == len(set(found))
            == sum(len(running.sis.documents[name]) for name in ("academicSessions", "results"))
        )
        assert any("changed meanwhile" in name for name in small.notes.counts)


@pytest.mark.parametrize("total", [True, False])
@pytest.mark.parametrize("fault", ["insert", "delete", "reorder"])
def test_a_collection_that_keeps_changing_is_refused_with_a_time_to_come_back(fault, total):
    with system(total=total, sorting=fault != "reorder") as running, source(running, page_size=20) as adapter:
        running.sis.faults.add(fault, "enrollments", after=3, times=ALL)
        with pytest.raises(SourceUnavailable, match=r"changed|same sourcedId") as caught:
            read(adapter)
        assert caught.value.retry_after == 60


@pytest.mark.parametrize("more", [-100, -7, 1, 1000])
def test_a_wrong_count_is_found_out(more):
    with system() as running, source(running, page_size=100) as adapter:
        running.sis.faults.add("total", "enrollments", times=ALL, value=more)
        with pytest.raises(SourceBroken, match="not as many"):
            read(adapter)


@pytest.mark.parametrize("total", [True, False])
def test_a_short_page_in_the_middle_loses_nothing(total):
    with system(total=total) as running, source(running, page_size=100) as adapter:
        running.sis.faults.add("short", "enrollments", after=1, times=2)
        assert len(read(adapter)) == 515


def test_a_promise_to_count_that_is_not_kept_is_an_error():
    with system(total=False) as running, source(running) as adapter:
        adapter._reader = replace(adapter._reader, profile=replace(adapter._profile, total="always"))
        with pytest.raises(SourceBroken, match="X-Total-Count"):
            read(adapter)


def test_a_server_that_ignores_the_offset_is_refused():
    with system() as running, source(running, page_size=100) as adapter:
        answer = running.sis.answer
        running.sis.answer = lambda method, url, headers, body: answer(
            method, url.replace("offset=", "ofset="), headers, body
        )
        with pytest.raises(SourceUnavailable, match="changed"):
            read(adapter)


@pytest.mark.parametrize("fault", ["huge", "bomb"])
def test_a_body_without_end_is_cut_off(fault):
    with system() as running, source(running) as adapter:
        adapter._http.bounds = type(adapter._http.bounds)(body=1 << 20)
        running.sis.faults.add(fault, "enrollments", times=ALL, value=40 << 20)
        with pytest.raises(SourceBroken, match="larger than 1,048,576 bytes"):
            read(adapter)


@pytest.mark.parametrize("fault", ["slow", "drip"])
def test_a_server_that_dawdles_is_given_up_in_time(fault):
    with system() as running, source(running, timeout=0.3, deadline=1.0, page_size=100) as adapter:
        running.sis.faults.add(fault, "enrollments", times=ALL, value=2 if fault == "slow" else 0.05)
        begun = time.monotonic()
        with pytest.raises(SourceUnavailable):
            read(adapter)
        assert time.monotonic() - begun < 3


def test_a_time_to_come_back_is_passed_on():
    with system() as running, source(running) as adapter:
        running.sis.faults.add("throttled", "enrollments", times=ALL, value=77)
        with pytest.raises(SourceUnavailable) as caught:
            read(adapter)
        assert caught.value.retry_after == 77


def test_a_source_that_keeps_failing_is_left_alone_for_a_while():
    with system() as running, source(running) as adapter:
        running.sis.faults.add("error", times=ALL)
        for _ in range(6):
            with pytest.raises(SourceUnavailable):
                read(adapter)
        asked = len(running.sis.log)
        with pytest.raises(SourceUnavailable, match="left alone") as caught:
            read(adapter)
        assert 0 < caught.value.retry_after <= 30
        assert len(running.sis.log) == asked


def test_a_dead_address_is_unavailable():
    with system() as running:
        pass
    with source(running) as adapter, pytest.raises(SourceUnavailable, match="cannot be reached"):
        read(adapter)


def test_more_documents_than_are_allowed_are_refused():
    with system() as running, source(running, rows=100) as adapter, pytest.raises(SourceBroken, match="more than 100"):
        read(adapter)


def test_the_district_has_what_these_tests_count():
    assert sum(one["role"] == "student" for one in district_documents()["enrollments"].values()) == 515
