"""Of one child it is told what is shown, by the visibility of a request and the registers."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from gateway.engine.laid_over import laid_over
from gateway.reasoning.children import NOT_IN, ChildView, row_of
from gateway.registers.effects.state import DistrictRegisters
from gateway.registers.entries import RegisterState, Restriction
from gateway.registers.tags import ID, RegisterKeys
from tests.gateway.reasoning.test_clause_steps import PEOPLE, seen

KEYS = RegisterKeys(b"a key of registers for tests, 32")
OBJECTION = Restriction(
    "r7", "maple", "parent-objection", {ID: KEYS.tag("maple", ID, "s")}, date(2026, 9, 1), elements=("student.id",)
)


def view(*restrictions: Restriction, **enrollment) -> ChildView:
    raw = seen(enrollment, population=PEOPLE)
    registers = DistrictRegisters(RegisterState("maple", 1, restrictions), KEYS)
    raw.snapshot.registers = registers if restrictions else None
    return ChildView(laid_over(raw), 0)


def test_what_the_client_would_get_is_shown():
    assert view().words("student.id") == "shown"
    assert view(grade="08").words("student.id") == NOT_IN


def test_a_fact_that_the_records_do_not_have_is_told_apart():
    assert view().words("student.birthDate") == "shown, where the records have it: they do not"


def test_a_restriction_is_a_step_with_its_entry_and_what_it_does():
    child = view(OBJECTION)
    assert child.words("student.id") == "not shown: the registers say so"
    (step,) = [one for one in child.steps("student.id") if one.about == "restriction"]
    assert (step.passed, step.text) == (False, "r7: parent-objection: it does not leave")


def test_a_restriction_on_something_else_is_told_and_hides_nothing():
    child = view(replace(OBJECTION, elements=("student.email",)))
    assert child.words("student.birthDate") != "not shown: the registers say so"
    (step,) = [one for one in child.steps("student.birthDate") if one.about == "restriction"]
    assert (step.passed, step.text) == (True, "r7: parent-objection, which is not about this")


@pytest.mark.parametrize("identifier", ["s", "nobody"])
def test_a_student_is_found_by_the_key_of_the_district(identifier):
    found = row_of(view().visibility.snapshot, identifier)
    assert found == (0 if identifier == "s" else None)
