"""What a district may ask is bounded by what it has asked itself: what the other one found refuses nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.storage.registry import open_store
from gateway.transfers.ledger.ledger import TransferLedger
from gateway.transfers.ledger.limits import (
    OPEN_FOR_ONE_CHILD,
    AskedAlready,
    AskedChild,
    AskingLimits,
    TooManyAsked,
    TooManyOpen,
)
from gateway.transfers.machine.words import EventKind, TransferParty
from tests.gateway.transfers.histories import draft, without
from tests.gateway.transfers.ledger.conftest import KEY, VALUES
from tests.gateway.transfers.ledger.test_two_writers import at_once

E = EventKind
DAY = timedelta(days=1)
FEW = AskingLimits(asked=6, asked_by_person=4, open=5, misses=4)


@pytest.fixture
def few(bench):
    """A bench whose districts may ask little."""
    return replace(bench, ledger=TransferLedger(bench.store, KEY, bench.times.clock, bench.times, FEW))


@pytest.fixture(scope="module")
def other_store(url, store):
    """The same registry, opened by another process."""
    opened = open_store(url)
    yield opened
    opened.close()


def asks(bench, actor="rita", child=None, ledger=None, **content):
    made = draft(E.ASK, org=bench.receiver, **bench.parties() | content)
    made = replace(without(made, "due"), actor=actor)
    return (ledger or bench.ledger).ask(made, VALUES, child or AskedChild()).transfer


def misses(bench, times, actor="rita"):
    for _ in range(times):
        bench.go(asks(bench, actor), E.MATCH, result="none")


def closed(bench, transfer):
    bench.go(transfer, E.WITHDRAW, party=TransferParty.RECEIVER, reason="mistake")


def test_however_many_are_not_found_no_request_is_refused_for_it(bench):
    misses(bench, 3 * AskingLimits().misses)
    assert asks(bench).state == "requested"


@pytest.mark.parametrize("results", [("none",) * 4, ("one",) * 4, ("several", "conflict", "none", "one")])
def test_what_is_refused_is_the_same_whatever_was_found(few, results):
    for result in results:
        few.go(asks(few), E.MATCH, result=result)
    with pytest.raises(TooManyAsked) as refused:
        asks(few)
    assert refused.value.retry_after == DAY.total_seconds()
    assert asks(few, "remy").state == "requested"


def test_a_person_and_a_district_ask_for_so_many_in_a_day_and_go_on_as_those_get_a_day_old(few):
    for _ in range(FEW.asked_by_person):
        closed(few, asks(few))
        few.times.later(hours=1)
    with pytest.raises(TooManyAsked) as refused:
        asks(few)
    assert refused.value.retry_after == (DAY - timedelta(hours=4)).total_seconds()
    for _ in range(FEW.asked - FEW.asked_by_person):
        closed(few, asks(few, "remy"))
    with pytest.raises(TooManyAsked):
        asks(few, "ron")
    few.times.later(hours=20)
    assert asks(few).state == "requested"


def test_what_is_open_at_one_district_is_bounded_and_counts_no_more_once_it_is_over(few):
    mine = []
    for number in range(FEW.open):
        mine.append(asks(few, f"r{number}"))
        few.times.later(days=1)
    with pytest.raises(TooManyOpen):
        asks(few)
    assert asks(few, "remy", sender="elsewhere").state == "requested"
    few.go(mine[0], E.MATCH, result="none")
    few.go(mine[0], E.REDIRECT, party=TransferParty.SENDER, sender="third")
    with pytest.raises(TooManyOpen):
        asks(few)
    closed(few, mine[1])
    assert asks(few).state == "requested"


def test_one_child_is_asked_for_again_where_somebody_says_so_and_not_without_end(bench):
    child = AskedChild(("a" * 64, "b" * 64))
    first = asks(bench, child=child)
    with pytest.raises(AskedAlready):
        asks(bench, child=AskedChild(("b" * 64,)))
    for _ in range(OPEN_FOR_ONE_CHILD - 1):
        asks(bench, child=replace(child, again=True))
    with pytest.raises(TooManyOpen):
        asks(bench, child=replace(child, again=True))
    assert asks(bench, child=replace(child, again=True, instead=first.id)).state == "requested"


@pytest.mark.parametrize("turn", range(3))
def test_of_requests_for_one_child_at_once_exactly_one_begins(bench, other_store, turn):
    other = TransferLedger(other_store, KEY, bench.times.clock, bench.times)
    child = AskedChild((f"{turn}" * 64,))
    found = at_once(*(lambda one=one: asks(bench, child=child, ledger=one) for one in (bench.ledger, other)))
    assert sum(isinstance(one, AskedAlready) for one in found) == 1
    assert len(bench.lists.asked_by(bench.receiver).items) == 1


def test_a_search_waits_after_so_many_misses_of_a_person_or_a_district_until_they_are_a_day_old(few):
    begin = few.times.now
    misses(few, FEW.misses_of_person - 1)
    asked, others = asks(few), asks(few, "remy")
    assert few.ledger.searched_from(asked, FEW) is None
    few.go(asks(few), E.MATCH, result="conflict")
    assert few.ledger.searched_from(asked, FEW) == begin + DAY
    assert few.ledger.searched_from(others, FEW) is None
    few.times.later(hours=1)
    few.go(few.go(others, E.MATCH, result="several"), E.NONE_OF_THEM)
    assert few.ledger.searched_from(others, FEW) is None
    few.go(asks(few, "ron"), E.MATCH, result="none")
    assert few.ledger.searched_from(others, FEW) == begin + DAY
    few.times.now = begin + DAY
    assert few.ledger.searched_from(others, FEW) is None


def test_a_request_is_one_miss_though_another_district_is_asked_after_it(few):
    one = asks(few)
    for sender in ("second", "third"):
        one = few.go(one, E.MATCH, result="none")
        one = few.go(one, E.REDIRECT, party=TransferParty.SENDER, sender=sender)
    few.go(one, E.MATCH, result="conflict")
    assert few.ledger.searched_from(one, AskingLimits(misses=2)) is not None
    assert few.ledger.searched_from(one, AskingLimits(misses=3)) is None
