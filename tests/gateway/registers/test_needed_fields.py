"""A snapshot counts as having what the registers need only where it was asked for before the reading began."""

from __future__ import annotations

import pytest

from gateway.config.declared_facts import CONSENT, DeclaredFact
from gateway.districts.needed_registers import NeededRegisters
from gateway.registers.effects.needs import needed_beside
from tests.gateway.registers.memory import MemoryRegisters


@pytest.fixture
def registers():
    found = MemoryRegisters()
    found.restrict("directory", "s1")
    return found


def test_what_is_needed_before_a_reading_is_there_after_it(registers):
    needed = NeededRegisters(registers.watch())
    needed.now()
    assert needed.grown
    with needed.reading():
        pass
    assert not needed.grown


def test_what_comes_to_be_needed_during_a_reading_is_lacking_after_it(registers):
    needed = NeededRegisters(registers.watch())
    needed.now()
    with needed.reading():
        registers.restrict("directory", tags=registers.numbered("77"))
        needed.now()
    assert needed.grown


def test_after_a_reading_that_failed_all_is_lacking_that_was(registers):
    needed = NeededRegisters(registers.watch())
    needed.now()
    with pytest.raises(OSError, match="broken"), needed.reading():
        raise OSError("broken")
    assert needed.grown


@pytest.mark.parametrize(("kind", "asked"), [("acp", True), ("parent-objection", True), (CONSENT, False)])
def test_whose_contacts_they_are_is_read_beside_contacts_where_the_system_alone_restricts(kind, asked):
    """A contact of a protected child is known by the link of the two, which nothing else asks for."""
    fact = DeclaredFact(kind, "student.residenceStatus", free=frozenset({"no"}))
    needed = needed_beside(MemoryRegisters().watch(fact).now(), frozenset({"contact"}))
    assert ({"student", "contact"} <= needed.get("guardianship", frozenset())) is asked
