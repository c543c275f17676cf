"""Whoever writes to one transfer at the same moment, each from a process of its own: one of them wins, and nothing is lost."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from random import Random
from threading import Barrier

import pytest

from gateway.storage.registry import open_store
from gateway.transfers.ledger.ledger import TransferLedger
from gateway.transfers.machine.errors import NotAllowed
from gateway.transfers.machine.event import idempotency_key
from gateway.transfers.machine.transitions import allowed
from gateway.transfers.machine.words import EventKind, TransferParty
from standards.errors import CallerError, ConcurrentChange
from tests.gateway.transfers.ledger.conftest import KEY, VALUES
from tests.gateway.transfers.ledger.test_ledger import TO_PACKED, agrees

E = EventKind


@pytest.fixture(scope="module")
def other_store(url, store):
    """The same registry, opened by another process."""
    opened = open_store(url)
    yield opened
    opened.close()


@pytest.fixture
def writers(bench, other_store):
    other = TransferLedger(other_store, KEY, bench.times.clock, bench.times)
    return bench.ledger, other


def at_once(*works):
    """Do several things at the same moment; return what came of each: a result, or an error of the caller."""
    start = Barrier(len(works))

    def run(work):
        start.wait()
        try:
            return work()
        except CallerError as error:
            return error

    with ThreadPoolExecutor(len(works)) as threads:
        return list(threads.map(run, works))


@pytest.mark.parametrize("expected", [None, 3])
@pytest.mark.parametrize("turn", range(4))
def test_of_approval_and_refusal_at_once_exactly_one_wins(bench, writers, expected, turn):
    waiting = bench.go(bench.ask().transfer, E.MATCH, E.TASK)
    events = [bench.event(waiting, kind) for kind in (E.APPROVE, E.REFUSE)]
    pairs = list(zip(writers, events, strict=True))[:: 1 if turn % 2 else -1]
    found = at_once(*(lambda one=one: one[0].append(one[1], expected) for one in pairs))
    lost = [one for one in found if isinstance(one, CallerError)]
    assert len(lost) == 1
    assert isinstance(lost[0], ConcurrentChange if expected else NotAllowed)
    folded = agrees(bench, waiting.id)
    assert folded.number == 4
    assert folded.state in {"approved", "refused"}


def test_a_package_is_delivered_once_however_many_deliver_it_at_once(bench, writers):
    packed = bench.go(bench.ask().transfer, *TO_PACKED)
    event = bench.event(packed, E.DELIVER, key="1")
    strangers = [bench.event(packed, E.DELIVER) for _ in range(2)]
    works = [lambda one=one: writers[0].append(one) for one in (event, *strangers)]
    works += [lambda: writers[1].append(event) for _ in range(2)]
    found = [one for one in at_once(*works) if not isinstance(one, CallerError)]
    assert sum(not one.repeated for one in found) == 1
    folded = agrees(bench, packed.id)
    assert [event.kind for event in bench.ledger.events(packed.id)].count(E.DELIVER) == 1
    assert list(folded.delivered) == [1]


def test_a_request_that_comes_twice_at_once_begins_one_transfer(bench, writers):
    first = bench.ask().event
    draft = replace(first, transfer="", key=idempotency_key(bench.receiver, "another"), number=0)
    found = at_once(*(lambda one=one: one.ask(draft, VALUES) for one in (*writers, *writers)))
    assert len({one.transfer.id for one in found}) == 1
    assert sum(not one.repeated for one in found) == 1
    assert len(bench.lists.asked_by(bench.receiver).items) == 2


@pytest.mark.parametrize("seed", range(4))
def test_two_who_go_on_as_they_like_leave_one_history(bench, writers, seed):
    asked = bench.ask().transfer

    def walk(ledger, number):
        chance, appended = Random(f"{seed} {number}"), 0
        for _ in range(12):
            transfer = ledger.find(asked.id)
            possible = sorted((kind, party) for party in TransferParty for kind in allowed(transfer, party))
            likely = [one for one in possible if one[0] not in {E.WITHDRAW, E.LAPSE} or chance.random() < 0.02]
            if likely:
                kind, party = chance.choice(likely)
                try:
                    appended += not ledger.append(bench.event(transfer, kind, party=party)).repeated
                except CallerError:
                    continue
        return appended

    done = at_once(*(lambda one=one: walk(*one) for one in zip(writers, (1, 2), strict=True)))
    folded = agrees(bench, asked.id)
    assert folded.number == 1 + sum(done)
    events = bench.ledger.events(asked.id)
    delivered = [event.content["version"] for event in events if event.kind is E.DELIVER]
    assert delivered == sorted(set(delivered))
    assert all(
        any(one.kind in {E.RELEASE, E.APPROVE} for one in events[: event.number])
        for event in events
        if event.kind is E.PACK
    )
