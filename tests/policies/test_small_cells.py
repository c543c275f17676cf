"""Small cells: nothing below the limit can be derived from a table, by whoever knows how it was made."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from policies.small_cells import suppress, tellable


@pytest.mark.parametrize(
    ("total", "whole", "told"),
    [
        (10, None, True),
        (9, None, False),
        (0, None, False),
        (20, 30, True),
        (21, 30, False),
        (30, 30, False),
        (9, 30, False),
    ],
)
def test_a_total_is_told_if_neither_it_nor_what_is_left_is_small(total, whole, told):
    assert tellable(total, whole, 10) is told


def test_a_table_of_large_counts_is_told_whole():
    assert suppress([[10, 20], [30, 40]], 10) == ((10, 20, 30), (30, 40, 70), (40, 60, 100))


def test_a_small_count_takes_others_with_it():
    """One hidden count of a row or column would follow from the sum."""
    told = suppress([[3, 20, 30], [40, 50, 60], [70, 80, 90]], 10)
    hidden = {(i, j) for i, row in enumerate(told) for j, count in enumerate(row) if count is None}
    assert (0, 0) in hidden
    assert all(sum(one[0] == i for one in hidden) != 1 for i in range(4))
    assert all(sum(one[1] == j for one in hidden) != 1 for j in range(4))


def test_two_hidden_zeros_do_not_tell_each_other():
    """Where two hidden counts sum to nothing, both are known to be nothing."""
    told = suppress([[0, 0, 50], [60, 70, 80]], 10)
    assert told[0][2] is None or told[0][3] is None


def test_one_number_alone_is_told_only_if_it_is_large():
    assert suppress([[9]], 10) == ((None, None), (None, None))
    assert suppress([[10]], 10) == ((10, 10), (10, 10))


def may_be(told, cell, limit, most):
    """Whether some table of counts that adds up to all that is *told* has *limit* or more in *cell*, by trying."""
    *rows, sums = told
    choices = [
        [one for one in product(*(_counts(known, most) for known in row[:-1])) if _fits(row[-1], sum(one))]
        for row in rows
    ]
    for chosen in product(*choices):
        table = [[*row, sum(row)] for row in chosen]
        table.append([sum(column) for column in zip(*table, strict=True)])
        if table[cell[0]][cell[1]] >= limit and all(map(_fits, sums, table[-1])):
            return True
    return False


def _counts(known, most):
    return range(most + 1) if known is None else (known,)


def _fits(known, count):
    return known is None or known == count


SMALL = st.integers(0, 4)
TABLES = st.one_of(
    st.lists(st.lists(SMALL, min_size=2, max_size=2), min_size=1, max_size=2),
    st.lists(st.lists(st.integers(0, 3), min_size=3, max_size=3), min_size=1, max_size=2),
)


@settings(max_examples=80, deadline=None)
@given(TABLES)
@example([[0, 0], [4, 4]])
@example([[1, 4], [4, 4]])
@example([[2, 0, 4], [0, 4, 4]])
def test_no_count_below_the_limit_can_be_derived(counts):
    limit = 3
    told = suppress(counts, limit)
    table = [[*row, sum(row)] for row in counts]
    table.append([sum(column) for column in zip(*table, strict=True)])
    for i, row in enumerate(table):
        for j, count in enumerate(row):
            assert told[i][j] in {None, count}
            assert count >= limit or told[i][j] is None
            assert count >= limit or may_be(told, (i, j), limit, 8)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(st.integers(10, 99), min_size=3, max_size=3), min_size=1, max_size=4))
def test_where_nothing_is_small_nothing_is_kept_back(counts):
    assert not any(count is None for row in suppress(counts, 10) for count in row)
