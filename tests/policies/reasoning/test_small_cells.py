"""No number in a report tells of fewer than ten students, alone or together with the others."""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from itertools import product

from hypothesis import assume, example, given
from hypothesis import strategies as st

from policies.reasoning.small_cells import extent, movement, share

COUNTS = st.integers(0, 15)
NAMES = ("now", "gained", "lost", "then")
NUMBERS = [
    (now, gained, lost, now + gained - lost)
    for now, gained, lost in product(range(26), range(26), range(26))
    if lost <= now
]  # fmt: skip


@cache
def possible():
    """The numbers behind each answer that may be printed."""
    found = defaultdict(list)
    for numbers in NUMBERS:
        found[movement(*numbers[:3])].append(numbers)
    return found


@given(COUNTS, COUNTS, COUNTS)
@example(11, 9, 10)  # with 11 before, and 10 lost, whoever is told that 10 or more are left knows how many came
def test_nothing_small_can_be_worked_out_from_the_numbers_of_a_change(now, gained, lost):
    assume(lost <= now)
    told, numbers = movement(now, gained, lost), (now, gained, lost, now + gained - lost)
    for at, name in enumerate(NAMES):
        if 0 < numbers[at] < 10:
            assert getattr(told, name) is None
            assert len({one[at] for one in possible()[told]}) > 1, (name, told)


@given(COUNTS, COUNTS)
def test_a_share_is_not_told_where_few_have_something_or_few_lack_it(part, rest):
    found = share(part, part + rest)
    if 0 < part < 10 or 0 < rest < 10:
        assert found is None
        assert extent(part, part + rest) in {"few", "nearly all"} if part else "none"
