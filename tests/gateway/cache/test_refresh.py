"""A snapshot follows what its source tells, and has what was written for everyone who asks after it."""

from __future__ import annotations

import threading

import pytest

from gateway.cache import drop_limits
from gateway.cache.needed_fields import wanted_by
from gateway.cache.refresh import MAX_TIMES_FOLLOWED, OVERLAP_SECONDS, WHOLE_EVERY_SECONDS, SyncState
from gateway.districts.district import District
from gateway.districts.retries import MAX_PAUSE_SECONDS
from standards.errors import LossRefused, SourceBroken, SourceUnavailable
from standards.keys import Keyring
from tests.gateway.engine.school import grant, students
from tests.gateway.engine.source import FollowedAdapter

KEYRING = Keyring(b"a key for tests, of thirty-two b")
NAMES = tuple(f"S{number}" for number in range(10))
ROSTER = frozenset({"student", "enrollment", "organization"})
EVE = {"key": ("Eve",), "id": "eve", "name.given": "Eve"}


def records(*names):
    """Students and all that is theirs, with ids of their own."""
    return [(entity, {"id": "-".join(one["key"])} | one) for entity, one in students(*names)]


class Town:
    """A district of which the tests move the time."""

    def __init__(self, *, delta=None, seconds=1000.0, names=NAMES) -> None:
        self.time = 1_000.0
        self.source = FollowedAdapter(records(*names), delta)
        self.district = District(
            "maple", self.source, KEYRING, self.now, seconds=seconds, wanted=wanted_by([grant()]), monotonic=self.now
        )
        self.district.cached_snapshot()

    def now(self):
        return self.time

    def names(self):
        table = self.district.snapshot(ROSTER, grant()).table("student")
        return sorted(table.columns.get("name.given", ()))

    def later(self, seconds=1000.0):
        """The names after the snapshot has expired."""
        self.time += seconds
        return self.names()

    @property
    def reads(self):
        return len(self.source.whole)


@pytest.fixture
def town():
    """A source that tells what has changed."""
    return Town()


@pytest.fixture
def plain():
    """A source that does not."""
    return Town(delta=())


def test_a_source_that_tells_its_changes_is_read_whole_only_once(town):
    town.source.put("student", EVE)
    assert town.later() == ["Eve", *NAMES]
    town.source.remove("student", "s3")
    assert town.later() == sorted({"Eve", *NAMES} - {"S3"})
    assert town.reads == 1
    assert [until for _, until in town.source.asked] == [8, 9]


def test_a_source_that_tells_only_some_of_its_changes_is_read_whole():
    some = Town(delta={"student"})
    some.source.put("student", EVE)
    assert some.later() == ["Eve", *NAMES]
    assert (some.reads, some.source.asked) == (2, [])


def test_what_was_asked_for_lately_is_asked_for_again_and_then_no_more(town):
    town.source.put("student", EVE)
    for _ in range(4):
        town.later()
    assert town.source.asked == [(7, 8), (7, 8)]
    assert town.reads == 1


def test_a_change_that_was_numbered_before_it_could_be_seen_is_not_missed(town):
    town.source.put("student", EVE)
    (entry,) = town.source.log
    town.source.log.clear()
    assert town.later() == list(NAMES)
    town.source.log.append(entry)
    assert town.later() == ["Eve", *NAMES]


def test_what_the_source_has_forgotten_is_read_whole(town):
    town.source.put("student", EVE)
    town.source.oldest = 8
    assert town.later() == ["Eve", *NAMES]
    assert town.reads == 2
    town.source.put("student", EVE | {"name.given": "Eva"})
    town.later()
    assert town.later() == ["Eva", *NAMES]
    assert town.reads == 2


def test_a_source_whose_versions_go_back_is_read_whole(town):
    town.source.put("student", EVE)
    town.later()
    town.source.version = 3
    town.source.load(records(*NAMES))
    assert town.later() == list(NAMES)
    assert town.reads == 2


def test_what_could_not_be_followed_is_read_even_where_the_source_looks_unchanged(town):
    stamp = town.source.stamp()
    town.source.put("student", EVE)
    town.source._stamp, town.source.oldest = int(stamp), 8
    assert town.later() == ["Eve", *NAMES]


