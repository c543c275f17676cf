"""The child who moves: the same in both districts, found by the rule, and newly enrolled in one of them."""

from __future__ import annotations

from collections import Counter
from datetime import date
from functools import cache

import pytest

from gateway.demo.data.district import generate
from gateway.demo.data.edfi.server import ods_documents
from gateway.demo.data.schools.terms import school_year_of
from gateway.demo.scenario.mover import as_enrolled, with_mover

DAYS = (date(2026, 9, 1), date(2026, 9, 3), date(2026, 12, 1), date(2027, 7, 30))
SIZES = (1, 2, 5, 20, 60)


@cache
def moving(students=20, today=date(2026, 12, 1)):
    year = school_year_of(today)
    sender, receiver = (
        generate(name, seed=2026, students=students, school_year=year, today=today) for name in ("alder", "fir")
    )
    return sender, receiver, *with_mover(sender, receiver)


@cache
def typed_in():
    sender, _, after, mover = moving()
    return as_enrolled(ods_documents(after), sender, mover), sender, mover


def of(collection):
    documents, _, mover = typed_in()
    unique = mover.here.state_id
    found = [document for name, document in documents if name == collection]
    return [one for one in found if one.get("studentReference", {}).get("studentUniqueId") == unique]


@pytest.mark.parametrize("today", DAYS, ids=str)
@pytest.mark.parametrize("students", SIZES)
def test_a_child_is_in_both_districts_on_any_day_and_in_any_size(students, today):
    sender, before, after, mover = moving(students, today)
    assert mover.there in sender.students
    assert mover.here in after.students
    assert len(after.students) == len(before.students) == students
    same = [(one.state_id, one.birth_date, one.name.given, one.name.family) for one in (mover.there, mover.here)]
    assert same[0] == same[1]
    held = [one for one in after.enrollments if one.student == mover.here.id]
    assert [one for one in held if one.exit is None and one.entry <= today and one.entry_reason == "transferred"]


@pytest.mark.parametrize("students", SIZES)
def test_no_two_children_of_a_district_have_one_state_id(students):
    _, _, after, _ = moving(students)
    assert max(Counter(one.state_id for one in after.students).values()) == 1


def test_nothing_of_the_child_is_older_than_its_enrollment():
    _, _, after, mover = moving()
    (came,) = {one.entry for one in after.enrollments if one.student == mover.here.id}
    places = [one for one in after.placements if one.student == mover.here.id]
    assert places
    assert all(came <= one.begin <= one.end for one in places)
    for rows in (after.absences, after.participations, after.results):
        assert mover.here.id not in {one.student for one in rows}


def test_every_other_child_of_the_receiving_district_stays_as_it_was():
    _, before, after, mover = moving()
    others = [one for one in after.students if one.id != mover.here.id]
    assert others == [one for one in before.students if one.id != mover.here.id]


def test_the_receiving_system_says_where_the_child_was_and_no_more_than_somebody_has_typed_in():
    documents, sender, mover = typed_in()
    before, now = sorted(of("studentSchoolAssociations"), key=lambda one: one["entryDate"])
    assert before["exitWithdrawDate"] == now["entryDate"]
    assert before["schoolReference"] == {"schoolId": int(mover.there.school)}
    names = {one["nameOfInstitution"] for name, one in documents if name == "localEducationAgencies"}
    assert sender.title in names
    (profile,) = of("studentEducationOrganizationAssociations")
    assert mover.here.state_id in {one["identificationCode"] for one in profile["studentIdentificationCodes"]}
    assert profile.keys() == {"studentReference", "educationOrganizationReference", "studentIdentificationCodes"}
