"""Restrictions on the children of a district: which kinds lie on each, from its registers and its own system."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from gateway.config.declared_facts import CONSENT
from gateway.registers.effects.students import declared_rows, in_force
from gateway.registers.effects.tags import student_tags
from gateway.registers.overlay import derived
from gateway.registers.tags import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gateway.cache.snapshot import Snapshot
    from gateway.registers.effects.state import DistrictRegisters

ADDRESS_PROGRAM: Final = "acp"
PLACE: Final = ("transfer restrictions",)


def restrictions_by_row(snapshot: Snapshot, day: str) -> Mapping[int, frozenset[str]]:
    """Return the kinds of restrictions in force on a *day* by the row of their student, kept with the table.

    A student whom the registers may mean counts as restricted, as does one of whom the district's system does not say
    that there is none.
    """
    registers: Any = snapshot.registers
    if registers is None:
        return {}
    facts: dict[tuple[str, ...], Any] = derived(snapshot.table("student")).facts
    known = facts.get(PLACE)
    beside = snapshot.table("profile")
    if known is None or known[0] != day or known[1] is not registers or known[2] is not beside:
        found: defaultdict[int, set[str]] = defaultdict(set)
        for row, kind in _restricted(snapshot, registers, day):
            found[row].add(kind)
        known = facts[PLACE] = day, registers, beside, {row: frozenset(kinds) for row, kinds in found.items()}
    made: Mapping[int, frozenset[str]] = known[3]
    return made


def _restricted(snapshot: Snapshot, registers: DistrictRegisters, day: str) -> Iterator[tuple[int, str]]:
    index = registers.restrictions
    for kind in dict.fromkeys(kind for kind, _ in index if kind in KINDS):
        for row, tags in enumerate(student_tags(snapshot, registers, kind)):
            entries = (one for tag in tags for one in index.get((kind, tag), ()))
            yield from ((row, one.kind) for one in entries if in_force(one, day))
    for fact in registers.facts:
        if fact.kind != CONSENT:
            yield from ((row, fact.kind) for row in declared_rows(snapshot, fact))
