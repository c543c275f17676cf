"""Whoever keeps the data can ask why something leaves; whoever receives them learns only what it gets."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from policies import agreement
from policies.explain import HIDDEN, SAID, explain, told
from policies.transforms import ACTIONS
from tests.policies import documents

TUTORING = agreement.load(documents.SAMPLES / "tutoring.yaml")


def why(element: str, *, agreements=(TUTORING,), client: str = documents.CLIENT, now: datetime = documents.NOW):
    (trace,) = explain(agreements, client, element, now, {"101": "Maple Elementary"})
    return trace


def test_the_trace_of_a_released_element_names_the_line_that_releases_it():
    trace = why("student.birthDate")
    assert trace.action == "year"
    assert "tutoring.yaml:25" in trace.text()
    assert trace.text().endswith("=>   released as the first day of its year")
    assert "99.31(a)(1), for tutoring: plan weekly reading support" in trace.text()
    assert "students enrolled today at Maple Elementary or school 102 in grades 03, 04, 05" in trace.text()


def test_the_trace_of_an_element_of_a_set_names_the_set():
    assert "of the set school.basic" in why("organization.name").text()


@pytest.mark.parametrize(
    ("element", "reason"),
    [
        ("student.name.middle", "no line of the agreement names it"),
        ("enrollment.exitKind", "the line enrollment.exitKind: deny"),
        ("student.password", "no line of the agreement names it"),
        ("student.bithDate", "(did you mean student.birthDate?)"),
    ],
)
def test_a_custodian_learns_why_an_element_is_withheld_and_a_recipient_does_not(element, reason):
    trace = why(element)
    assert not trace.released
    assert reason in trace.text("custodian")
    assert trace.text("recipient") == f"{element}: {HIDDEN}"


def test_an_id_that_is_capped_says_why():
    trace = why("enrollment.id")
    assert trace.action == "pseudonym"
    assert "student.id does not leave as it is" in trace.text()


def test_what_is_never_released_says_so_under_a_star():
    trace = why("student.password", agreements=[documents.load("* allow")])
    assert "it is never released" in trace.text()


def test_a_prefix_is_explained_element_by_element():
    found = explain([TUTORING], documents.CLIENT, "student.name", documents.NOW)
    assert {trace.element: trace.action for trace in found if trace.released} == {
        "student.name.given": "allow", "student.name.family": "initial",
    }  # fmt: skip
    assert len(found) > 5


@pytest.mark.parametrize("moment", [datetime(2026, 8, 31, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)])
def test_an_agreement_that_is_not_in_force_releases_nothing(moment):
    trace = why("student.birthDate", now=moment)
    assert not trace.released
    assert "valid from 2026-09-01 to 2027-08-31" in trace.text()


def test_a_replaced_version_says_so():
    old, new = documents.load("student.id allow"), documents.load("student.email allow", version=2, begin="2026-09-15")
    traces = explain([old, new], documents.CLIENT, "student.id", documents.NOW)
    assert [trace.released for trace in traces] == [False, False]
    assert "a later version has replaced this one" in traces[0].text()


def test_a_stranger_has_no_agreement():
    trace = why("student.birthDate", client="stranger")
    assert "no agreement names the client stranger" in trace.text()
    assert trace.text("recipient") == f"student.birthDate: {HIDDEN}"


def test_free_members_are_explained_too():
    found = [documents.load("oneroster.users.metadata.* allow\noneroster.users.metadata.lunch deny")]
    assert why("oneroster.users.metadata.club", agreements=found).released
    assert not why("oneroster.users.metadata.lunch", agreements=found).released
    assert not why("oneroster.users.metadata.club", agreements=[TUTORING]).released


def test_every_action_is_said_in_words():
    assert SAID.keys() == set(ACTIONS) - {"deny"}


def test_facts_that_are_withheld_alike_are_told_once():
    traces = explain((TUTORING,), documents.CLIENT, "staff", documents.NOW)
    (text,) = told(traces)
    assert text.startswith("staff.id, ")
    assert len(traces) > 10
    assert text.count("no line of the agreement names it") == 1


def test_a_recipient_of_several_agreements_is_told_once_what_one_of_them_releases():
    early = replace(TUTORING, begin=documents.NOW.date() + timedelta(days=30))
    traces = explain((early, TUTORING), documents.CLIENT, "student.birthDate", documents.NOW)
    traces = (replace(traces[0], action="deny"), traces[1])
    assert list(told(traces, "recipient")) == ["student.birthDate: released as the first day of its year"]
    hidden = (why("student.email"), why("student.email"))
    assert list(told(hidden, "recipient")) == [f"student.email: {HIDDEN}"]


@pytest.mark.parametrize(
    ("meant", "hint"),
    [
        ("birthDate", "student.birthDate"),
        ("student.firstName", "student.name.given"),
        ("edfi.students.lastSurname", "student.name.family"),
        ("users.familyName", "student.name.family"),
        ("staffs", "staff.*"),
        ("studentSchoolAssociations", "enrollment.*"),
        ("student.bithDate", "student.birthDate"),
    ],
)
def test_who_asks_by_the_word_of_a_standard_is_told_the_name_of_the_fact(meant, hint):
    assert f"no element is called {meant!r} (did you mean {hint}?)" in why(meant).text()
