"""Protected addresses: of which children that move it is known, without waiting for a system, that theirs is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.transfers.districts.children import DistrictChildren, row_of_subject
from gateway.transfers.districts.restrictions import ADDRESS_PROGRAM, restrictions_by_row

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.districts.district import District
    from gateway.registers.tags import RegisterKeys


def unprotected(district: District, keys: RegisterKeys, subjects: Mapping[str, str], day: str) -> frozenset[str]:
    """Return the ids of the transfers of children (their tags are *subjects*) without a protected address on a *day*.

    Where the district is not in memory nobody is known to be without one.
    """
    roll = DistrictChildren().present(district) if subjects else None
    if roll is None:
        return frozenset()
    kinds = restrictions_by_row(roll.snapshot, day)
    rows = {one: row_of_subject(roll, keys, district.name, tag) for one, tag in subjects.items()}
    return frozenset(one for one, row in rows.items() if row is not None and ADDRESS_PROGRAM not in kinds.get(row, ()))


def protects_nobody(district: District) -> bool:
    """Tell whether neither the registers of a district nor its own system protect any address."""
    registers = district.registers.now()
    known = () if registers is None else (*registers.state.restrictions, *registers.facts)
    return registers is not None and all(one.kind != ADDRESS_PROGRAM for one in known)
