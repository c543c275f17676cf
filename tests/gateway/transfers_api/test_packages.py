"""A sealed package is read whole or in parts, by its receiver alone, and delivered once all of it was handed over."""

from __future__ import annotations

import hashlib
import itertools
import sys
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.registers.entries import Restriction
from gateway.registers.tags import ID
from gateway.transfers.machine.words import EventKind, TransferState
from gateway.transfers.package.figures import figures_of
from gateway.transfers.package.files import read
from gateway.transfers_api.handed_over import MAX_SPANS, with_span
from tests.gateway.admin_api.test_frame import is_problem
from tests.gateway.transfers.work.world import SENDER

NUMBERS = itertools.cycle(range(35, 60))


def packed(moving, agent):
    """Return a transfer that is packed."""
    identifier = agent.post("/transfers", moving.form(next(NUMBERS), standing="enrollment")).json
    if "id" not in identifier:  # this one is not enrolled at Cedar
        return packed(moving, agent)
    found = moving.world.work(moving.world.find(identifier["id"]))
    return found if found.state is TransferState.PACKED else packed(moving, agent)


@pytest.fixture
def transfer(moving, agent):
    return packed(moving, agent)


@pytest.fixture
def path(transfer):
    return f"/transfers/{transfer.id}/package?version=1"


def listed(agent, transfer):
    return next(one for one in agent.get("/packages").json if one["transfer"] == transfer.id)


def state(moving, transfer):
    return moving.world.find(transfer).state


def test_a_package_is_listed_with_what_its_reader_must_know(moving, agent, transfer):
    told, whole = listed(agent, transfer), moving.world.container(transfer)
    assert set(told) == {"transfer", "version", "sender", "size", "sha256", "kid", "expires"}
    assert (told["size"], told["sha256"]) == (len(whole), hashlib.sha256(whole).hexdigest())
    assert (told["sender"], told["version"]) == ("maple", 1)


def test_a_package_that_is_read_whole_is_delivered_once(moving, agent, transfer, path):
    answer = agent.get(path)
    assert (answer.status_code, answer.data) == (200, moving.world.container(transfer))
    assert answer.headers["ETag"] == f'"{listed(agent, transfer)["sha256"]}"'
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert state(moving, transfer) is TransferState.DELIVERED
    assert agent.get(path).data
    events = [one.kind for one in moving.world.desk.ledger.events(transfer.id)]
    assert events.count(EventKind.DELIVER) == 1
    assert agent.get(f"/transfers/{transfer.id}").json["state"] == "delivered"


def restrict(moving, transfer):
    """Write a court order about the child of a transfer into Maple's registers."""
    entry = Restriction("", SENDER, "court-order", {ID: transfer.subject}, date(2026, 9, 1))
    moving.world.region.running._parts.registers.write(SENDER, [entry], "pia")
    moving.world.later(seconds=2)


def test_a_package_of_a_child_who_is_restricted_by_now_is_not_there_as_before_it_was_packed(moving, agent):
    asked = agent.post("/transfers", moving.form(2)).json["id"]
    before = agent.get(f"/transfers/{asked}/package?version=1")
    transfer = packed(moving, agent)
    path = f"/transfers/{transfer.id}/package?version=1"
    tag = listed(agent, transfer)["sha256"]
    assert agent.get(path, Range="bytes=0-99").status_code == 206
    shown = agent.get(f"/transfers/{transfer.id}").json
    restrict(moving, transfer)
    assert transfer.id not in {one["transfer"] for one in agent.get("/packages").json}
    for headers in ({}, {"Range": "bytes=100-"}, {"If_None_Match": f'"{tag}"'}):
        gone = agent.get(path, **headers)
        assert (gone.status_code, gone.json["type"]) == (before.status_code, before.json["type"])
        assert gone.json["detail"] == before.json["detail"]
    assert agent.ask("HEAD", path).status_code == before.status_code
    assert agent.get(f"/transfers/{transfer.id}").json == shown
    assert state(moving, transfer) is TransferState.PACKED
    moving.world.look_again(transfer)
    assert agent.get(f"/transfers/{transfer.id}").json == shown
    assert state(moving, transfer) is TransferState.WAITING


