"""Importing: what a file of entries comes to, all of it or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.people.actor import Actor
    from gateway.registers.imports import Imported
    from gateway.registers.store import Registers
    from gateway.registers.writing import Written


@dataclass(frozen=True, slots=True)
class ImportOutcome:
    """What a file came to: what it *says*, and what was *written*, or would be in a dry run; None with mistakes."""

    says: Imported
    written: Written | None


def outcome_of(
    registers: Registers, district: str, says: Imported, actor: Actor, reason: str, *, dry: bool
) -> ImportOutcome:
    """Write all that a file *says*, or with *dry* tell what that would be; nothing of one with a mistake."""
    if says.mistakes:
        return ImportOutcome(says, None)
    if dry:
        return ImportOutcome(says, registers.would_write(district, says.states))
    return ImportOutcome(says, registers.write(district, says.states, actor.name, reason))
