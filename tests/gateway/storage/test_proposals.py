"""Proposals are kept alike on SQLite and on PostgreSQL, and each is decided once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from gateway.storage.acts import Act, Acts
from gateway.storage.people.proposals import CONFIRMED, LIFE, REFUSED, Proposal, Proposals
from standards.errors import Conflict
from tests.gateway.registers.conftest import NOON, store, url

__all__ = ["store", "url"]

ONE = Proposal("1" * 16, "client.end", "maple", "tutor", {"why": [1, "a"]}, "d", NOON, "ana", "0" * 32, "done")


def act(_proposal=None):
    return Act("ana", "act proposed")


@pytest.fixture
def proposals(store):
    return Proposals(store, lambda: NOON)


def test_a_proposal_is_found_as_it_was_written(proposals, store):
    proposals.add(ONE, act)
    assert proposals.find(ONE.id) == ONE
    assert proposals.list() == proposals.waiting() == (ONE,)
    assert [one.action for one in Acts(store).waiting()] == ["act proposed"]


def test_one_thing_has_one_waiting_proposal(proposals):
    proposals.add(ONE, act)
    with pytest.raises(Conflict):
        proposals.add(Proposal("2" * 16, *("client.end", "maple", "tutor", {}, "", NOON, "ben", "1" * 32, "")), act)


def test_only_one_of_many_decisions_counts(proposals, store):
    proposals.add(ONE, act)

    def decide(number):
        try:
            proposals.decide(ONE, CONFIRMED, f"ben {number}", "", Act("ben", "act confirmed"))
        except Conflict:
            return 0
        return 1

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(decide, range(4))) == 1
    assert len(Acts(store).waiting()) == 2
    proposals.note(ONE, REFUSED, Act("ben", "confirmed act refused"))
    assert proposals.find(ONE.id).outcome == REFUSED


def test_a_proposal_that_has_lapsed_is_not_decided(store):
    Proposals(store, lambda: NOON).add(ONE, act)
    later = Proposals(store, lambda: NOON + LIFE + timedelta(seconds=1))
    assert later.waiting() == ()
    with pytest.raises(Conflict):
        later.decide(ONE, CONFIRMED, "ben", "", Act("ben", "act confirmed"))
