"""Who takes part in a program is known as rows of students, for as long as a snapshot and a day last."""

from __future__ import annotations

import pytest

from gateway.cache.needed_fields import wanted_by
from gateway.cache.program_members import participations, stated_by, unstated
from gateway.districts.district import District
from gateway.engine.visibility import Visibility
from policies.population import InProgram
from standards.errors import SourceBroken, SourceError
from standards.keys import Keyring
from tests.gateway.engine.school import grant, students
from tests.gateway.engine.source import RecordsAdapter

KEYRING = Keyring(b"a key for tests, of thirty-two b")
ASSOCIATION, CTE = "edfi.studentProgramAssociations", "edfi.studentCTEProgramAssociations"
NAMES = ("Ann", "Bob", "Cyd", "Dan")
ROSTER = frozenset({"student", "enrollment", "organization"})
DAY_SECONDS = 86_400.0
START = 1_790_850_000.0  # 2026-10-01, in the morning
TODAY = "2026-10-01"


def part(student: str, name: str, begin: str | None = "2026-09-01", end: str | None = None, entity: str = ASSOCIATION):
    """The record that says that a *student* takes part in a program."""
    return entity, {
        "key": (begin, name, student, entity),
        "studentReference.studentUniqueId": (student,),
        "programReference.programName": name,
        "beginDate": begin,
        "endDate": end,
        "reasonExitedDescriptor": "a secret",
    }


class Source(RecordsAdapter):
    """A system that can fail, and that says what it was asked for."""

    failure: SourceError | None = None

    def read(self, wanted, hints=()):
        self.asked = dict(wanted)
        if self.failure:
            raise self.failure
        yield from super().read(wanted)


class Town:
    """A district of which tests move the time."""

    def __init__(self, records, seconds: float = 10 * DAY_SECONDS) -> None:
        self.now, self.source = START, Source([*students(*NAMES), *records])
        self.district = District(
            "maple", self.source, KEYRING, lambda: self.now, seconds=seconds, wanted=wanted_by([grant()]),
            monotonic=lambda: self.now,
        )  # fmt: skip
        self.district.want(wanted_by([grant()]), frozenset({"Chess", "Reading"}))

    def members(self, *programs: str) -> set[str]:
        snapshot = self.district.cached_snapshot()
        ids = snapshot.table("student").ids
        return {ids[row].capitalize() for row in snapshot.members_of(programs)}


def in_program(*names: str):
    return grant(rows={"student": InProgram(frozenset(names))})


def test_who_takes_part_on_the_day_of_the_load_is_a_member():
    town = Town([
        part("Ann", "Chess"),
        part("Bob", "Chess", end="2026-09-30"),
        part("Cyd", "Chess", begin="2026-10-02"),
        part("Dan", "Chess", begin=TODAY, end=TODAY),
        part("Bob", "Reading"),
    ])  # fmt: skip
    assert town.members("Chess") == {"Ann", "Dan"}
    assert town.members("Chess", "Reading") == {"Ann", "Bob", "Dan"}


def test_a_participation_without_a_first_day_or_of_nobody_known_counts_for_nothing():
    assert Town([part("Ann", "Chess", begin=None), part("Eve", "Chess")]).members("Chess") == set()


def test_every_specialisation_of_a_program_association_states_participation():
    assert Town([part("Ann", "Chess", entity=CTE)]).members("Chess") == {"Ann"}
    known = participations()
    assert {ASSOCIATION, CTE, "edfi.studentSpecialEducationProgramAssociations"} <= known.keys()
    others = ("edfi.studentProgramAttendanceEvents", "edfi.studentProgramEvaluations", "edfi.staffProgramAssociations",
              "edfi.studentSpecialEducationProgramEligibilityAssociations")  # fmt: skip
    assert not known.keys() & set(others)


def test_the_vocabulary_s_own_participation_goes_by_the_name_of_its_program():
    records = [
        ("programParticipation", {"key": ("1",), "student": ("Ann",), "program": ("p1",), "begin": "2026-09-01"}),
        ("programParticipation", {"key": ("2",), "student": ("Bob",), "program": ("p2",), "begin": "2026-09-01"}),
        ("program", {"key": ("p1",), "name": "Chess"}),
    ]
    assert Town(records).members("Chess") == {"Ann"}


