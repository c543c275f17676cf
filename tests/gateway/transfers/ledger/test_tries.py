"""A step is one worker's at a time, is tried again when it is due, and is a person's when it was given up."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.storage.acts import Act
from gateway.storage.transfers.tries import CLAIM, TransferTries
from gateway.transfers.machine.words import EventKind
from standards.errors import Conflict
from tests.gateway.transfers.ledger.test_ledger import acts_of

E = EventKind


@pytest.fixture
def tries(bench):
    return TransferTries(bench.store, bench.times.clock)


@pytest.fixture
def due(bench, tries):
    """Return what is due of the bench's own transfers."""
    return lambda: [one.transfer for one in tries.due(10_000) if one.sender == bench.sender]


def replayed(bench, transfer):
    return Act("rosa", "transfer replayed", bench.sender, {"transfer": transfer.id})


def test_what_the_gateway_does_by_itself_is_due_and_what_people_do_is_not(bench, due):
    asked, matched, near, waiting, approved, packed = (bench.ask().transfer for _ in range(6))
    bench.go(matched, E.MATCH)
    bench.go(near, E.MATCH, result="several")
    bench.go(waiting, E.MATCH, E.TASK)
    bench.go(approved, E.MATCH, E.TASK, E.APPROVE)
    bench.go(packed, E.MATCH, E.TASK, E.APPROVE, E.PACK)
    assert sorted(due()) == sorted(one.id for one in (asked, matched, approved))
    bench.times.later(days=14)
    assert packed.id in due()


def test_what_is_approved_is_due_when_it_may_leave(bench, due):
    bench.times.wait = timedelta(hours=4)
    transfer = bench.go(bench.ask().transfer, E.MATCH, E.TASK, E.APPROVE)
    assert due() == []
    bench.times.later(hours=4)
    assert due() == [transfer.id]


def test_a_district_of_which_much_waits_keeps_no_other_from_its_turn(bench, tries):
    mine = [bench.ask().transfer.id for _ in range(5)]
    bench.times.later(hours=1)
    other = bench.ask(sender="larch").transfer.id
    listed = [one.transfer for one in tries.due(each=2) if one.sender in {bench.sender, "larch"}]
    assert [one for one in listed if one in mine] == sorted(mine)[:2]
    assert other in listed


def test_a_step_is_claimed_once_until_the_claim_ends(bench, tries, due):
    transfer = bench.ask().transfer
    first = tries.claim(transfer.id, 1)
    assert (first.tries, first.why) == (1, "")
    assert tries.claim(transfer.id, 1) is None
    assert due() == []
    bench.times.later(seconds=CLAIM.total_seconds())
    assert due() == [transfer.id]
    assert tries.claim(transfer.id, 1).tries == 2
    tries.note_done(first)  # who has lost the claim ends nothing
    assert tries.claim(transfer.id, 1) is None


def test_of_many_who_claim_a_step_at_once_one_has_it(bench, tries):
    for _ in range(5):
        transfer = bench.ask().transfer
        with ThreadPoolExecutor(4) as pool:
            claimed = list(pool.map(tries.claim, [transfer.id] * 4, [1] * 4))
        assert len([one for one in claimed if one is not None]) == 1


def test_a_step_that_failed_is_due_again_at_its_time(bench, tries, due):
    transfer = bench.ask().transfer
    tries.note_failed(tries.claim(transfer.id, 1), "source", bench.times.now + timedelta(hours=1))
    bench.times.later(minutes=59)
    assert due() == []
    bench.times.later(minutes=1)
    assert due() == [transfer.id]
    again = tries.claim(transfer.id, 1)
    assert (again.tries, again.why) == (2, "source")


def test_what_follows_another_event_begins_anew(bench, tries, due):
    transfer = bench.ask().transfer
    tries.note_failed(tries.claim(transfer.id, 1), "source", None)
    assert due() == []
    bench.go(transfer, E.MATCH)
    assert due() == [transfer.id]
    assert tries.given_up(bench.sender) == ()
    assert replace(tries.claim(transfer.id, 2), next_try=bench.times.now).tries == 1


def test_what_was_given_up_is_tried_anew_once_on_record(bench, tries, due):
    transfer = bench.ask().transfer
    tries.note_failed(tries.claim(transfer.id, 1), "fault", None)
    (dead,) = tries.given_up(bench.sender)
    assert (dead.transfer, dead.receiver, dead.state, dead.why) == (transfer.id, bench.receiver, "requested", "fault")
    tries.replay(transfer.id, replayed(bench, transfer))
    assert due() == [transfer.id]
    assert acts_of(bench, transfer.id)[-1].action == "transfer replayed"
    tries.note_failed(tries.claim(transfer.id, 1), "fault", None)
    with pytest.raises(Conflict):
        tries.replay(transfer.id, replayed(bench, transfer))
    assert len(acts_of(bench, transfer.id)) == 2


def test_what_was_not_given_up_is_not_tried_anew(bench, tries):
    transfer = bench.ask().transfer
    with pytest.raises(Conflict):
        tries.replay(transfer.id, replayed(bench, transfer))


def test_what_waits_is_hurried_and_what_was_given_up_is_not(bench, tries, due):
    waits, dead = bench.ask().transfer, bench.ask().transfer
    tries.note_failed(tries.claim(waits.id, 1), "signature", bench.times.now + timedelta(hours=1))
    tries.note_failed(tries.claim(dead.id, 1), "source", None)
    tries.hurry(waits.id)
    tries.hurry(dead.id)
    assert due() == [waits.id]


def test_what_was_tried_of_a_transfer_that_has_gone_on_is_swept(bench, tries):
    gone_on, waits = bench.ask().transfer, bench.ask().transfer
    for one in (gone_on, waits):
        tries.note_failed(tries.claim(one.id, 1), "source", None)
    bench.go(gone_on, E.MATCH)
    assert tries.sweep() >= 1
    assert [one.transfer for one in tries.given_up(bench.sender)] == [waits.id]
    assert tries.sweep() == 0
