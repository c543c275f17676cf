"""The tests inside an agreement fail with their place, and an agreement whose tests fail releases nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.reasoning import examples
from gateway.reasoning.examples import failures
from policies import agreement
from policies.grant import Registered
from tests.policies import documents

ELEMENTS = "student.id pseudonym\nstudent.name.given allow\nstudent.birthDate year\norganization.name allow"
PEOPLE = "{all: [{school: {in: ['101']}}, {grade: {in: ['07']}}, {enrollment: active}]}"
FIRST_LINE = 15  # of what is expected, below the name and the student


def written(tmp_path, expect: str, student: str = "", more: str = ""):
    path = tmp_path / "agreement.yaml"
    student = student or 'school: "101", grade: "07"'
    entry = f"tests:\n  - name: a child\n    student: {{{student}}}\n{more}    expect: {{{expect}}}\n"
    path.write_text(documents.text(ELEMENTS, PEOPLE) + entry, "utf-8")
    return path


def wrong(tmp_path, *given: str, **more: str) -> list[str]:
    one = agreement.load(written(tmp_path, *given, **more))
    return [str(mistake).removeprefix(f"{tmp_path}/") for mistake, _ in failures([one])]


def test_what_comes_true_is_no_mistake(tmp_path):
    expect = "visible: true, student.birthDate: year, student.name.given: allow, student.address: deny, student.id: pseudonym"
    assert wrong(tmp_path, expect) == []


@pytest.mark.parametrize(
    "student",
    [
        'school: "102", grade: "07"', 'school: "101", grade: "08"', 'school: "101"', 'grade: "07"', "",
        'school: "101", grade: "07", enrollment: ended',
    ],
)  # fmt: skip
def test_of_whoever_is_not_in_the_population_nothing_leaves(tmp_path, student):
    expect = "visible: false, student.birthDate: deny, student: deny, organization.name: allow"
    assert wrong(tmp_path, expect, student or "enrollment: active") == []


def test_a_failing_expectation_is_named_with_its_place(tmp_path):
    assert wrong(tmp_path, "visible: true, student.birthDate: allow") == [
        "agreement.yaml:18:48: the test 'a child' fails: student.birthDate is year, and allow is expected"
    ]


def test_a_path_holds_for_all_that_is_below_it(tmp_path):
    (found,) = wrong(tmp_path, "student.name: allow")
    assert "student.name.family is deny" in found


def test_that_the_student_is_outside_is_told_where_it_is_the_reason(tmp_path):
    (found,) = wrong(tmp_path, "student.birthDate: year", 'school: "102", grade: "07"')
    assert found.endswith("student.birthDate is deny, and year is expected; the student is not in the population")


@pytest.mark.parametrize(
    ("expect", "student", "message"),
    [
        (
            "student.bithDate: year",
            "",
            "18:14: no element is called 'student.bithDate' (did you mean student.birthDate?)",
        ),
        ("student.birthDate: never", "", "18:33: student.birthDate must be allow, year"),
        ("visible: maybe", "", "18:23: visible must be true or false"),
        ("visible: true", 'grade: "7"', "17:22: there is no grade '7' (did you mean 07?)"),
        ("visible: true", "grade: 07", "17:22: grade must be a text: write it in quotes"),
        ("visible: true", 'birthDate: "2015-02-30"', "17:26: birthDate is not a day of the calendar"),
        ("visible: true", "shoe: large", "17:15: unknown key 'shoe'"),
    ],
)
def test_an_example_that_says_nothing_is_a_mistake_with_its_place(tmp_path, expect, student, message):
    found, problems = agreement.read(written(tmp_path, expect, student))
    assert found is None
    assert str(problems[0]).removeprefix(f"{tmp_path}/agreement.yaml:").startswith(message)


def test_an_example_is_tried_on_the_day_it_names(tmp_path):
    assert wrong(tmp_path, "visible: true", more='    on: "2027-01-31"\n') == []


def test_tests_are_no_part_of_what_is_hashed(tmp_path):
    without = documents.load(ELEMENTS, PEOPLE)
    assert agreement.load(written(tmp_path, "visible: true")).digest == without.digest


@pytest.mark.parametrize(
    ("asked", "student", "visible"),
    [
        (Registered(form="cy-2026"), "consent: granted", True), (Registered(form="cy-2026"), "consent: none", False),
        (Registered(form="cy-2026"), "optedOut: true, consent: granted", True), (Registered(form="cy-2026"), "", False),
        (Registered(directory=True), "optedOut: true", False), (Registered(directory=True), "", True),
        (Registered(), "optedOut: true", True),
    ],
)  # fmt: skip
def test_consents_and_opt_outs_of_an_example_count_where_the_agreement_asks_for_them(
    tmp_path, monkeypatch, asked, student, visible
):
    compiled = examples.compiled
    monkeypatch.setattr(examples, "compiled", lambda one, client: replace(compiled(one, client), registered=asked))
    said = ", ".join(filter(None, ['school: "101", grade: "07"', student]))
    assert wrong(tmp_path, f"visible: {str(visible).lower()}", said) == []


@pytest.mark.parametrize(
    ("selector", "student", "visible"),
    [
        ("{program: {is: CityYear}}", "program: CityYear", True), ("{program: {is: CityYear}}", "program: Other", False),
        ("{program: {is: CityYear}}", "grade: '07'", False),
        ("{age: {from: 14}}", 'birthDate: "2012-09-01"', True), ("{age: {from: 14}}", 'birthDate: "2012-09-02"', False),
        ("{age: {from: 14}}", "grade: '07'", False),
        ("{consent: {form: f, status: granted}}", "consent: granted", True),
        ("{consent: {form: f, status: granted}}", "consent: none", False),
    ],
)  # fmt: skip
def test_programs_ages_and_consents_of_an_example_count(tmp_path, selector, student, visible):
    path = tmp_path / "agreement.yaml"
    entry = f"tests:\n  - name: a child\n    student: {{{student}}}\n    expect: {{visible: {str(visible).lower()}}}\n"
    path.write_text(documents.text(ELEMENTS, f"{{all: [{selector}]}}") + entry, "utf-8")
    assert [str(mistake) for mistake, _ in failures([agreement.load(path)])] == []
