"""Misses: a district that asks for children who are not there is stopped for a while."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.transfers.matching.finding import MatchVerdict
from gateway.transfers.matching.misses import MAX_MISSES_PER_DAY, may_ask, recent_misses, with_verdict

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)


def test_the_twentieth_miss_of_a_day_is_the_last():
    misses = ()
    for minute in range(MAX_MISSES_PER_DAY):
        assert may_ask(misses, NOW + timedelta(minutes=minute))
        misses = with_verdict(misses, NOW + timedelta(minutes=minute), MatchVerdict.NONE)
    assert not may_ask(misses, NOW + timedelta(hours=23, minutes=59))
    assert may_ask(misses, NOW + timedelta(hours=24))


@pytest.mark.parametrize(("verdict", "counts"), [("none", 1), ("conflict", 1), ("one", 0), ("several", 0)])
def test_what_counts_is_a_search_that_finds_nobody_or_the_id_of_another(verdict, counts):
    assert len(with_verdict((), NOW, MatchVerdict(verdict))) == counts


def test_nobody_may_ask_where_no_miss_is_allowed():
    assert not may_ask((), NOW, allowed=0)


def test_a_clock_that_was_set_back_frees_nobody():
    assert not may_ask([NOW + timedelta(days=3)], NOW, allowed=1)


@given(st.lists(st.integers(-60, 60).map(lambda hours: NOW + timedelta(hours=hours))))
def test_what_is_kept_counts_as_much_as_all(misses):
    assert may_ask(recent_misses(misses, NOW), NOW) is may_ask(misses, NOW)
    assert all(moment > NOW - timedelta(days=1) for moment in recent_misses(misses, NOW))
