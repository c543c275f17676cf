"""Each thing that can go wrong with an ODS gives the right error, and never a part of a list."""

from __future__ import annotations

import threading
import time
from typing import get_args

import pytest

from adapters.notes import REASONS
from adapters.simulators.faults import Kind
from standards.errors import SourceBroken, SourceError, SourceRefused, SourceUnavailable
from tests.adapters.edfi_ods.system import district_documents, source, system

VERSIONS = pytest.mark.parametrize("version", ["7.3", "7.1"])
ALL = 1000
STUDENTS = 60
REFUSED = {
    # fault: (its value, the error, a word of its message)
    "unauthorized": (0, SourceRefused, "answers 401"),
    "forbidden": (0, SourceRefused, "answers 403"),
    "missing": (0, SourceRefused, "answers 404"),
    "redirect": (0, SourceRefused, "sends elsewhere"),
    "link-local": (0, SourceRefused, "sends elsewhere"),
    "error": (0, SourceUnavailable, "answers 500"),
    "bad-gateway": (0, SourceUnavailable, "answers 50"),
    "throttled": (0, SourceUnavailable, "answers 429"),
    "unavailable": (0, SourceUnavailable, "answers 503"),
    "reset": (0, SourceUnavailable, "connection broke|cannot be reached"),
    "silent": (0, SourceUnavailable, "connection broke|cannot be reached"),
    "truncated": (0, SourceBroken, "no JSON"),
    "latin": (0, SourceBroken, "no JSON"),
    "html": (0, SourceBroken, "no JSON"),
    "kind": (0, SourceBroken, "no JSON"),
    "deep": (100_000, SourceBroken, "no JSON"),
    "no-wrapper": (0, SourceBroken, "no list"),
    "garbage": (0, SourceBroken, "no object"),
    "error-in-success": (0, SourceBroken, "no list"),
    "duplicate": (0, SourceError, "same id|changed"),
    "twins": (0, SourceBroken, "same id"),
    "short": (0, SourceError, "changed|not as many"),
}
CURSORS = {
    "clamp": (3, SourceError, "not as many"),
    "endless": (0, SourceBroken, "no end"),
    "hollow": (0, SourceBroken, "no end|not as many"),
}
PASSING = ("throttled", "unavailable", "reset", "silent", "unauthorized", "expired")
DRIFTING = ("insert", "delete", "duplicate", "total", "clamp", "short")
LATE = {"slow": 2, "drip": 0.05, "stalled": 0}
LARGE = ("huge", "bomb")
ASIDE = ("keyless", "mistyped")
APART = ("stranger", "no-snapshot", "too-many-tokens")  # each with a test of its own
ONEROSTER = ("reorder",)  # only that simulator has an order to lose


def small(**more):
    """A system with no more than a reading of students needs."""
    return system(only={"students", "studentSchoolAssociations"}, **more)


def read(adapter, entity="student"):
    return list(adapter.read({entity: None}))


@VERSIONS
@pytest.mark.parametrize("fault", REFUSED)
def test_a_fault_in_the_middle_of_a_walk_is_an_error(fault, version):
    value, error, message = REFUSED[fault]
    given = []
    with small(version=version) as running, source(running, page_size=10) as adapter:
        running.ods.faults.add(fault, "students", after=2, times=ALL, value=value)
        with pytest.raises(error, match=message) as caught:
            given.extend(adapter.read({"student": None}))
        assert given == []
        assert running.url not in caught.value.message
        assert "limit=" not in caught.value.message


@VERSIONS
@pytest.mark.parametrize("fault", ASIDE)
def test_a_document_that_cannot_be_understood_is_set_aside_and_told(fault, version):
    with small(version=version) as running, source(running, page_size=10) as adapter:
        whole = {record["id"] for _, record in read(adapter)}
        running.ods.faults.add(fault, "students", after=2)
        adapter.notes.clear()
        left = {record["id"] for _, record in read(adapter)}
        (aside,) = adapter.notes.page.aside
        assert len(whole) == STUDENTS
        assert len(left) == STUDENTS - 1
        assert left < whole
        assert aside.entity == "student"
        assert aside.reason in REASONS
        assert adapter.notes.page.asides == {"student": 1}


@pytest.mark.parametrize("fault", CURSORS)
def test_a_cursor_without_end_is_an_error(fault):
    value, error, message = CURSORS[fault]
    with small() as running, source(running, page_size=10) as adapter:
        running.ods.faults.add(fault, "students", after=1, times=ALL, value=value)
        with pytest.raises(error, match=message):
            read(adapter)


@VERSIONS
@pytest.mark.parametrize("fault", PASSING)
def test_what_passes_is_waited_for_and_the_whole_is_read(fault, version):
    with small(version=version) as running, source(running, page_size=10) as adapter:
        running.ods.faults.add(fault, "students", after=2)
        assert len(read(adapter)) == STUDENTS


@VERSIONS
@pytest.mark.parametrize("fault", DRIFTING)
def test_a_resource_that_changed_once_while_it_was_read_is_read_whole(fault, version):
    with small(version=version) as running, source(running, page_size=10) as adapter:
        running.ods.faults.add(fault, "students", after=2 if fault != "total" else 0, value=2)
        found = [record["id"] for _, record in read(adapter)]
        there = {row.id for row in running.ods.state.rows["Student"].values()}
        assert len(found) == len(set(found))
        assert len(there ^ set(found)) <= 1  # whoever came or went while it was read


def test_documents_that_come_and_go_all_the_time_are_refused_when_offsets_are_all_there_is():
    with small(version="7.1") as running, source(running, page_size=10) as adapter:
        running.ods.faults.add("insert", "students", times=ALL)
        with pytest.raises(SourceUnavailable, match="changed"):
            read(adapter)


