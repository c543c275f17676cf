"""A district's hold is renewed in time, never shortened by accident, and never a substitute for a failed source."""

from __future__ import annotations

import threading

import pytest

from gateway.cache.needed_fields import may_be_held, reads, wanted_by
from gateway.districts.district import District
from gateway.districts.retries import MAX_PAUSE_SECONDS
from policies.population import Population
from standards import native, vocabulary
from standards.errors import LossRefused, SourceBroken, SourceError, SourceRefused, SourceUnavailable
from standards.keys import Keyring
from tests.gateway.engine.school import grant, students
from tests.gateway.engine.source import RecordsAdapter

KEYRING = Keyring(b"a key for tests, of thirty-two b")
NAMES = tuple(f"S{number}" for number in range(10))
ROSTER = frozenset({"student", "enrollment", "organization"})
EVENT = ("edfi.restraintEvents", {"key": ("r",), "studentReference.studentUniqueId": ("S1",)})


class Source(RecordsAdapter):
    """A system that can fail when it is read, at once or half-way."""

    failure: SourceError | None = None
    after = 0
    times = 0

    def read(self, wanted, hints=()):
        self.times += 1
        self.wanted = wanted
        for count, one in enumerate(super().read(wanted)):
            if self.failure and count >= self.after:
                raise self.failure
            yield one


class Town:
    """A district of which the tests move the time."""

    def __init__(self, records, seconds=100.0) -> None:
        self.time, self.source = 0.0, Source(records)
        self.district = District(
            "maple", self.source, KEYRING, self.now, seconds=seconds, wanted=wanted_by([grant()]), monotonic=self.now
        )

    def now(self) -> float:
        return self.time

    def size(self, entity="student") -> int:
        return self.district.snapshot(ROSTER, grant()).table(entity).size

    def settle(self) -> None:
        """Wait until nothing is renewed in the background."""
        for thread in threading.enumerate():
            if thread.name == "refresh-maple":
                thread.join(10)


@pytest.fixture
def town():
    return Town(students(*NAMES))


def test_a_hold_is_read_once_for_the_first_half_of_its_life(town):
    assert town.size() == len(NAMES)
    town.time = 49.0
    assert town.size() == len(NAMES)
    assert town.source.times == 1


def test_a_hold_is_renewed_aside_at_half_its_life(town):
    town.size()
    town.source.load(students(*NAMES, "New"))
    town.time = 51.0
    assert town.size() == len(NAMES)
    town.settle()
    assert town.size() == len(NAMES) + 1
    assert town.district.cached_snapshot().number == 2


def test_an_unchanged_source_is_not_read_again(town):
    first = town.district.cached_snapshot()
    town.time = 51.0
    town.size()
    town.settle()
    later = town.district.cached_snapshot()
    assert town.source.times == 1
    assert (later.number, later.loaded) == (2, 51.0)
    assert later.table("student") is first.table("student")


def test_a_renewal_that_would_lose_too_much_is_refused_and_the_old_hold_stays_until_it_expires(town):
    town.size()
    town.source.load(students(*NAMES[:7]))
    town.time = 60.0
    town.size()
    town.settle()
    assert town.size() == len(NAMES)
    town.settle()
    town.time = 101.0
    with pytest.raises(LossRefused, match="3 of 10 rows"):
        town.size()


def test_a_renewal_may_lose_a_fifth(town):
    town.size()
    town.source.load(students(*NAMES[:8]))
    town.time = 101.0
    assert town.size() == 8


def test_an_entity_that_is_gone_is_a_loss(town):
    town.size()
    town.source.load([one for one in students(*NAMES) if one[0] != "enrollment"])
    town.time = 101.0
    with pytest.raises(LossRefused, match="10 of 10 rows"):
        town.size("enrollment")


FAILURES = [SourceUnavailable("no answer"), SourceBroken("the file ends", "student"), SourceRefused("not for you")]


