"""A record's time of change is that of the last change its consumer could see."""

from __future__ import annotations

import pytest

from gateway.change_log.ledger import LIST_WEIGHT_IDS, Ledger
from gateway.change_log.skeletons import BASE
from gateway.engine.row_index import index
from standards.query import Condition, Query
from tests.gateway.engine.school import grant, shown, students

FIRST, LATER = 1_000.0, 2_000.5
FIRST_TEXT, LATER_TEXT = "1970-01-01T00:16:40.000Z", "1970-01-01T00:33:20.500Z"


def stamps(ledger, records, loaded, of=None, view="students", api="oneroster", base="https://a.example"):
    parts = shown(records, view, api, of=of, ledger=ledger, loaded=loaded)
    name = "dateLastModified" if api == "oneroster" else "_lastModifiedDate"
    return [record[name] for record in index(parts, Query()).slice(0, 100, base)]


@pytest.fixture
def ledger():
    made = Ledger(b"key")
    assert stamps(made, students("Ann", "Bob"), FIRST) == [FIRST_TEXT, FIRST_TEXT]
    return made


def test_the_same_records_keep_their_time(ledger):
    assert stamps(ledger, students("Ann", "Bob")[::-1], LATER) == [FIRST_TEXT, FIRST_TEXT]


def test_a_released_change_stamps_the_record_it_is_in(ledger):
    records = students("Ann", "Bob")
    records[1][1]["name.family"] = "Lee"
    assert stamps(ledger, records, LATER) == [LATER_TEXT, FIRST_TEXT]


def test_a_change_nobody_may_see_stamps_nothing():
    ledger, less = Ledger(b"key"), grant("student.name.family", student__birthDate="year")
    assert stamps(ledger, students("Ann", birthDate="2011-05-07"), FIRST, less) == [FIRST_TEXT]
    changed = students("Ann", birthDate="2011-06-08", **{"name.family": "Lee"})
    assert stamps(ledger, changed, LATER, less) == [FIRST_TEXT]
    assert stamps(ledger, students("Ann", birthDate="2012-06-08"), LATER, less, view="demographics") == [LATER_TEXT]


def test_who_joins_is_new_and_stamps_nobody_else(ledger):
    assert stamps(ledger, students("Ann", "Bea", "Bob"), LATER) == [FIRST_TEXT, LATER_TEXT, FIRST_TEXT]


def test_the_address_under_which_is_asked_is_no_change(ledger):
    assert stamps(ledger, students("Ann", "Bob"), LATER, base="https://b.example/maple") == [FIRST_TEXT, FIRST_TEXT]


def test_a_filter_by_time_sees_the_time_that_is_shown(ledger):
    records = students("Ann", "Bob")
    records[1][1]["name.family"] = "Lee"
    parts = shown(records, "students", ledger=ledger, loaded=LATER)
    late = index(parts, Query(Condition("dateLastModified", ">", "1970-01-01T00:20:00Z")))
    assert [record["givenName"] for record in late.slice(0, 9, "https://a.example")] == ["Ann"]
    assert stamps(ledger, records, 3_000.0) == [LATER_TEXT, FIRST_TEXT]


def test_consumers_and_views_have_times_of_their_own(ledger):
    assert stamps(ledger, students("Ann", "Bob"), LATER, grant(epoch="other")) == [LATER_TEXT, LATER_TEXT]
    assert stamps(ledger, students("Ann", "Bob"), LATER, view="users") == [LATER_TEXT, LATER_TEXT]


def test_both_standards_have_times_of_their_own():
    ledger, records = Ledger(b"key"), [*students(), ("course", {"key": ("c",), "code": "1", "title": "Reading"})]
    for loaded in (FIRST, LATER):
        assert stamps(ledger, records, loaded, view="courses") == [FIRST_TEXT]
        assert stamps(ledger, records, loaded, view="courses", api="edfi") == ["1970-01-01T00:16:40.000000Z"]


def test_the_tag_of_an_item_changes_with_what_it_shows():
    def tag(records, of=None):
        return index(shown(records, "students", "edfi", of=of), Query()).slice(0, 1, "")[0]["_etag"]

    one = tag(students("Ann"))
    assert one.isdecimal()
    assert tag(students("Ann")) == one
    assert tag(students("Ann", birthDate="2011-05-07")) != one
    less = grant("student.birthDate")
    assert tag(students("Ann", birthDate="2011-05-07"), less) == tag(students("Ann"), less)


