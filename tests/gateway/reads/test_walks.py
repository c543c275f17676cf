"""A walk through pages neither skips nor repeats a row, or it is told to start again."""

from __future__ import annotations

import pytest

from gateway.auth.callers import Caller
from gateway.engine.row_index import index
from gateway.paging import walks as module
from gateway.paging.walks import TTL_SECONDS, Walks
from gateway.request import PageRequest
from standards import registry
from standards.errors import WalkInterrupted
from standards.query import Condition, Query
from tests.gateway.engine.school import grant, shown, students

CALLER = Caller("tutor", "org", frozenset(), 1)
NAMES = tuple(f"S{number:02}" for number in range(20))


class Reader:
    """A client that pages through students while the time and the snapshot move."""

    def __init__(self) -> None:
        self.time, self.walks = 0.0, Walks(lambda: self.time)

    def page(self, offset, names=NAMES, limit=5, *, number=1, caller=CALLER, base="https://a.example", **more):
        of = more.pop("of", None)
        parts = shown(students(*names), "students", of=of, number=number)
        for district in more.pop("beside", ()):
            (other,) = shown(students(*names), "students", of=of, number=number)
            other.visibility.snapshot.district = district
            parts += (other,)
        request = PageRequest(registry.views("oneroster")["students"], "maple", frozenset(), None, base)
        query = Query(offset=offset, limit=limit, **more)
        rows = self.walks.rows(caller, request, parts, query, index)
        return [record["givenName"] for record in rows.slice(offset, limit, base)]


@pytest.fixture
def reader():
    return Reader()


def test_a_walk_survives_a_renewal_that_takes_rows_away(reader):
    walked = reader.page(0)
    later = NAMES[3:]
    for offset in (5, 10, 15):
        walked += reader.page(offset, later, number=2)
    assert [name for name in later if name not in walked] == []
    assert walked == list(NAMES)


def test_a_first_page_sees_the_present(reader):
    assert reader.page(0) == list(NAMES[:5])
    assert reader.page(0, NAMES[3:], number=2) == list(NAMES[3:8])
    assert reader.page(5, NAMES[3:], number=2) == list(NAMES[8:13])


def test_a_later_page_without_a_walk_sees_the_present(reader):
    assert reader.page(5, NAMES[3:], number=2) == list(NAMES[8:13])


def test_a_walk_is_interrupted_when_what_the_client_may_see_has_changed(reader):
    reader.page(0)
    with pytest.raises(WalkInterrupted, match="start again"):
        reader.page(5, of=grant(epoch="newer"))
    assert reader.page(0, of=grant(epoch="newer")) == list(NAMES[:5])
    assert reader.page(5, of=grant(epoch="newer")) == list(NAMES[5:10])


@pytest.mark.parametrize(
    "other",
    [
        {"caller": Caller("vendor", "org", frozenset(), 1)},
        {"base": "https://b.example"},
        {"sort": "givenName"},
        {"filter": Condition("givenName", "~", "S")},
    ],
    ids=str,
)
def test_another_client_or_question_is_another_walk(reader, other):
    reader.page(0)
    assert reader.page(5, NAMES[3:], number=2, **other) == list(NAMES[8:13])


def test_a_walk_ends_with_its_time(reader):
    reader.page(0)
    reader.time = TTL_SECONDS - 1
    assert reader.page(5, NAMES[3:], number=2) == list(NAMES[5:10])
    reader.time = TTL_SECONDS + 1
    assert reader.page(5, NAMES[3:], number=2) == list(NAMES[8:13])


def test_rows_are_made_once_for_all_pages_of_a_walk(reader):
    made = []
    parts = shown(students(*NAMES), "students")
    request = PageRequest(registry.views("oneroster")["students"], "maple", frozenset(), None, "")
    for offset in (0, 5, 10, 0):
        query = Query(offset=offset)
        reader.walks.rows(CALLER, request, parts, query, lambda *asked: made.append(1) or index(*asked))
    assert len(made) == 1


def test_a_walk_over_what_is_read_live_skips_nobody_or_is_interrupted(reader):
    reader.page(0, number=0)
    assert reader.page(5, number=0) == list(NAMES[5:10])
    assert reader.page(5, ("S001", *NAMES), number=0) == list(NAMES[4:9])
    with pytest.raises(WalkInterrupted, match="start again"):
        reader.page(10, NAMES[3:], number=0)
    assert reader.page(10, NAMES[:12], number=0) == ["S10", "S11"]
    assert reader.page(0, NAMES[3:], number=0) == list(NAMES[3:8])
    assert reader.page(5, NAMES[3:], number=0) == list(NAMES[8:13])


def test_two_districts_that_give_one_id_twice_interrupt_no_walk(reader):
    first = reader.page(0, number=0, beside=["oak"])
    assert first == ["S00", "S00", "S01", "S01", "S02"]
    assert reader.page(5, number=0, beside=["oak"]) == ["S02", "S03", "S03", "S04", "S04"]


def test_of_what_is_read_live_only_the_order_is_kept_and_nothing_where_one_page_has_all(reader):
    reader.page(0, number=0)
    (walk,) = reader.walks._kept.values()
    assert walk.rows is None
    assert walk.size == reader.walks._codes == len(NAMES)
    reader.page(0, limit=20, number=0)
    assert not reader.walks._kept
    assert not reader.walks._codes


def test_the_oldest_walks_give_way(reader, monkeypatch):
    monkeypatch.setattr(module, "MAX_CODES", 3 * len(NAMES))
    for sort in ("", "givenName", "sourcedId", "roles.role"):
        reader.page(0, sort=sort)
    assert len(reader.walks._kept) == 3
    assert reader.walks._codes == 3 * len(NAMES)
    assert reader.page(5, NAMES[3:], number=2) == list(NAMES[8:13])
    assert reader.page(5, NAMES[3:], number=2, sort="roles.role") == list(NAMES[5:10])


def test_one_walk_is_kept_however_long(reader, monkeypatch):
    monkeypatch.setattr(module, "MAX_CODES", 1)
    reader.page(0)
    assert reader.page(5, NAMES[3:], number=2) == list(NAMES[5:10])
