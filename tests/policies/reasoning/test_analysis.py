"""`check` warns of lines that change nothing, and of facts that together name a student."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings

from policies import agreement, compiler, elements
from policies.canonical import capped
from policies.reasoning.analysis import warnings
from policies.reasoning.differences import DENY, action_of
from tests.policies import documents
from tests.policies.reasoning.test_diff import MEMBERS, generated
from tests.policies.reasoning.written import load


def told(lines: str) -> list[str]:
    return [one.partition("agreement.yaml:")[2] for one in warnings(load(lines))]


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ("student.address deny\nstudent.address.city allow", "student.address: deny"),
        ("student.birthDate year\nstudent allow\nstudent.name allow", "student: allow"),
        ("student.name.family initial\nstudent.name.* allow\nstudent.id allow", ""),
    ],
)
def test_a_line_that_changes_nothing_is_told_with_the_one_that_decides(lines, why):
    found = [one for one in told(lines) if "changes nothing" in one]
    assert bool(found) is bool(why)
    assert all(why in one for one in found)


def test_a_line_that_denies_is_never_idle_since_it_caps_other_agreements():
    assert told("student.name.given allow\nstudent.email deny") == []


def test_the_place_of_an_idle_line_has_its_line_and_column():
    (found,) = told("student.address deny\nstudent.address.city allow")
    assert found.startswith(
        "11:12: the line student.address.city: allow changes nothing, since student.address: deny ("
    )


@settings(max_examples=12, deadline=None)
@given(generated())
def test_a_line_is_idle_just_when_the_same_is_released_without_it(one):
    idle = {warning.split("the line ")[1].split(":")[0] for warning in warnings(one) if "changes nothing" in warning}
    for line in one.lines:
        rest = [other for other in one.lines if other != line]
        same = _released(one.lines) == _released(rest)
        assert (line.path in idle) == (same and line.action != "deny"), line


def _released(lines):
    """What a grant of these lines does to every element, and to the free members that tests name."""
    rules = compiler.rules(capped(elements.settle(lines), None))
    grant = replace(documents.grant("student.id allow"), rules=rules)
    return {name: action for name in (*elements.dictionary(), *MEMBERS) if (action := action_of(grant, name)) != DENY}


TRAITS = {
    "full birth date": "student.birthDate allow",
    "postal code": "student.address.postalCode allow",
    "sex": "student.sex allow",
    "race": "student.race.asian allow",
    "school with grade": "student.grades allow\nenrollment.school allow\norganization.name allow",
}


@pytest.mark.parametrize("left_out", TRAITS)
def test_three_traits_beside_a_pseudonym_are_told_and_two_are_not(left_out):
    some = [lines for name, lines in TRAITS.items() if name != left_out]
    assert any("together name most students" in one for one in told("\n".join(["student.id pseudonym", *some[:3]])))
    assert told("\n".join(["student.id pseudonym", *some[:2]])) == []


def test_masked_traits_name_nobody():
    lines = "student.id pseudonym\nstudent.birthDate year\nstudent.address.postalCode zip3\nstudent.sex allow\n"
    assert told(lines + TRAITS["race"]) == []


def test_without_a_pseudonym_nothing_is_promised_that_traits_could_break():
    assert told("\n".join(["student.id allow", *TRAITS.values()])) == []


def test_a_line_with_a_window_is_not_called_idle_by_one_without():
    text = documents.text("attendance.id allow\nattendance.* allow").replace(
        '"attendance.*", action: allow', '"attendance.*", action: allow, window: {since: 2026-09-01}'
    )
    assert "window" in text
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "agreement.yaml")
        path.write_text(text, "utf-8")
        assert [one for one in warnings(agreement.load(path)) if "attendance.*" in one] == []
