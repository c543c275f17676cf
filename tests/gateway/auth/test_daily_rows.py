"""The rows of a day are counted in the memory that all workers share, and never more are let through."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from uuid import uuid4

import pytest

from gateway.auth.daily_rows import DailyRows
from gateway.storage.shared_memory import LocalMemory, RedisMemory
from policies.grant import Limits
from standards.errors import TooManyRequests
from tests.gateway.engine.school import grant

NOON = 1_790_870_400.0 - 4 * 3600  # 2026-10-01 12:00 UTC
UTC = "Etc/UTC"


@pytest.fixture(params=["local", "redis"])
def memory(request):
    if request.param == "local":
        kept = LocalMemory()
    else:
        kept = RedisMemory(request.getfixturevalue("redis_url"), prefix=f"{uuid4()}:")
    yield kept
    kept.close()


def limited(rows: int, zone: str = UTC, **changes):
    return replace(grant(), limits=Limits(0, rows, zone), **changes)


def fits(counts: DailyRows, of, rows: int) -> bool:
    try:
        counts.spend(of, rows, "page")
    except TooManyRequests:
        return False
    return True


def test_rows_are_let_through_up_to_the_limit_and_what_is_refused_counts_for_nothing(memory):
    counts, of = DailyRows(memory, lambda: NOON), limited(100)
    assert [fits(counts, of, rows) for rows in (60, 50, 40, 1)] == [True, False, True, False]


def test_two_processes_count_together(memory):
    one, other = DailyRows(memory, lambda: NOON), DailyRows(memory, lambda: NOON)
    assert [fits(one, limited(10), 6), fits(other, limited(10), 6), fits(other, limited(10), 4)] == [True, False, True]


def test_each_client_and_each_agreement_counts_for_itself(memory):
    counts = DailyRows(memory, lambda: NOON)
    every = [limited(10), limited(10, client="other"), limited(10, agreement="other")]
    assert all(fits(counts, of, 10) for of in every)
    assert not any(fits(counts, of, 1) for of in every)


def test_a_new_day_begins_at_midnight_in_the_zone_of_the_agreement(memory):
    now = [NOON]
    counts = DailyRows(memory, lambda: now[0])
    here, there = limited(10), limited(10, "Asia/Tokyo", agreement="there")
    for of in (here, there):
        assert fits(counts, of, 10)
        assert not fits(counts, of, 1)
    now[0] += 3 * 3600  # midnight in Tokyo
    assert (fits(counts, there, 10), fits(counts, here, 1)) == (True, False)
    now[0] += 9 * 3600
    assert fits(counts, here, 10)


def test_the_wait_is_as_long_as_the_day(memory):
    counts = DailyRows(memory, lambda: NOON)
    with pytest.raises(TooManyRequests) as refused:
        counts.spend(limited(1), 2, "page")
    assert refused.value.retry_after == 12 * 3600


def test_parts_of_a_grant_count_each_for_itself(memory):
    counts = DailyRows(memory, lambda: NOON)
    both = replace(grant(), parts=(limited(10, agreement="a"), limited(5, agreement="b")))
    assert [fits(counts, both, 5), fits(counts, both, 1)] == [True, False]


def test_many_at_once_are_never_let_beyond_the_limit(memory):
    counts, of = DailyRows(memory, lambda: NOON), limited(100)
    with ThreadPoolExecutor(8) as threads:
        sent = sum(threads.map(lambda _: 7 * fits(counts, of, 7), range(60)))
    assert 0 < sent <= 100