def test_the_name_is_compared_as_it_is_written():
    assert Town([part("Ann", "chess"), part("Bob", "Chess ")]).members("Chess") == set()


def test_no_record_is_kept_and_nothing_is_asked_for_but_who_when_and_where():
    town = Town([part("Ann", "Chess")])
    snapshot = town.district.cached_snapshot()
    assert ASSOCIATION not in snapshot.tables
    assert town.source.asked == {
        ASSOCIATION: frozenset(
            {"studentReference.studentUniqueId", "programReference.programName", "beginDate", "endDate"}
        )
    }
    assert "a secret" not in repr(snapshot.members)


def test_programs_that_no_agreement_names_are_not_asked_for():
    town = Town([part("Ann", "Chess")])
    town.district.want(wanted_by([grant()]), frozenset())
    assert town.members("Chess") == set()
    assert ASSOCIATION not in town.source.asked


def test_in_a_source_without_programs_nobody_is_in_one_and_check_says_so():
    assert Town([]).members("Chess") == set()
    assert unstated({"Chess"}, ROSTER) == [
        "its system tells of no programs, so nobody is in Chess, which agreements name"
    ]
    assert unstated({"Chess"}, {*ROSTER, ASSOCIATION}) == unstated(set(), ROSTER) == []
    assert stated_by(ROSTER) == {}


def test_the_members_are_read_again_when_the_day_changes():
    town = Town([part("Ann", "Chess", end=TODAY), part("Bob", "Chess", begin="2026-10-02")])
    first = town.district.cached_snapshot()
    assert town.members("Chess") == {"Ann"}
    town.now += DAY_SECONDS
    assert town.members("Chess") == {"Bob"}
    later = town.district.cached_snapshot()
    assert (later.number > first.number, later.loaded) == (True, first.loaded)
    assert (
        later.tables["enrollment" if "enrollment" in later.tables else "organization"]
        is first.tables["enrollment" if "enrollment" in first.tables else "organization"]
    )


def test_members_that_differ_count_as_a_difference_of_the_students():
    town = Town([part("Ann", "Chess", end=TODAY)])
    first = town.district.cached_snapshot()
    town.now += DAY_SECONDS
    later = town.district.cached_snapshot()
    assert later.differs(first) == {"student"}
    assert later.tables["student"].columns is first.tables["student"].columns


def test_a_source_that_cannot_tell_who_takes_part_today_is_an_error_and_nobody_is_shown_by_yesterday():
    town = Town([part("Ann", "Chess", end=TODAY)])
    assert town.members("Chess") == {"Ann"}
    town.now += DAY_SECONDS
    town.source.failure = SourceBroken("no programs", ASSOCIATION)
    with pytest.raises(SourceError):
        town.members("Chess")


def test_members_follow_their_students_to_other_rows_when_something_is_written():
    town = Town([part("Cyd", "Chess")])
    town.members("Chess")
    town.source.bulk = False
    row = next(record for entity, record in town.source.records if record["key"] == ("Ann",))
    town.source.records = [one for one in town.source.records if one[1] is not row]
    town.district.note_written("student", ["ann"])
    assert town.members("Chess") == {"Cyd"}


def test_what_is_read_for_one_request_knows_its_members_too():
    town = Town([part("Bob", "Chess")], seconds=0)
    snapshot = town.district.snapshot(ROSTER, in_program("Chess"))
    ids = snapshot.table("student").ids
    assert {ids[row] for row in snapshot.members_of({"Chess"})} == {"bob"}
    assert town.district.snapshot(ROSTER, grant()).members_of({"Chess"}) == frozenset()


def test_rows_are_those_of_members():
    town = Town([part("Bob", "Chess")])
    snapshot = town.district.cached_snapshot()
    sight = Visibility(snapshot, in_program("Chess"), KEYRING, TODAY)
    assert [snapshot.table("student").ids[row] for row in sight.rows("student")] == ["bob"]
    nobody = Visibility(snapshot, in_program("Reading"), KEYRING, TODAY)
    assert list(nobody.rows("student")) == []