def test_figures_do_not_deliver_what_may_not_leave_any_more(moving, agent, transfer):
    figures = figures_of(read(moving.world.opened(transfer).manifest))
    restrict(moving, transfer)
    body = {"version": 1, "echo": figures}
    assert agent.post(f"/transfers/{transfer.id}/acknowledgment", body).status_code == 404
    assert state(moving, transfer) is TransferState.PACKED


def test_a_look_at_the_head_is_no_delivery(moving, agent, transfer, path):
    head = agent.ask("HEAD", path)
    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["Content-Length"] == str(listed(agent, transfer)["size"])
    assert agent.get(path, If_None_Match=head.headers["ETag"]).status_code == 304
    assert state(moving, transfer) is TransferState.PACKED


def test_the_end_alone_is_no_delivery_but_all_parts_in_any_order_are(moving, agent, transfer, path):
    size = listed(agent, transfer)["size"]
    cuts = [0, size // 3, size // 2, size]
    parts = {first: f"bytes={first}-{last - 1}" for first, last in itertools.pairwise(cuts)}
    found = {}
    for first in sorted(parts, reverse=True):
        assert state(moving, transfer) is TransferState.PACKED
        answer = agent.get(path, Range=parts[first])
        assert answer.status_code == 206
        assert answer.headers["Content-Range"] == f"{parts[first].replace('=', ' ')}/{size}"
        found[first] = answer.data
    assert b"".join(found[first] for first in sorted(found)) == moving.world.container(transfer)
    assert state(moving, transfer) is TransferState.DELIVERED


def test_a_reader_that_goes_away_was_handed_nothing(moving, agent, transfer, path):
    environ = agent.wsgi.open(path and f"/transfers/v1{path}", headers=agent.headers, base_url="https://crossing.example.org",
                              buffered=False)  # fmt: skip
    environ.close()
    assert state(moving, transfer) is TransferState.PACKED


@pytest.mark.parametrize("header", ["bytes=999999999-", "bytes=-0"])
def test_a_part_that_is_not_there_is_refused_with_the_size(agent, transfer, path, header):
    answer = agent.get(path, Range=header)
    is_problem(answer, 416, "range-not-satisfiable")
    assert answer.headers["Content-Range"] == f"bytes */{listed(agent, transfer)['size']}"


def test_a_part_of_another_package_is_not_mixed_in(agent, transfer, path):
    sha256 = listed(agent, transfer)["sha256"]
    assert agent.get(path, Range="bytes=0-9", If_Range=f'"{sha256}"').status_code == 206
    assert agent.get(path, Range="bytes=0-9", If_Range=f'"{"0" * 64}"').status_code == 200


@pytest.fixture(scope="module")
def one(moving, agent):
    """A package that is read again and again, with its bytes."""
    transfer = packed(moving, agent)
    return f"/transfers/{transfer.id}/package?version=1", moving.world.container(transfer)


@given(st.integers(0, 60_000), st.integers(0, 60_000))
def test_any_part_is_that_of_the_whole_file(agent, one, first, length):
    path, whole = one
    answer = agent.get(path, Range=f"bytes={first}-{first + length}")
    if first < len(whole):
        assert (answer.status_code, answer.data) == (206, whole[first : first + length + 1])
    else:
        assert answer.status_code == 416


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 20)), max_size=30))
def test_spans_are_the_bytes_that_were_handed_over(parts):
    spans, bytes_ = [], set()
    for begin, length in parts:
        spans = with_span(spans, begin, begin + length)
        bytes_ |= set(range(begin, begin + length))
    assert {number for begin, end in spans for number in range(begin, end)} == bytes_
    assert all(one[1] < other[0] for one, other in itertools.pairwise(spans))


def test_spans_are_bounded():
    spans = []
    for number in range(0, 4 * MAX_SPANS, 2):
        spans = with_span(spans, number, number + 1)
    assert len(spans) == MAX_SPANS


@pytest.mark.parametrize("query", ["version=2", "version=99999"])
def test_another_version_is_not_there(agent, transfer, query):
    is_problem(agent.get(f"/transfers/{transfer.id}/package?{query}"), 404, "package-gone")


@pytest.mark.parametrize("query", ["", "version=0", "version=x", "version=1&version=1"])
def test_a_version_must_be_said(agent, transfer, query):
    is_problem(agent.get(f"/transfers/{transfer.id}/package?{query}"), 400, "malformed-query")


