"""A Range names one part of a package, or nothing that can be served in part; whatever is written in it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.transfers_api.ranges import RangeNotSatisfiable, may_continue, read_range

SHA256 = "a" * 64
SIZES = st.integers(1, 5_000)


@given(SIZES, st.integers(0, 6_000), st.integers(0, 6_000))
def test_a_part_is_the_bytes_that_python_slices(size, first, last):
    whole = bytes(number % 251 for number in range(size))
    header = f"bytes={first}-{last}"
    if last < first:
        assert read_range(header, size) is None
    elif first >= size:
        with pytest.raises(RangeNotSatisfiable):
            read_range(header, size)
    else:
        part = read_range(header, size)
        assert whole[part.first : part.first + part.length] == whole[first : last + 1]
        assert part.told == f"bytes {first}-{min(last, size - 1)}/{size}"


@given(SIZES, st.integers(1, 6_000))
def test_the_last_bytes_are_those_at_the_end(size, count):
    part = read_range(f"bytes=-{count}", size)
    assert (part.first + part.length, part.length) == (size, min(count, size))


@given(SIZES, st.integers(0, 4_999))
def test_a_range_without_an_end_goes_to_the_end(size, first):
    if first < size:
        part = read_range(f"bytes={first}-", size)
        assert (part.first, part.first + part.length) == (first, size)


@given(st.text(max_size=40), SIZES)
def test_whatever_is_written_is_a_part_nothing_or_refused(text, size):
    try:
        part = read_range(text, size)
    except RangeNotSatisfiable:
        return
    assert part is None or 0 <= part.first < part.first + part.length <= size


@pytest.mark.parametrize("header", [None, "", "bytes=", "bytes=-", "lines=1-2", "bytes=0-1,3-4", "bytes=a-b", "0-1"])
def test_what_asks_for_no_single_part_gets_all(header):
    assert read_range(header, 10) is None


@pytest.mark.parametrize("header", ["bytes=-0", "bytes=10-", "bytes=999999999999999999-"])
def test_a_part_behind_the_end_is_refused_with_the_size(header):
    with pytest.raises(RangeNotSatisfiable) as refused:
        read_range(header, 10)
    assert refused.value.size == 10


@pytest.mark.parametrize(
    ("given_", "goes_on"),
    [(None, True), (f'"{SHA256}"', True), (f'W/"{SHA256}"', False), ('"b"', False), ("Tue, 01 Dec 2026 10:00:00 GMT", False)],
)  # fmt: skip
def test_a_part_is_of_the_very_package_that_was_begun(given_, goes_on):
    assert may_continue(given_, SHA256) is goes_on
