"""Needs of the registers: what is read beside the records of a request, so that no rule for a student is missed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.registers.effects.rows import about_students

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.registers.effects.state import DistrictRegisters

CONTACTS: Final = frozenset({"contact", "guardianship", "contactInvolvement"})


def needed_beside(registers: DistrictRegisters | None, entities: frozenset[str]) -> Mapping[str, frozenset[str]]:
    """Return the fields, by entity, by which students are matched and linked to contacts, for a read of *entities*."""
    if registers is None or entities.isdisjoint(about_students() | CONTACTS):
        return {}
    linked = not entities.isdisjoint(CONTACTS)
    return {entity: names for entity, names in registers.needs().items() if linked or entity not in CONTACTS}