def test_changes_that_do_not_fit_are_read_whole(town):
    town.source.remove("student", "s3")
    town.source.log.clear()
    town.source.put("student", EVE | {"key": ("S3",)})
    assert town.later() == sorted({"Eve", *NAMES} - {"S3"})
    assert town.reads == 2


def test_after_a_day_a_source_is_read_whole_again(town):
    town.later(WHOLE_EVERY_SECONDS - 1)
    assert town.reads == 1
    town.time += 1
    town.source.put("student", EVE)
    assert town.later() == ["Eve", *NAMES]
    assert town.reads == 2


def test_a_source_is_followed_only_so_often():
    course = SyncState(0.0, ((0.0, 1),), MAX_TIMES_FOLLOWED - 1)
    assert course.may_follow(1.0)
    assert not course.with_checkpoint(1.0, 2).may_follow(1.0)


def test_a_course_asks_from_a_mark_that_is_old_enough():
    course = SyncState(0.0, ((0.0, 1),))
    for moment, version in ((10.0, 2), (OVERLAP_SECONDS, 3), (OVERLAP_SECONDS + 5, 4)):
        course = course.with_checkpoint(moment, version)
    assert (course.ask_from(), course.checkpoint) == (1, 4)
    course = course.with_checkpoint(OVERLAP_SECONDS + 10, 5)
    assert course.ask_from() == 2
    assert course.with_checkpoint(OVERLAP_SECONDS * 3, 6).checkpoints[0] == (OVERLAP_SECONDS + 10, 5)


def leave(town, name):
    """Let a student go, with the enrollment."""
    town.source.remove("student", name.lower())
    town.source.remove("enrollment", f"e-{name}")


def test_a_few_rows_of_a_small_table_may_go_where_the_source_tells_of_each(town):
    for name in NAMES[:3]:
        leave(town, name)
    assert town.later() == [*NAMES[3:]]
    assert town.reads == 1


def test_a_source_that_loses_too_much_by_its_own_telling_is_refused(town, monkeypatch):
    monkeypatch.setattr(drop_limits, "MAX_REPORTED_ROWS", 2)
    for name in NAMES[:3]:
        leave(town, name)
    town.time += 999
    assert town.names() == list(NAMES)
    town.time += 1
    with pytest.raises(LossRefused, match="3 of 10 rows"):
        town.names()


def test_a_great_loss_that_is_told_is_believed_only_when_reading_whole_shows_it(town, monkeypatch):
    monkeypatch.setattr(drop_limits, "MAX_REPORTED_ROWS", 2)
    for name in NAMES[:3]:
        leave(town, name)
        town.source.put("student", EVE | {"id": name, "key": (name, "new")})
        town.source.put(
            "enrollment", {"key": ("e", name), "id": f"e-{name}", "student": (name, "new"), "school": ("101",)}
        )
    assert town.later() == ["Eve", "Eve", "Eve", *NAMES[3:]]
    assert town.reads == 2


def _fail_at(place):
    def fail(what):
        if what == place:
            raise SourceUnavailable("no answer")

    return fail


@pytest.mark.parametrize("place", ["newest", "changes"])
def test_a_source_that_cannot_tell_now_is_bridged_by_the_hold_until_it_expires(town, place):
    town.source.put("student", EVE)
    town.source.during = _fail_at(place)
    town.time += 600
    assert town.names() == list(NAMES)
    town.time += 400
    with pytest.raises(SourceUnavailable):
        town.names()
    town.source.during = lambda _what: None
    town.time += MAX_PAUSE_SECONDS
    assert town.names() == ["Eve", *NAMES]
    assert town.reads == 1


@pytest.mark.parametrize("delta", [None, ()], ids=["told", "not told"])
def test_what_is_written_is_in_the_next_read(delta):
    town = Town(delta=delta)
    town.source.put("student", EVE)
    assert town.names() == list(NAMES)
    town.district.note_written("student", ["eve"])
    assert town.names() == ["Eve", *NAMES]
    town.source.remove("student", "eve")
    town.district.note_written("student", ["eve"])
    assert town.names() == list(NAMES)
    assert town.reads == 1
    assert town.source.found == ([] if delta is None else [("student", "eve")] * 2)


