"""Visibility with effects: what a grant shows of a snapshot once registers, windows and parts of it are laid over."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

from gateway.engine.visibility import Visibility, change
from gateway.registers.effects.cells import Rules
from gateway.registers.effects.row_effects import NO_EFFECTS, RowEffects, effects_of
from gateway.registers.effects.state import registers_of
from gateway.registers.effects.students import StudentRules, student_rules
from gateway.registers.overlay import overlaid
from policies.grant import Registered
from policies.transforms import transform

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.cache.snapshot import Snapshot
    from policies.grant import Grant
    from standards.keys import Keyring


@dataclass(frozen=True, slots=True)
class PartView:
    """One part of a grant over a snapshot: the records that it covers, and its rules for students."""

    snapshot: Snapshot
    grant: Grant
    students: StudentRules
    seen: Visibility

    def visible(self, entity: str) -> bytearray | None:
        """Return one byte per row, 1 where the part covers the row; None where it covers every row."""
        return self.seen.visible(entity)


def is_affected(snapshot: Snapshot, grant: Grant) -> bool:
    """Tell whether anything could be laid over a *snapshot* for a *grant*; mostly not."""
    asked = grant.registered.form or grant.person or grant.windows or grant.parts
    return bool(snapshot.registers is not None or asked)


def laid_over(raw: Visibility, below: Visibility | None = None, before: Visibility | None = None) -> Visibility:
    """Return the visibility over the same snapshot with all effects; *raw* itself where there are none.

    *below* is the visibility of the snapshot that an uncached read builds on. What was found for an earlier one
    (*before*) of the same records, under registers that decide alike, is not searched for again.
    """
    snapshot, grant = raw.snapshot, raw.grant
    if not is_affected(snapshot, grant):
        return raw
    known = before is not None and is_alike(snapshot, before, raw.today)
    effects = before.effects if before is not None and known else _found(raw, below)
    if not effects:
        return raw
    over = overlaid(snapshot, effects.replaced, below.snapshot if below is not None else None)
    return Visibility(over, grant, raw.keyring, raw.today, effects, raw)


def is_alike(snapshot: Snapshot, before: Visibility, today: str) -> bool:
    """Tell whether a *snapshot* has the same effects as the one that a visibility *before* is over."""
    earlier = before.judged
    if before.today != today or snapshot.tables.keys() != earlier.tables.keys() or snapshot.differs(earlier):
        return False
    now, then = registers_of(snapshot), registers_of(earlier)
    return now is then or (now is not None and now.decides_alike(then, before.grant))


def _found(raw: Visibility, below: Visibility | None) -> RowEffects:
    """Find the effects on a snapshot as the district's system has it."""
    snapshot, grant = raw.snapshot, raw.grant
    parts = [_part(raw, one) for one in grant.parts]
    judged = replace(grant, registered=Registered(kind=grant.registered.kind)) if parts else grant
    students = student_rules(snapshot, registers_of(snapshot), judged, raw.today)
    known = below.effects if below is not None else NO_EFFECTS
    return effects_of(raw, _rules(grant, raw.keyring), students, parts, known)


def replaced_fields(visibility: Visibility, entity: str, row: int | None) -> frozenset[str]:
    """Return the fields of a record in whose place the consumer is shown something else, or nothing."""
    limit = None if row is None else visibility.effects.limits.get(entity, {}).get(row)
    return (
        frozenset() if limit is None else frozenset(_rules(visibility.grant, visibility.keyring).changes(entity, limit))
    )


def _part(raw: Visibility, part: Grant) -> PartView:
    students = student_rules(raw.snapshot, registers_of(raw.snapshot), part, raw.today)
    hidden = {} if students.hidden is None else {"student": students.hidden}
    seen = Visibility(raw.snapshot, part, raw.keyring, raw.today)
    if hidden:
        seen = Visibility(raw.snapshot, part, raw.keyring, raw.today, RowEffects(hidden), seen)
    return PartView(raw.snapshot, part, students, seen)


@lru_cache(256)
def _rules(grant: Grant, keyring: Keyring) -> Rules:
    """Return the rules of a grant with what they change, computed once."""
    return Rules(grant, partial(_change, grant, keyring))


def _change(grant: Grant, keyring: Keyring, action: str, name: str) -> Callable[[Any], Any]:
    """Return what the *action* of a part of a grant does to the value of a released *name*."""
    if action == "pseudonym":
        return lambda _value: None
    part = next((one for one in grant.parts if (rule := one.rule(name)) is not None and rule.action == action), grant)
    found = change(part, keyring, name)
    return found if found is not None else transform(action, lambda _text: "")
