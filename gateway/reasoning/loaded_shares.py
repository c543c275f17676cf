"""Loaded shares: how many records of a district's last load have each fact, as far as it was read at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.cache.group_references import group_of
from gateway.reasoning.coverage import personal, reader
from gateway.registers.overlay import derived
from policies import elements
from policies.reasoning import small_cells
from standards.fields import fields_of

if TYPE_CHECKING:
    from gateway.cache.snapshot import Snapshot, Table
    from standards.vocabulary import Field

FILLED: Final = "filled"


def loaded_share(snapshot: Snapshot, name: str) -> str | None:
    """Return the share of the records that have an element, as "83 %", or a word for what would tell how few.

    Of several kinds of records that have it, the one that has most counts. None where the load did not read it.
    """
    one = elements.element(name)
    counts = [
        (_filled(table, field), table.size)
        for field in (one.fields if one else ())
        if (table := snapshot.tables.get(field.entity)) is not None and _read(table, field)
    ]
    if not counts:
        return None
    have, every = max(counts, key=lambda pair: (pair[0], -pair[1]))
    least = small_cells.SMALL_CELL if personal(name) else 0
    share = small_cells.share(have, every, least)
    return f"{share} %" if share is not None else small_cells.extent(have, every, least)


def _read(table: Table, field: Field) -> bool:
    """Tell whether the load has a column for a field."""
    name = field.name
    known = field.type == "id" or name in table.refs or name in table.columns
    return known or bool(group_of(table.columns, fields_of(table.entity), name))


def _filled(table: Table, field: Field) -> int:
    """Count the rows that have a field, once for each load."""
    facts, place = derived(table).facts, (FILLED, field.name)
    if place not in facts:
        values = reader(table, field)
        facts[place] = sum(1 for row in range(table.size) if values(row))
    found: int = facts[place]
    return found