@VERSIONS
def test_a_count_that_is_wrong_all_the_time_is_an_error(version):
    with small(version=version) as running, source(running, page_size=10) as adapter:
        running.ods.faults.add("total", "students", times=ALL, value=3)
        with pytest.raises(SourceError, match=r"changed|not as many"):
            read(adapter)


def test_a_member_that_nobody_knows_is_counted_and_dropped():
    with small() as running, source(running) as adapter:
        running.ods.faults.add("stranger", "students", times=ALL)
        assert len(read(adapter)) == STUDENTS
        assert adapter.notes.counts["students: unknown member shoeSize"] > 0
        assert "shoeSize" not in repr(read(adapter))


def test_a_server_without_a_snapshot_says_so():
    with small() as running, source(running, snapshot=True) as adapter:
        with pytest.raises(SourceUnavailable, match="no snapshot"):
            read(adapter)
        running.ods.take_snapshot()
        running.ods.slip_out("students")
        assert len(read(adapter)) == STUDENTS
        assert all(one.headers.get("Use-Snapshot") == "true" for one in running.asked("students")[1:])
        running.ods.faults.add("no-snapshot", "students", after=1, times=ALL)
        with pytest.raises(SourceUnavailable, match="no snapshot"):
            read(adapter)


@pytest.mark.parametrize("fault", LATE)
def test_a_server_that_dawdles_is_given_up_in_time(fault):
    with small() as running, source(running, timeout=0.3, deadline=1.0, page_size=10) as adapter:
        running.ods.faults.add(fault, "students", times=ALL, value=LATE[fault])
        begun = time.monotonic()
        with pytest.raises(SourceUnavailable):
            read(adapter)
        assert time.monotonic() - begun < 3


@pytest.mark.parametrize("fault", LARGE)
def test_a_body_without_end_is_cut_off(fault):
    with small() as running, source(running) as adapter:
        adapter._http.bounds = type(adapter._http.bounds)(body=1 << 20)
        running.ods.faults.add(fault, "students", times=ALL, value=40 << 20)
        with pytest.raises(SourceBroken, match="larger than 1,048,576 bytes"):
            read(adapter)


def test_a_time_to_come_back_is_passed_on():
    with small() as running, source(running) as adapter:
        running.ods.faults.add("throttled", "students", times=ALL, value=77)
        with pytest.raises(SourceUnavailable) as caught:
            read(adapter)
        assert caught.value.retry_after == 77


def test_a_dead_address_is_unavailable():
    with small() as running:
        pass
    with source(running) as adapter, pytest.raises(SourceUnavailable, match="cannot be reached"):
        read(adapter)


def test_more_documents_than_are_allowed_are_refused():
    with small() as running, source(running, rows=10) as adapter, pytest.raises(SourceBroken, match="more than 10"):
        read(adapter)


def test_a_token_is_shared_by_all_who_read_and_asked_for_once():
    with small() as running, source(running, page_size=10) as adapter:
        found = []
        threads = [threading.Thread(target=lambda: found.append(len(read(adapter)))) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == [STUDENTS] * 4
        assert len(running.asked("token")) == 1


def test_a_token_that_ends_in_the_middle_of_a_walk_is_renewed_once():
    with small() as running, source(running, page_size=10) as adapter:
        running.ods.faults.add("expired", "students", after=3)
        assert len(read(adapter)) == STUDENTS
        assert len(running.asked("token")) == 2


def test_a_server_that_refuses_every_token_is_not_asked_for_more_and_more():
    with small() as running, source(running) as adapter:
        running.ods.faults.add("unauthorized", "students", times=ALL)
        for _ in range(5):
            with pytest.raises(SourceRefused, match="answers 401"):
                read(adapter)
        assert len(running.asked("token")) == 2


def test_a_token_that_is_one_too_many_is_asked_for_again_by_the_next_who_reads():
    with small() as running, source(running) as adapter:
        running.ods.faults.add("too-many-tokens", "token")
        with pytest.raises(SourceUnavailable, match=r"token: the source answers 429"):
            read(adapter)
        assert len(read(adapter)) == STUDENTS
        assert [one.status for one in running.asked("token")] == [429, 200]


def test_too_many_tokens_are_waited_for():
    with small() as running, source(running) as adapter:
        running.ods.tokens.limit = 0
        with pytest.raises(SourceUnavailable, match=r"token: the source answers 429 \(security:authentication:too"):
            read(adapter)
        running.ods.tokens.limit = 15
        assert len(read(adapter)) == STUDENTS


@pytest.mark.parametrize("version", ["7.3", "7.1", "5.3"])
def test_both_dialects_of_errors_are_read_and_neither_is_repeated(version):
    refused = pytest.raises(SourceRefused, match=r"token: the source answers 401 \(invalid_client\)")
    with small(version=version) as running, source(running, client_secret="wrong") as adapter, refused:
        read(adapter)
    with small(version=version) as running, source(running) as adapter:
        running.ods.faults.add("error", "students", times=ALL)
        with pytest.raises(SourceUnavailable) as caught:
            read(adapter)
        assert caught.value.message in (
            "students: the source answers 500.",
            "students: the source answers 500 (system).",
        )


def test_every_fault_has_a_case():
    cases = {*REFUSED, *ASIDE, *CURSORS, *PASSING, *DRIFTING, *LATE, *LARGE, *APART}
    assert cases == {*get_args(Kind)} - {*ONEROSTER}


def test_the_district_has_what_these_tests_count():
    assert sum(collection == "students" for collection, _ in district_documents()) == STUDENTS
