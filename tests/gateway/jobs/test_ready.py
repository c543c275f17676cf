"""The webhook of a receiving district hears that a package is there: by the transfer's id, and of nothing else."""

from __future__ import annotations

import pytest

from gateway.jobs.ready import collect_ready
from gateway.jobs.sending import Sender
from gateway.transfers.ledger.ledger import TransferLedger
from gateway.transfers.ledger.lists import TransferLists
from gateway.transfers.machine.words import EventKind
from tests.gateway.jobs.conftest import decoded
from tests.gateway.jobs.test_notices import _hook
from tests.gateway.jobs.test_webhooks import verified
from tests.gateway.transfers.ledger.conftest import KEY, Bench, Times

E = EventKind


@pytest.fixture
def bench(office):
    """A ledger in which Fir is asked by Maple."""
    times = Times(office.clock())
    ledger = TransferLedger(office.store, KEY, times.clock, times)
    return Bench(ledger, TransferLists(office.store, times.clock), None, times, office.store, "fir", "maple")


def run(office):
    collect_ready(office.region)
    return Sender(office.region).send()


def test_the_webhook_names_the_transfer_and_nothing_else_under_a_signature_and_once(office, receiver, bench):
    secret = _hook(office, receiver)
    transfer = bench.go(bench.ask().transfer, E.MATCH, E.TASK, E.APPROVE)
    assert run(office) == 0
    bench.go(transfer, E.PACK)
    assert run(office) == 1
    assert run(office) == 0
    ((headers, body),) = receiver.posts
    assert verified(headers, body, secret)
    told = decoded(receiver.posts[0])
    assert (told["type"], told["data"]) == ("transfer.ready", {"transfer": transfer.id})
    assert set(told) == {"type", "timestamp", "data"}


def test_what_was_fetched_before_the_webhook_answered_is_not_told_any_more(office, receiver, bench):
    _hook(office, receiver)
    transfer = bench.go(bench.ask().transfer, E.MATCH, E.TASK, E.APPROVE, E.PACK)
    receiver.status = 500
    assert run(office) == 0
    bench.go(transfer, E.DELIVER)
    receiver.status = 204
    office.clock.move(3600)
    assert run(office) == 0
    assert len(receiver.posts) == 1


def test_a_further_version_is_told_too(office, receiver, bench):
    _hook(office, receiver)
    transfer = bench.go(bench.ask().transfer, E.MATCH, E.TASK, E.APPROVE, E.PACK)
    assert run(office) == 1
    bench.go(transfer, E.DELIVER, E.RESEND, E.PACK)
    assert run(office) == 1
    assert [decoded(one)["data"] for one in receiver.posts] == [{"transfer": transfer.id}] * 2


def test_a_district_without_a_webhook_is_told_nothing(office, bench):
    bench.go(bench.ask().transfer, E.MATCH, E.TASK, E.APPROVE, E.PACK)
    assert collect_ready(office.region) == 0