def test_what_is_withdrawn_between_two_parts_is_gone(moving, agent, mia, transfer, path):
    assert agent.get(path, Range="bytes=0-99").status_code == 206
    agent.post(f"/transfers/{transfer.id}/withdraw", {"reason": "mistake"})
    is_problem(agent.get(path, Range="bytes=100-199"), 404, "package-gone")
    assert transfer.id not in {one["transfer"] for one in agent.get("/packages").json}


def test_another_district_finds_nothing_whatever_it_asks(moving, transfer):
    stranger = moving.program("maple-stranger", "maple")
    assert stranger.get("/packages").json == []
    there = stranger.get(f"/transfers/{transfer.id}/package?version=1")
    absent = stranger.get(f"/transfers/{'0' * 32}/package?version=1")
    assert (there.status_code, there.json["detail"]) == (absent.status_code, absent.json["detail"])
    is_problem(there, 404, "package-gone")


def echo(moving, transfer):
    return figures_of(read(moving.world.opened(transfer).manifest))


def test_the_right_figures_acknowledge_and_wrong_ones_do_not(moving, agent, transfer, path):
    figures = echo(moving, transfer)
    assert agent.get(path).data
    wrong = {**figures, "sections": {**figures["sections"], "identity": 99}}
    is_problem(
        agent.post(f"/transfers/{transfer.id}/acknowledgment", {"version": 1, "echo": wrong}), 409, "transfer-state"
    )
    done = agent.post(f"/transfers/{transfer.id}/acknowledgment", {"version": 1, "echo": figures})
    assert done.status_code == 200, done.text
    assert state(moving, transfer) is TransferState.ACKNOWLEDGED
    assert transfer.id not in {one["transfer"] for one in agent.get("/packages").json}
    filed = agent.post(f"/transfers/{transfer.id}/sections/identity/filed", {"version": 1, "how": "written"})
    assert filed.status_code == 200, filed.text


def test_right_figures_show_that_all_came_though_the_memory_of_it_was_lost(moving, agent, transfer):
    figures = echo(moving, transfer)
    wrong = {**figures, "check": {"gpa": "9"}}
    assert agent.post(f"/transfers/{transfer.id}/acknowledgment", {"version": 1, "echo": wrong}).status_code == 404
    assert state(moving, transfer) is TransferState.PACKED
    assert agent.post(f"/transfers/{transfer.id}/acknowledgment", {"version": 1, "echo": figures}).status_code == 200
    assert state(moving, transfer) is TransferState.ACKNOWLEDGED


def test_what_does_not_fit_is_wanted_again_as_the_next_version(moving, agent, transfer, path):
    assert agent.get(path).data
    again = agent.post(f"/transfers/{transfer.id}/acknowledgment", {"version": 1, "resend": "mismatch"})
    assert again.status_code == 200, again.text
    moving.world.work(moving.world.find(transfer))
    assert listed(agent, transfer)["version"] == 2


@pytest.mark.parametrize(
    "body",
    [
        {"version": 1},
        {"version": 1, "resend": "lost", "echo": {"sections": {}, "check": {}}},
        {"version": 1, "resend": "because"},
        {"version": "1", "resend": "lost"},
        {"version": 1, "echo": {"sections": {"shoes": 1}, "check": {}}},
        {"version": 1, "echo": {"sections": {"identity": "1"}, "check": {}}},
        {"version": 1, "echo": {"sections": {}, "check": {"gpa": "high"}}},
    ],
)
def test_an_acknowledgment_that_cannot_be_meant_is_refused(agent, transfer, body):
    is_problem(agent.post(f"/transfers/{transfer.id}/acknowledgment", body), 400, "invalid-body")


def test_a_section_that_no_record_has_is_no_address(agent, transfer):
    answer = agent.post(f"/transfers/{transfer.id}/sections/shoes/filed", {"version": 1, "how": "written"})
    is_problem(answer, 404, "not-found")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lists open files so")
def test_no_file_stays_open_of_what_nobody_reads_on(agent, path):
    def open_files():
        return len(list(Path("/proc/self/fd").iterdir()))

    before = open_files()
    for _ in range(5):
        agent.ask("HEAD", path)
        agent.get(path, Range="bytes=0-9").close()
        agent.get(path).close()
    assert open_files() <= before + 1
