"""Whom an agreement is about: every sentence on populations, each by what the rows of two interpreters do."""

from __future__ import annotations

import pytest

from policies.population import ANYBODY, Aged, Child, InProgram
from policies.testing.reference_visibility import visible
from tests.policies import documents

TUTORING = {"Reading Corps": {("s1",), ("s4",)}, "Chess": {("s2",)}}


def inside(population: str, today: str = documents.TODAY, members=TUTORING, **changes) -> set[str]:
    """The children that an agreement with a *population* is about."""
    records = documents.district()
    for row in records["student"]:
        row.update({name: value[row["key"][0]] for name, value in changes.items() if row["key"][0] in value})
    grant = documents.grant("student.id allow", population)
    return {key[0] for key in visible(records, grant, today, members)["student"]}


def test_a_student_is_in_a_program_who_takes_part_in_it():
    assert inside("{all: [{program: {is: Reading Corps}}]}") == {"s1", "s4"}
    assert inside("{all: [{program: {in: [Reading Corps, Chess]}}]}") == {"s1", "s2", "s4"}


def test_a_program_is_named_by_its_exact_name():
    assert inside("{all: [{program: {is: reading corps}}]}") == set()


def test_nobody_is_in_a_program_of_which_a_source_says_nothing():
    assert inside("{all: [{program: {is: Reading Corps}}]}", members={}) == set()


def test_ages_are_years_completed_today_and_both_are_included():
    """s3 was born on 2012-05-07, and each child after it a year later."""
    assert inside("{all: [{age: {from: 12, to: 13}}]}", "2026-05-06") == {"s3", "s4"}
    assert inside("{all: [{age: {from: 12, to: 13}}]}", "2026-05-07") == {"s4", "s5"}


@pytest.mark.parametrize(
    ("born", "today", "years"),
    [
        ("2012-02-29", "2026-02-28", 13),
        ("2012-02-29", "2026-03-01", 14),
        ("2012-03-01", "2026-02-28", 13),
        ("2026-10-01", "2026-10-01", 0),
    ],
)
def test_a_year_is_completed_on_the_birthday(born, today, years):
    for asked, found in ((years, {"s1"}), (years + 1, set())):
        population = f"{{all: [{{age: {{from: {asked}, to: {asked}}}}}]}}"
        assert inside(population, today, birthDate={"s1": born}) & {"s1"} == found


@pytest.mark.parametrize("born", [None, "", "2026-10-02", "2012-02-30", "12 May 2012"])
def test_a_missing_or_unknown_date_of_birth_is_of_no_age(born):
    assert "s1" not in inside("{all: [{age: {from: 0}}]}", birthDate={"s1": born})
    assert "s1" not in inside("{all: [{age: {to: 150}}]}", birthDate={"s1": born})


def test_one_bound_of_an_age_is_enough():
    everyone = inside("")
    older = inside("{all: [{age: {from: 12}}]}")
    younger = inside("{all: [{age: {to: 11}}]}")
    assert older
    assert younger
    assert (older | younger, older & younger) == (everyone, set())


def test_all_selectors_hold_together():
    assert inside('{all: [{program: {in: [Reading Corps, Chess]}}, {grade: {in: ["03"]}}]}') == {"s1", "s2"}
    assert inside('{all: [{program: {is: Reading Corps}}, {grade: {in: ["03"]}}, {age: {to: 3}}]}') == set()


def test_what_belongs_to_a_student_is_there_only_with_the_student():
    grant = documents.grant("student.id allow", "{all: [{program: {is: Reading Corps}}]}")
    found = visible(documents.district(), grant, documents.TODAY, TUTORING)
    assert {key[-1] for key in found["enrollment"]} == {"s1", "s4"}
    assert found["contact"] == {("cs1",), ("cs4",)}


def test_consent_is_asked_of_the_register_and_no_row_is_taken_for_granted():
    grant = documents.grant("student.id allow", "{all: [{consent: {form: read-2026, status: granted}}]}")
    assert (grant.registered.form, grant.registered.kind) == ("read-2026", "cbo")
    assert grant.rows["student"] == ANYBODY
    assert "contact" in grant.rows
    assert not grant.unrestricted("student")
    assert not grant.unrestricted("enrollment")


def test_the_rules_are_the_clauses_they_are_told_to_be():
    grant = documents.grant("student.id allow", "{all: [{enrollment: active}, {program: {is: A}}, {age: {from: 5}}]}")
    enrolled, program, aged = grant.rows["student"].clauses
    assert isinstance(enrolled, Child)
    assert program == InProgram(frozenset({"A"}))
    assert aged == Aged("birthDate", 5, None)
    assert grant.programs == {"A"}
    assert ("student", "birthDate") in set(grant.row_reads())


def test_a_population_is_told_in_words():
    one = documents.load(
        "student.id allow",
        '{all: [{grade: {in: ["03"]}}, {program: {in: [A, B]}}, {age: {from: 5, to: 9}}, '
        "{consent: {form: f, status: granted}}]}",
    )
    assert one.population.words() == (
        "students enrolled at any time in grade 03 who take part in A or B today aged 5 to 9 with consent by the form f"
    )
    assert one.population.steps()[1:] == (
        "takes part in A or B today",
        "is aged 5 to 9 today",
        "has a consent by the form f that holds today",
    )
    assert documents.load("student.id allow", "{all: [{age: {to: 9}}]}").population.words() == "students aged 9 or less"