def test_what_was_written_may_be_a_loss(plain, town):
    for place in (plain, town):
        for name in NAMES[:5]:
            leave(place, name)
        place.district.note_written("student", [name.lower() for name in NAMES[:5]])
        assert place.names() == list(NAMES[5:])


def test_what_is_written_leaves_the_hold_as_old_as_it_was(plain):
    loaded = plain.district.cached_snapshot().loaded
    plain.time += 100
    plain.source.put("student", EVE)
    plain.district.note_written("student", ["eve"])
    assert plain.district.cached_snapshot().loaded == loaded
    assert plain.later() == ["Eve", *NAMES]
    assert plain.reads == 2


def test_a_written_record_is_held_with_no_more_than_somebody_may_see():
    less = grant("student.birthDate")
    source = FollowedAdapter(records(*NAMES), ())
    district = District("maple", source, KEYRING, lambda: 0.0, seconds=10.0, wanted=wanted_by([less]))
    district.cached_snapshot()
    source.put("student", EVE | {"birthDate": "2011-05-07"})
    district.note_written("student", ["eve"])
    assert district.cached_snapshot().table("student").size == len(NAMES) + 1
    assert "birthDate" not in district.cached_snapshot().table("student").columns


def test_a_write_that_is_not_of_the_hold_changes_nothing(plain):
    number = plain.district.cached_snapshot().number
    plain.district.note_written("result", ["r"])
    plain.district.note_written("student", [])
    assert plain.district.cached_snapshot().number == number


def test_a_write_of_what_is_not_held_may_change_what_a_source_joins(town):
    town.source.put("student", EVE)
    town.district.note_written("edfi.studentProgramAssociations", ["x"])
    assert town.names() == ["Eve", *NAMES]


def test_without_a_hold_a_write_needs_nothing():
    town = Town(seconds=0)
    town.district.note_written("student", ["s1"])
    assert not town.district._written


def test_what_was_written_and_cannot_be_read_is_an_error_until_it_can(plain):
    plain.source.put("student", EVE)
    plain.source.during = _fail_at("find")
    plain.district.note_written("student", ["eve"])
    for _ in range(2):
        with pytest.raises(SourceUnavailable):
            plain.names()
    plain.source.during = lambda _what: None
    plain.time += MAX_PAUSE_SECONDS
    assert plain.names() == ["Eve", *NAMES]


def test_a_write_that_does_not_fit_the_hold_is_read_whole(plain):
    plain.source.remove("student", "s3")
    plain.source.put("student", EVE | {"key": ("S3",)})
    plain.district.note_written("student", ["eve"])
    assert plain.names() == sorted({"Eve", *NAMES} - {"S3"})
    assert plain.reads == 2


def test_who_asks_while_a_write_is_read_waits_for_it(plain):
    seen = []

    def ask(what):
        if what == "find" and not seen:
            seen.append(threading.Thread(target=lambda: seen.append(plain.names())))
            seen[0].start()
            seen[0].join(0.05)  # it would be back at once, with what it should not see

    plain.source.put("student", EVE)
    plain.district.note_written("student", ["eve"])
    plain.source.during = ask
    assert plain.names() == ["Eve", *NAMES]
    seen[0].join(10)
    assert seen[1] == ["Eve", *NAMES]


@pytest.mark.parametrize("delta", [None, ()], ids=["told", "not told"])
def test_a_write_during_a_renewal_that_began_before_it_is_not_lost(delta):
    town, place = Town(delta=delta), "changes" if delta is None else "read"
    town.source.put("student", EVE | {"id": "ned", "key": ("Ned",), "name.given": "Ned"})
    reached, go_on = threading.Event(), threading.Event()

    def wait(what):
        if what == place and not reached.is_set():
            reached.set()
            assert go_on.wait(10)

    town.source.during = wait
    town.time += 600
    assert town.names() == list(NAMES)
    assert reached.wait(10)
    town.source.put("student", EVE)
    town.district.note_written("student", ["eve"])
    seen = []
    reader = threading.Thread(target=lambda: seen.append(town.names()))
    reader.start()
    go_on.set()
    reader.join(10)
    assert seen == [["Eve", "Ned", *NAMES]]


