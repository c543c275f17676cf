"""Who can see a fact, and whether a client can join two facts of one student."""

from __future__ import annotations

import pytest

from policies.reasoning.exposure import can, who_can_see
from standards.errors import NotFound
from tests.policies import documents

NAMES = documents.load("student.id pseudonym\nstudent.name.given allow\nattendance allow\nstudent.birthDate year")
HEALTH = documents.load("student.id allow\nhealthRecord allow", id="health", purpose="health")
LOOSE = documents.load("programParticipation.id allow\nprogramParticipation.kind allow", id="loose")


def answer(*agreements, first="student.name.given", second="attendance.kind"):
    return can(agreements, documents.CLIENT, first, second)


def test_whoever_sees_a_fact_is_listed_with_what_leaves_of_it():
    found = list(who_can_see([NAMES, HEALTH], "student.birthDate"))
    assert [(one.agreement.id, one.client, one.action) for one in found] == [("reading", documents.CLIENT, "year")]


def test_a_prefix_lists_every_fact_below_it():
    assert {one.element for one in who_can_see([NAMES], "student.name")} == {"student.name.given"}


def test_a_fact_that_does_not_exist_is_refused_with_a_hint():
    with pytest.raises(NotFound, match=r"did you mean student\.birthDate"):
        list(who_can_see([NAMES], "student.bithDate"))


def test_two_facts_of_one_agreement_meet_where_references_lead_to_the_student():
    found = answer(NAMES)
    assert found.answer == "yes"
    assert "maple, for tutoring: both leave, of every student it is about" in found.reasons


def test_records_without_a_released_reference_to_the_student_stay_apart():
    lines = "student.id pseudonym\nstudent.name.given allow\nattendance allow\nattendance.student deny"
    assert answer(documents.load(lines)).answer == "apart"


def test_without_the_students_id_nothing_meets():
    assert answer(documents.load("student.name.given allow\nattendance allow")).answer == "apart"


def test_agreements_of_one_purpose_are_combined():
    found = answer(
        documents.load("student.id allow\nstudent.name.given allow"), documents.load("attendance allow", id="b")
    )
    assert found.answer == "yes"
    assert any("of a student whom both agreements are about" in one for one in found.reasons)


def test_purposes_never_meet_but_it_is_told_that_ids_are_the_same():
    found = answer(NAMES, HEALTH, second="healthRecord.exemption")
    assert found.answer == "no"
    assert any("knows a student by the same id" in one for one in found.reasons)


def test_what_no_agreement_releases_is_named():
    found = answer(NAMES, LOOSE, second="student.email")
    assert found.answer == "no"
    assert "maple, for tutoring: nothing releases student.email" in found.reasons


def test_a_client_that_no_agreement_names_sees_nothing():
    assert can([NAMES], "nobody", "student.id", "student.id").reasons == ("no agreement names the client nobody",)
