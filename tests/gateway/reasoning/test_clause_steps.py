"""The population of one child goes clause by clause: true, false, or unknown where data are missing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.cache.snapshot import build_snapshot
from gateway.engine.visibility import Visibility
from gateway.reasoning.clause_steps import population_steps, said
from policies.population import All, AnyOf, In, NotIn, Null
from standards.keys import Keyring
from tests.policies import documents

KEYRING = Keyring(b"k" * 32)
PEOPLE = "{all: [{school: {in: ['101']}}, {grade: {in: ['07']}}, {enrollment: active}]}"
SCHOOL, GRADE, ACTIVE = "enrollment.school is 101", "enrollment.grade is 07", "has begun and has not ended today"


def seen(*enrollments: dict[str, str | None], population: str = PEOPLE) -> Visibility:
    """One child with these enrollments; a school of None is missing."""
    records = [("organization", {"key": (one,), "identifier": one, "kind": "school"}) for one in ("101", "102")]
    records.append(("student", {"key": ("s",), "uniqueId": "s"}))
    for number, one in enumerate(enrollments):
        row = {"school": ("101",), "grade": "07", "entry": "2026-09-01"} | one
        records.append(("enrollment", {"key": (str(number),), "student": ("s",), **row}))
    entities = dict.fromkeys(["organization", "student", "enrollment"])
    snapshot = build_snapshot(records, "maple", KEYRING, entities=entities)
    return Visibility(snapshot, documents.grant("student.id allow", population), KEYRING, documents.TODAY)


def steps(*enrollments, **more) -> list[tuple[bool, str]]:
    return [(one.passed, one.text) for one in population_steps(seen(*enrollments, **more), 0)]


def test_every_clause_of_a_child_inside_is_true():
    assert steps({}) == [(True, f"true: its enrollment: {one}") for one in (SCHOOL, GRADE, ACTIVE)]


@pytest.mark.parametrize(
    ("row", "at", "verdict"),
    [
        ({"school": ("102",)}, 0, "false"), ({"school": None}, 0, "unknown"), ({"grade": "08"}, 1, "false"),
        ({"grade": None}, 1, "unknown"), ({"exit": "2026-09-02"}, 2, "false"), ({"entry": None}, 2, "unknown"),
    ],
)  # fmt: skip
def test_a_clause_that_does_not_hold_is_false_or_unknown(row, at, verdict):
    found = steps(row)
    assert [passed for passed, _ in found] == [number != at for number in range(3)]
    assert found[at][1].startswith(f"{verdict}: its enrollment: ")


def test_of_several_enrollments_the_one_is_told_of_which_most_is_true():
    found = steps({"school": ("102",), "grade": "08"}, {"grade": "08"})
    assert [passed for passed, _ in found] == [True, False, True]
    assert "of 2, the one of which most is true: its enrollment: " in found[0][1]


def test_a_child_without_an_enrollment_has_none():
    assert steps() == [(False, "false: has no enrollment")]


def test_an_agreement_about_everyone_leaves_out_nobody():
    assert steps({}, population="") == [(True, "no clause: the agreement leaves out nobody")]


def test_every_step_agrees_with_the_visibility_of_a_request():
    for row in ({}, {"school": ("102",)}, {"grade": None}, {"exit": "2026-09-02"}):
        visibility = seen(row)
        assert all(one.passed for one in population_steps(visibility, 0)) == (visibility.rows("student") == [0])


def test_clauses_on_the_student_are_steps_of_their_own():
    visibility = seen({})
    rule = All((NotIn("uniqueId", frozenset({"x"})), Null("birthDate"), In("birthDate", frozenset({"2014"}))))
    visibility.grant = replace(visibility.grant, rows={"student": rule})
    assert [(one.passed, one.text) for one in population_steps(visibility, 0)] == [
        (True, "true: student.uniqueId is not x"),
        (True, "true: student.birthDate is absent"),
        (False, "unknown: student.birthDate is 2014"),
    ]


def test_a_clause_is_written_without_a_childs_value():
    assert said("student", AnyOf((Null("birthDate"), In("grades", frozenset({"07", "08"}))))) == (
        "student.birthDate is absent or student.grades is 07 or 08"
    )
