"""What may be done to a value: total, of the same type, and never more than was agreed."""

from __future__ import annotations

import hashlib
import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.transforms import ACTIONS, MASKS, below, meet, ordered, transform

ANYTHING = st.one_of(
    st.text(st.characters(codec=None), max_size=40), st.dates().map(str), st.integers(), st.booleans(), st.none(),
    st.floats(), st.lists(st.text()), st.dictionaries(st.text(), st.text()), st.binary(),
)  # fmt: skip


def hasher(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


@pytest.mark.parametrize(
    ("action", "value", "left"),
    [
        ("allow", "2011-05-07", "2011-05-07"),
        ("year", "2011-05-07", "2011-01-01"),
        ("month", "2011-05-07", "2011-05-01"),
        ("year", "2011-13-40", None),
        ("year", "20110507", None),
        ("year", "2011-05-07T00:00:00Z", None),
        ("month", "٢٠١١-٠٥-٠٧", None),
        ("zip3", "98101", "981"),
        ("zip3", " 98101-1234 ", "981"),
        ("zip3", "9810", None),
        ("zip3", "K1A 0B1", None),
        ("zip3", "٩٨١٠١", None),
        ("zip3", "98101 Main Street", None),
        ("zip3", "98101-", None),
        ("zip3", "98101-12345", None),
        ("zip3", "981012", None),
        ("zip3", "1 98101", None),
        ("zip3", "98101\n206-555-0101", None),
        ("zip3", "98101\n", "981"),
        ("zip3", "981011234", "981"),
        ("zip3", 98101, None),
        ("year", " 2011-05-07", None),
        ("year", "2011-05-07\n", None),
        ("year", "2011-05-07, in Kent", None),
        ("year", "2011", None),
        ("month", "2011-05", None),
        ("month", "2011-02-30", None),
        ("month", "2011-05-07T00:00:00Z", None),
        ("last4", "206-555-0101", "0101"),
        ("last4", "12345", "2345"),
        ("last4", "1234", None),
        ("last4", " 1234 ", None),
        ("last4", 12345, None),
        ("initial", "María", "M"),
        ("initial", "Élodie", "E"),
        ("initial", "E\u0301lodie", "E"),
        ("initial", "'Okina", "O"),
        ("initial", "김민준", "김"),
        ("initial", "…", None),
        ("initial", "", None),
        ("hash", "", None),
        ("hash", "\ud800", None),
        ("hash", 7, None),
        ("pseudonym", "s1", None),
        ("deny", "s1", None),
        ("no such action", "s1", None),
    ],
)
def test_an_action_leaves_this_of_a_value(action, value, left):
    assert transform(action, hasher)(value) == left


def test_a_hash_is_the_keyed_one():
    assert transform("hash", hasher)("SSID1") == hasher("SSID1")


@given(ANYTHING)
def test_no_value_makes_an_action_fail(value):
    for action in ACTIONS:
        if action != "allow":
            left = transform(action, hasher)(value)
            assert left is None or isinstance(left, str)


@given(st.dates(), st.dates())
def test_two_days_of_one_year_look_alike(one, other):
    same = transform("year", hasher)(str(one)) == transform("year", hasher)(str(other))
    assert same == (one.year == other.year)


@given(st.text(max_size=30))
def test_a_short_mask_is_part_of_its_text(text):
    left = transform("last4", hasher)(text)
    assert left is None or (len(left) == 4 and left in text and len(text) > 4)


@given(st.from_regex(re.compile("[0-9]{5}(-[0-9]{4})?"), fullmatch=True))
def test_every_postal_code_keeps_three_digits(code):
    assert transform("zip3", hasher)(code) == code[:3]


@given(st.from_regex(re.compile("[0-9]{5}(-[0-9]{4})?"), fullmatch=True), st.text(min_size=1, max_size=12))
def test_what_only_begins_or_ends_like_a_postal_code_releases_nothing(code, more):
    for text in (code + more, more + code, code[:3] + more):
        left = transform("zip3", hasher)(text)
        assert left is None or re.fullmatch("[0-9]{5}(-?[0-9]{4})?", text.strip()), text


@given(st.dates().map(str), st.text(min_size=1, max_size=12), st.sampled_from(["year", "month"]))
def test_what_only_begins_or_ends_like_a_date_releases_nothing(day, more, action):
    for text in (day + more, more + day, day[:-1] + more[:1]):
        left = transform(action, hasher)(text)
        assert left is None or re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", text, re.ASCII), text


@given(st.text(max_size=5))
def test_a_text_of_four_letters_or_fewer_has_no_last_four(text):
    assert transform("last4", hasher)(text) is None or len(text.strip()) > 4


@given(ANYTHING)
def test_an_initial_is_one_letter_or_digit_of_the_text(value):
    left = transform("initial", hasher)(value)
    assert left is None or (len(left) == 1 and left.isalnum())


def test_the_order_of_actions_has_deny_below_and_allow_above():
    for action in ACTIONS:
        assert action == "deny" or below("deny", action)
        assert action == "allow" or below(action, "allow")
        assert not below(action, action)
        assert meet([action, "deny"]) == "deny"
        assert meet([action, "allow"]) == action
    assert meet([]) == "allow"


def test_only_year_and_month_are_ordered_among_the_masks():
    pairs = {pair for pair in itertools.combinations(sorted(MASKS), 2) if ordered(*pair)}
    assert pairs == {("month", "year")}
    assert meet(["month", "year"]) == "year"
    assert meet(["last4", "hash"]) == "deny"


@given(st.lists(st.sampled_from(ACTIONS), max_size=6), st.randoms())
def test_the_meet_does_not_depend_on_the_order_of_lines(actions, random):
    mixed = random.sample(actions, len(actions))
    assert meet(mixed) == meet(actions)
