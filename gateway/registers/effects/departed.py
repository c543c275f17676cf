"""Departed records: of what a source says is gone or has another key, what a consumer was never shown."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from gateway.config.declared_facts import CONSENT
from gateway.registers.effects.cells import hides
from gateway.registers.effects.rows import DISCIPLINE, limit_of
from gateway.registers.effects.state import registers_of
from gateway.registers.effects.students import NO_RULE, in_force, restricted, student_rules
from gateway.registers.matching import spelt_id
from gateway.registers.tags import ID
from policies.grant import Registered
from policies.records.places import row_tells_place

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gateway.cache.snapshot import Snapshot
    from gateway.registers.effects.state import DistrictRegisters
    from gateway.registers.effects.students import StudentRule
    from policies.grant import Grant

    Key = Mapping[str, Any]

STUDENT: Final = "studentUniqueId"
"""The member of a key that names a student."""


def was_shown(snapshot: Snapshot, grant: Grant, entity: str, today: str) -> Callable[[Key], bool]:
    """Return a function that tells whether a record of *entity* with a key could ever have been shown to a consumer.

    A student who is not there any more is known by the id alone, and is taken to be restricted by declared facts.
    """
    registers = registers_of(snapshot)
    assigned = any(one.person for one in grant.each)
    if registers is None and not assigned:
        return lambda _key: True
    if registers is None or assigned:  # who is not there any more is assigned to nobody
        return lambda key: STUDENT not in key
    known = _rules(snapshot, registers, replace(grant, registered=Registered(kind=grant.registered.kind)), today)

    def shown(key: Key) -> bool:
        rule = known(str(key[STUDENT])) if STUDENT in key else NO_RULE
        place, discipline = rule.protected and row_tells_place(entity), entity in DISCIPLINE and not rule.discipline
        return not (rule.hidden or place or discipline or hides(entity, limit_of(rule), grant))

    return shown


def _rules(snapshot: Snapshot, registers: DistrictRegisters, grant: Grant, today: str) -> Callable[[str], StudentRule]:
    """Return a function from a student's unique id to what the registers decide about the student."""
    found, table = student_rules(snapshot, registers, grant, today), snapshot.table("student")
    rows = {str(unique): row for row, unique in enumerate(table.unique or table.ids)}
    facts = [fact for fact in registers.facts if fact.kind != CONSENT]

    def rule_of(unique: str) -> StudentRule:
        row, rule = rows.get(unique), NO_RULE
        if row is not None:
            rule = found.rules.get(row, NO_RULE)
            rule = replace(rule, hidden=rule.hidden or bool(found.hidden and found.hidden[row]))
        for one in registers.restrictions.get((ID, registers.tag(ID, spelt_id(unique))), ()):
            rule = restricted(rule, one, grant) if in_force(one, today) else rule
        for fact in facts if row is None else ():
            rule = restricted(rule, fact, grant)
        return rule

    return rule_of
