"""Released packages leave at a few times of day, whoever released them."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.transfers.machine.batches import is_weekday, next_batch
from standards.errors import CallerError

PACIFIC = ZoneInfo("America/Los_Angeles")


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PACIFIC)


@pytest.mark.parametrize(
    ("decided", "leaves"),
    [
        ("2026-09-14T07:59", "2026-09-14T08:00"),
        ("2026-09-14T08:00", "2026-09-14T13:00"),
        ("2026-09-14T13:00", "2026-09-15T08:00"),
        ("2026-09-18T13:01", "2026-09-21T08:00"),
        ("2026-10-30T15:00", "2026-11-02T08:00"),
        ("2027-03-12T15:00", "2027-03-15T08:00"),
    ],
)
def test_a_package_leaves_at_the_next_time_of_a_weekday(decided, leaves):
    assert next_batch(local(decided), PACIFIC) == local(leaves)


def test_a_time_that_a_change_of_the_clocks_leaves_out_comes_an_hour_later():
    left = next_batch(local("2027-03-13T12:00"), PACIFIC, [time(2, 30)], lambda _: True)
    assert left == datetime(2027, 3, 14, 10, 30, tzinfo=UTC)
    assert left.astimezone(PACIFIC).time() == time(3, 30)


def test_a_time_that_comes_twice_is_its_first():
    left = next_batch(local("2026-10-31T12:00"), PACIFIC, [time(1, 30)], lambda _: True)
    assert left == datetime(2026, 11, 1, 8, 30, tzinfo=UTC)


def test_without_times_or_days_nothing_leaves():
    for times, days in (([], is_weekday), ([time(8)], lambda _: False)):
        with pytest.raises(CallerError):
            next_batch(local("2026-09-14T07:59"), PACIFIC, times, days)


@given(
    decided=st.integers(0, 730 * 86_400).map(
        lambda seconds: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    ),
    zone=st.sampled_from([PACIFIC, ZoneInfo("America/Santiago"), ZoneInfo("Australia/Lord_Howe")]),
    times=st.lists(st.times(), min_size=1, max_size=4),
    later=st.integers(0, 10**6),
)
def test_what_is_decided_between_two_batches_leaves_with_the_second(decided, zone, times, later):
    leaves = next_batch(decided, zone, times)
    assert leaves > decided
    between = decided + timedelta(microseconds=later)
    assert between >= leaves or next_batch(between, zone, times) == leaves
