"""Protected addresses: of which children that move it is known, without waiting for a system, that theirs is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.registers.tags import ID
from gateway.transfers.districts.children import DistrictChildren, row_of_subject
from gateway.transfers.districts.restrictions import ADDRESS_PROGRAM, restrictions_by_row

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.districts.district import District
    from gateway.registers.tags import RegisterKeys
    from gateway.transfers.districts.children import DistrictRoll


def unprotected(district: District, keys: RegisterKeys, subjects: Mapping[str, str], day: str) -> frozenset[str]:
    """Return the ids of the transfers of children (their tags are *subjects*) without a protected address on a *day*.

    Where the district is not in memory nobody is known to be without one.
    """
    roll = DistrictChildren().present(district) if subjects else None
    return frozenset() if roll is None else _without(roll, district, keys, subjects, day)


def unprotected_or_unmarked(
    district: District, keys: RegisterKeys, subjects: Mapping[str, str], day: str
) -> frozenset[str]:
    """Return the same, where the district is not in memory by its registers alone: enough to remind somebody."""
    roll = DistrictChildren().present(district) if subjects else None
    return _unmarked(district, subjects) if roll is None else _without(roll, district, keys, subjects, day)


def _without(
    roll: DistrictRoll, district: District, keys: RegisterKeys, subjects: Mapping[str, str], day: str
) -> frozenset[str]:
    kinds = restrictions_by_row(roll.snapshot, day)
    rows = {one: row_of_subject(roll, keys, district.name, tag) for one, tag in subjects.items()}
    return frozenset(one for one, row in rows.items() if row is not None and ADDRESS_PROGRAM not in kinds.get(row, ()))


def _unmarked(district: District, subjects: Mapping[str, str]) -> frozenset[str]:
    """Return the ids of the transfers of children whose address no entry of the registers may protect.

    There are none where an entry does not say the id of its student, or the district's own system says who it is.
    """
    registers = district.registers.now()
    if registers is None:
        return frozenset(subjects)  # they are empty
    entries = [one for one in registers.state.restrictions if one.kind == ADDRESS_PROGRAM]
    if any(one.kind == ADDRESS_PROGRAM for one in registers.facts) or any(ID not in one.tags for one in entries):
        return frozenset()
    protected = {one.tags[ID] for one in entries}
    return frozenset(one for one, subject in subjects.items() if subject not in protected)