@pytest.mark.parametrize("after", [0, 5])
@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: type(failure).__name__)
def test_a_source_that_fails_is_an_error_and_never_a_short_list(town, failure, after):
    town.source.failure, town.source.after = failure, after
    with pytest.raises(type(failure)):
        town.size()
    town.source.failure = None
    assert town.size() == len(NAMES)


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: type(failure).__name__)
def test_a_source_that_fails_later_is_bridged_by_the_hold_until_it_expires(town, failure):
    town.size()
    town.source.load(students(*NAMES, "New"))
    town.source.failure, town.source.after = failure, 5
    town.time = 60.0
    assert town.size() == len(NAMES)
    town.settle()
    assert town.size() == len(NAMES)
    town.settle()
    town.time = 100.0
    with pytest.raises(type(failure)):
        town.size()
    town.source.failure = None
    town.time += MAX_PAUSE_SECONDS
    assert town.size() == len(NAMES) + 1


def test_what_may_not_be_held_is_read_for_each_request_over_the_hold():
    town = Town([*students(*NAMES), EVENT])
    entities = ROSTER | {EVENT[0]}
    live = town.district.snapshot(entities, grant())
    assert live.base is town.district.cached_snapshot()
    assert live.table("student") is live.base.table("student")
    refs = live.table(EVENT[0]).refs["studentReference.studentUniqueId"]
    assert live.table("student").ids[refs[0]] == "s1"
    assert EVENT[0] not in live.base.tables
    town.district.snapshot(entities, grant())
    assert town.source.times == 3
    assert set(town.source.wanted) == {EVENT[0]}


def test_a_live_source_that_fails_is_an_error_although_the_hold_is_there():
    town = Town([*students(*NAMES), EVENT])
    town.size()
    town.source.failure = SourceUnavailable("no answer")
    with pytest.raises(SourceUnavailable):
        town.district.snapshot(ROSTER | {EVENT[0]}, grant())
    assert town.size() == len(NAMES)


def test_without_a_hold_everything_is_read_for_each_request_and_nothing_is_kept():
    town = Town(students(*NAMES), seconds=0)
    assert not town.district.cached_entities
    first, second = (town.district.snapshot(ROSTER, grant()) for _ in range(2))
    assert first is not second
    assert (first.number, first.base) == (0, None)
    assert town.source.times == 2
    assert town.district._cached is None


def test_a_source_is_not_asked_for_what_nobody_may_see():
    less = grant("student.name.given", "student.birthDate", rows=Population(active=True).rows())
    town = Town(students(*NAMES, birthDate="2011-05-07"), seconds=0)
    made = town.district.snapshot(ROSTER, less)
    assert {"name.given", "birthDate"}.isdisjoint(made.table("student").columns)
    assert "entry" in made.table("enrollment").columns
    assert "birthDate" not in reads("student", [less])
    assert "birthDate" in reads("student", [less, grant()])


def test_an_entity_the_source_does_not_have_is_empty(town):
    assert town.district.snapshot(frozenset({"transportation"}), grant()).table("transportation").size == 0


def test_only_the_roster_and_descriptors_may_be_held():
    held = {entity for entity in (*vocabulary.entities(), *native.entities()) if may_be_held(entity)}
    roster = {
        "organization", "session", "calendarDay", "course", "offering", "section", "student", "profile", "staff",
        "contact", "guardianship", "enrollment", "placement", "teaching", "employment", "schoolSession",
        "studentInvolvement", "staffInvolvement", "contactInvolvement", "edfi.staffSchoolAssociations",
    }  # fmt: skip
    assert {entity for entity in held if not entity.endswith("Descriptors")} - roster <= {"resource"}
    assert roster <= held


def test_a_refresh_that_a_successor_overtook_is_neither_a_failure_nor_a_delivery(caplog):
    heard, town = [], Town(students(*NAMES))
    town.district._readings._listener = heard.append
    town.size()
    town.district.is_over = True
    with pytest.raises(SourceUnavailable, match="read anew"):
        town.district.refresh_now()
    assert [one.delivery.verdict for one in heard] == ["fresh"]
    assert town.district.status().state == "fresh"
    assert "refresh failed" not in caplog.text