def test_what_does_not_fit_is_forgotten_and_counts_as_changed():
    ledger = Ledger(b"key", capacity=3)
    assert stamps(ledger, students("Ann", "Bob"), FIRST) == [FIRST_TEXT] * 2
    assert stamps(ledger, students("Ann", "Bob"), FIRST, view="users") == [FIRST_TEXT] * 2
    assert stamps(ledger, students("Ann", "Bob"), LATER, view="users") == [FIRST_TEXT] * 2
    assert stamps(ledger, students("Ann", "Bob"), LATER) == [LATER_TEXT] * 2


def test_no_value_is_in_the_ledger(ledger):
    assert stamps(ledger, students("Canary"), LATER) == [LATER_TEXT]
    kept = [entry for known in ledger._known.values() for entry in known.values()]
    assert len(kept) == 3
    assert all(type(entry) is int for entry in kept)


def test_what_is_looked_at_for_the_first_time_is_so_since_the_district_is_held():
    ledger = Ledger(b"key", lambda: LATER)
    parts = shown(students("Ann", "Bob"), "students", ledger=ledger, loaded=LATER)
    parts[0].visibility.snapshot.begun = int(FIRST * 1000)
    (record,) = index(parts, Query()).slice(0, 1, "https://a.example")
    assert record["dateLastModified"] == FIRST_TEXT


def test_what_another_agreement_shows_is_new():
    ledger = Ledger(b"key", lambda: LATER)
    for epoch, time in (("one", FIRST_TEXT), ("another", LATER_TEXT)):
        parts = shown(students("Ann"), "students", of=grant(epoch=epoch), ledger=ledger, loaded=LATER)
        parts[0].visibility.snapshot.begun = int(FIRST * 1000)
        (record,) = index(parts, Query()).slice(0, 1, "https://a.example")
        assert record["dateLastModified"] == time


class Lists:
    """A list that is read on each request, as one consumer sees it by a ledger whose clock a test sets."""

    def __init__(self, **more):
        self.now = FIRST
        self.ledger = Ledger(b"key", lambda: self.now, **more)

    def part(self, *names, of=None, view="students"):
        (part,) = shown(students(*names), view, of=of, ledger=self.ledger, loaded=self.now)
        return part

    def look(self, *names, of=None, below=(), view="students"):
        """Look at the whole list; what is gone from it, by moment."""
        part = self.part(*names, of=of, view=view)
        self.ledger.look(part, part.rows, below, whole=True)
        part.stamp(part.render(part.rows, BASE), part.rows, BASE)
        return self.ledger.gone(part, below)

    def since(self, of=None, view="students"):
        return self.ledger.list_since(self.part(of=of, view=view), ())


def test_who_is_gone_from_a_list_is_told_with_a_moment_later_than_all_before():
    lists = Lists()
    assert lists.look("Ann", "Bob") == {}
    (gone,) = lists.look("Ann").values()
    assert gone == FIRST * 1000 + 1
    lists.now -= 500  # the clock is set back
    assert sorted(lists.look().values()) == [gone, gone + 1]


def test_who_is_back_is_gone_no_more_and_new():
    lists = Lists()
    lists.look("Ann", "Bob")
    lists.now = LATER
    lists.look("Ann")
    lists.now += 1
    assert lists.look("Ann", "Bob") == {}
    part = lists.part("Ann", "Bob")
    assert sorted(lists.ledger.times(part, part.rows)) == [FIRST_TEXT, "1970-01-01T00:33:21.500Z"]


def test_what_is_gone_is_known_since_the_start_and_of_lists_that_were_looked_at():
    lists = Lists()
    lists.now = LATER
    assert lists.since() is None
    lists.look("Ann")
    assert lists.since() == FIRST * 1000
    assert lists.since(view="demographics") is None


def test_under_another_agreement_what_is_gone_is_known_from_then_on_and_under_the_first_again_too():
    lists, other = Lists(), grant(epoch="other")
    lists.look("Ann")
    lists.now = LATER
    assert lists.since(other) is None
    assert lists.look("Ann", of=other) == {}
    assert lists.since(other) == LATER * 1000
    assert lists.since() is None
    assert lists.look() == {lists.part("Ann").ids[0]: LATER * 1000 + 2}
    assert lists.since() == LATER * 1000 + 1


def test_where_what_was_shown_is_forgotten_what_is_gone_is_not_known():
    lists = Lists(capacity=4 + LIST_WEIGHT_IDS)
    lists.look("Ann", "Bob")
    assert lists.since() == FIRST * 1000
    lists.now = LATER
    lists.look("Ann", "Bob", view="demographics")
    assert lists.since() is None