def test_one_record_written_again_while_its_first_writing_is_read_is_read_again(plain):
    def write_again(what):
        if what == "find" and len(plain.source.found) == 1:
            plain.source.put("student", EVE | {"name.given": "Eva"})
            plain.district.note_written("student", ["eve"])

    plain.source.put("student", EVE)
    plain.district.note_written("student", ["eve"])
    plain.source.during = write_again
    plain.names()
    assert plain.names() == ["Eva", *NAMES]
    assert len(plain.source.found) == 2


def test_freshening_follows_the_source_at_once_but_not_more_than_once_a_second(town):
    town.source.put("student", EVE)
    assert town.names() == list(NAMES)
    town.district.freshen()
    assert town.names() == ["Eve", *NAMES]
    town.source.remove("student", "eve")
    town.district.freshen()
    assert town.names() == ["Eve", *NAMES]
    town.time += 1
    town.district.freshen()
    assert town.names() == list(NAMES)
    assert town.reads == 1


def test_freshening_where_nothing_has_changed_asks_for_no_changes(town):
    number = town.district.cached_snapshot().number
    town.district.freshen()
    assert town.district.cached_snapshot().number == number
    assert town.source.asked == []


def test_freshening_a_source_that_does_not_tell_or_does_not_answer_leaves_the_hold(plain, town):
    plain.source.put("student", EVE)
    plain.district.freshen()
    assert plain.names() == list(NAMES)
    town.source.put("student", EVE)
    town.source.during = _fail_at("newest")
    town.district.freshen()
    assert town.names() == list(NAMES)


def test_a_fault_of_ours_in_a_renewal_aside_does_not_end_renewals(town):
    def fail(_before, _fresh):
        raise RuntimeError("a fault")

    town.district.refreshed, kept = fail, town.district.refreshed
    town.source.put("student", EVE)
    town.time += 600
    assert town.names() == list(NAMES)
    _settle()
    assert town.names() == list(NAMES)
    _settle()
    town.district.refreshed = kept
    town.time += MAX_PAUSE_SECONDS
    assert town.names() == list(NAMES)
    _settle()
    assert town.names() == ["Eve", *NAMES]


def _settle():
    for thread in threading.enumerate():
        if thread.name == "refresh-maple":
            thread.join(10)


def test_a_later_state_has_a_greater_version_and_is_not_told_of_before_it_is_served(town):
    told, versions = [town.district.newest()], [town.district.cached_snapshot().version]

    def ask(_before, fresh):
        town.time += 5
        other = threading.Thread(target=lambda: told.append(town.district.newest()))
        other.start()
        other.join(10)
        assert told[-1] < fresh.version
        assert town.district.cached_snapshot().version == versions[-1]

    town.district.refreshed = ask
    for number in range(3):
        town.source.put("student", EVE | {"name.given": f"Eve {number}"})
        town.later(100)
        town.district.freshen()
        versions.append(town.district.cached_snapshot().version)
        told.append(town.district.newest())
        assert told[-1] >= versions[-1]
    assert versions == sorted(set(versions))
    assert told == sorted(told)


def test_a_version_is_later_than_any_that_was_told_even_in_the_same_millisecond(town):
    told = town.district.newest()
    town.source.put("student", EVE)
    town.district.note_written("student", ["eve"])
    assert town.district.cached_snapshot().version > told
    assert town.district.newest() >= town.district.cached_snapshot().version


def test_a_renewal_that_fails_at_the_last_moment_leaves_no_version_behind(town):
    served = town.district.cached_snapshot()

    def fail(_before, _fresh):
        raise SourceBroken("no")

    town.district.refreshed = fail
    town.source.put("student", EVE)
    town.district.note_written("student", ["eve"])
    with pytest.raises(SourceBroken):
        town.names()
    town.time += 60
    assert town.district.newest() == 1_060_000
    assert town.district._cached is served
    town.district.refreshed = lambda _before, _fresh: None
    assert town.names() == ["Eve", *NAMES]
    assert town.district.cached_snapshot().version > 1_060_000


def test_what_is_read_live_is_later_than_all_that_was_told():
    town = Town(seconds=0)
    told = town.district.newest()
    made = town.district.snapshot(ROSTER, grant())
    assert made.version > told
    town.time += 1
    assert town.district.newest() >= made.version
