"""Needs of the registers: what is read beside the records of a request, so that no rule for a student is missed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.registers.effects import incidents
from gateway.registers.effects.rows import about_students

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.registers.effects.state import DistrictRegisters

CONTACTS: Final = frozenset({"contact", "guardianship", "contactInvolvement"})


def needed_beside(
    registers: DistrictRegisters | None, entities: frozenset[str], recipient: str = "district"
) -> Mapping[str, frozenset[str]]:
    """Return the fields, by entity, by which students are matched and linked to what a read of *entities* tells.

    Whose an incident is matters to a *recipient* that is a district alone.
    """
    if registers is None:
        return {}
    tied = (
        recipient == "district" and registers.restricts(incidents.KIND) and not entities.isdisjoint(incidents.NAMED_BY)
    )
    if not tied and entities.isdisjoint(about_students() | CONTACTS):
        return {}
    linked = not entities.isdisjoint(CONTACTS)
    found = {entity: names for entity, names in registers.needs().items() if linked or entity not in CONTACTS}
    return {**found, **incidents.NEEDED} if tied else found
