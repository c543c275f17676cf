"""Cursors: places in a walk that outlive a refresh, and ranges that together hold everything once."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.auth.callers import Caller
from gateway.engine.row_index import index
from gateway.paging.page_tokens import Cursor, Cursors, check, partitions, policy_mark
from gateway.request import PageRequest
from standards import registry
from standards.errors import MalformedQuery, WalkInterrupted
from standards.query import Both, Condition, Query
from tests.gateway.engine.school import KEYRING, grant, shown, students

CALLER = Caller("tutor", "org", frozenset(), 1)
NAMES = tuple(f"S{number:02}" for number in range(20))


def rows(names, **more):
    return index(shown(students(*names), "students", "edfi", **more), Query())


def page(found, cursor, size):
    """The names of one page, and the cursor behind it."""
    first, last = cursor.span(found, size)
    names = [record["firstName"] for record in found.slice(first, last - first, "")]
    return names, cursor.behind(found, last - 1) if names else None


def walk(found, cursor=None, size=3):
    cursor, met = cursor or Cursor(), []
    while cursor is not None:
        names, cursor = page(found, cursor, size)
        met += names
    return met


def request(view="students", district="maple"):
    return PageRequest(registry.views("edfi")[view], district, frozenset(), None, "")


@given(
    st.lists(st.sampled_from(NAMES), unique=True),
    st.lists(st.lists(st.sampled_from(NAMES), unique=True), min_size=1, max_size=6),
    st.integers(1, 7),
)
def test_a_renewal_between_two_pages_neither_skips_nor_repeats(first, later, size):
    worlds = [rows(names) for names in (first, *later)]
    cursor, met, turn = Cursor(), [], 0
    while cursor is not None:
        names, cursor = page(worlds[min(turn, len(worlds) - 1)], cursor, size)
        met, turn = met + names, turn + 1
    assert len(met) == len(set(met))
    always = set(first).intersection(*later)
    assert always <= set(met) <= set(first).union(*later)


@given(st.lists(st.sampled_from(NAMES), unique=True), st.integers(1, 200), st.integers(1, 5))
def test_partitions_hold_every_record_once(names, number, size):
    found = rows(names)
    parts = partitions(found, number)
    assert len(parts) == min(number, len(names))
    met = [name for part in parts for name in walk(found, part, size)]
    assert met == walk(found)
    assert sorted(met) == sorted(names)


@given(st.lists(st.sampled_from(NAMES), unique=True, min_size=1), st.lists(st.sampled_from(NAMES), unique=True))
def test_partitions_hold_what_comes_later_too(names, later):
    met = [name for part in partitions(rows(names), 4) for name in walk(rows(later), part)]
    assert sorted(met) == sorted(later)


@given(st.lists(st.sampled_from(NAMES[:6]), max_size=12), st.integers(1, 5), st.integers(1, 5))
def test_records_of_two_districts_with_one_id_are_told_apart(names, size, number):
    half = len(names) // 2
    parts = [shown(students(*dict.fromkeys(some)), "students", "edfi") for some in (names[:half], names[half:])]
    found = index(parts[0] + parts[1], Query())
    whole = [record["firstName"] for record in found.slice(0, found.total, "")]
    assert walk(found, size=size) == whole
    assert [name for part in partitions(found, number) for name in walk(found, part, size)] == whole


def test_a_cursor_comes_back_from_its_token():
    cursors, query = Cursors(KEYRING), Query()
    cursor = Cursor("0a" * 16, 3, "ff" * 16, b"12345678")
    token = cursors.seal(CALLER, request(), query, cursor)
    assert cursors.open(CALLER, request(), Query(token=token)) == cursor
    assert token == Cursors(KEYRING).seal(CALLER, request(), query, cursor)
    assert cursors.open(CALLER, request(), query) == Cursor()


def test_a_token_is_the_same_however_the_filter_was_written():
    one, two = Condition("a", "=", "1", "A"), Condition("b", "=", "2", "b")
    cursors, cursor = Cursors(KEYRING), Cursor(state=b"12345678")
    token = cursors.seal(CALLER, request(), Query(Both((one, two))), cursor)
    other = Both((Condition("b", "=", "2", "B"), Condition("a", "=", "1", "a")))
    assert cursors.open(CALLER, request(), Query(other, token=token)) == cursor


@pytest.mark.parametrize(
    ("caller", "asked", "query"),
    [
        (Caller("rival", "org", frozenset(), 1), request(), Query()),
        (CALLER, request("schools"), Query()),
        (CALLER, request(district="cedar"), Query()),
        (CALLER, request(district=None), Query()),
        (CALLER, request(), Query(Condition("firstName", "=", "x"))),
    ],
)
def test_a_token_counts_for_nobody_and_nothing_else(caller, asked, query):
    cursors = Cursors(KEYRING)
    token = cursors.seal(CALLER, request(), Query(), Cursor(state=b"12345678"))
    with pytest.raises(MalformedQuery, match="The page token provided was invalid"):
        cursors.open(caller, asked, Query(query.filter, token=token))


ALPHABET = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"


def spellings(token):
    """Texts that decode to the very bytes of *token*, or that a lenient reader would take for it."""
    bits = len(token) * 6 % 8
    first = ALPHABET.index(token[-1]) >> bits << bits
    yield from (token[:-1] + ALPHABET[first + low] for low in range(1 << bits) if ALPHABET[first + low] != token[-1])
    padding = "=" * (-len(token) % 4)
    yield from (token + padding, token + "=", token + "==", f" {token}", f"{token} ", f"{token}\n", token + "A")
    yield from (token.translate(str.maketrans("-_", "+/")), token.swapcase(), token.lower(), token.upper())
    yield from (f"{token[:9]}!{token[9:]}", f"{token[:9]}\r\n{token[9:]}", f"{token[:8]}={token[8:]}", token[:-1])


@pytest.mark.parametrize("number", range(8))
def test_a_token_has_one_spelling(number):
    cursors = Cursors(KEYRING)
    token = cursors.seal(CALLER, request(), Query(), Cursor(f"{number:02x}" * 16, number, state=b"12345678"))
    assert cursors.open(CALLER, request(), Query(token=token)).met == number
    others = set(spellings(token)) - {token}
    assert len(others) > 20
    for other in others:
        with pytest.raises(MalformedQuery, match="The page token provided was invalid"):
            cursors.open(CALLER, request(), Query(token=other))


def test_a_walk_is_interrupted_when_what_may_be_seen_has_changed():
    before = shown(students(*NAMES), "students", "edfi")
    after = shown(students(*NAMES), "students", "edfi", of=grant(epoch="newer"))
    cursor = Cursor(state=policy_mark(before))
    check(cursor, before)
    check(Cursor(), after)
    with pytest.raises(WalkInterrupted, match="start again"):
        check(cursor, after)
