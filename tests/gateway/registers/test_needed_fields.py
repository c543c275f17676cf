"""A snapshot counts as having what the registers need only where it was asked for before the reading began."""

from __future__ import annotations

import pytest

from gateway.districts.needed_registers import NeededRegisters
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
