"""No number in a report tells of fewer than ten students, alone or together with the others."""

from __future__ import annotations

from collections import defaultdict
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from policies.reasoning.small_cells import Movement, extent, movement, share

COUNTS = st.integers(0, 15)
NAMES = ("now", "gained", "lost", "then")
MOST = 45


def test_nothing_small_can_be_worked_out_from_the_numbers_of_a_change():
    behind = defaultdict(list)
    for now, gained, lost in product(range(MOST + 10), range(MOST), range(MOST)):
        if lost <= now:
            behind[movement(now, gained, lost)].append((now, gained, lost, now + gained - lost))
    for told, numbers in behind.items():
        for at, name in enumerate(NAMES):
            possible = {one[at] for one in numbers}
            if any(0 < one < 10 for one in possible):
                assert getattr(told, name) is None
                assert len(possible) >= 9, (name, told, possible)


def test_the_number_before_a_change_of_few_among_many_is_told():
    assert movement(400, 3, 0) == Movement(400, None, None, 0)
    assert movement(400, 20, 12) == Movement(400, 408, 20, 12)


@given(COUNTS, COUNTS)
def test_a_share_is_not_told_where_few_have_something_or_few_lack_it(part, rest):
    found = share(part, part + rest)
    if 0 < part < 10 or 0 < rest < 10:
        assert found is None
        assert extent(part, part + rest) in {"few", "nearly all"} if part else "none"
