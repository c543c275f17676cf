"""Entries about one child: those of every register that match a student, for whoever may be told so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, cast

from gateway.config.declared_facts import CONSENT
from gateway.registers.effects.students import RuleSearch, in_force
from gateway.registers.effects.tags import student_tags
from gateway.registers.entries import Consent, Restriction
from gateway.registers.matching import confirmed
from gateway.registers.tags import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.cache.snapshot import Snapshot
    from gateway.config.declared_facts import DeclaredFact
    from gateway.registers.effects.state import DistrictRegisters
    from gateway.registers.entries import RestrictionKind, StaffAssignment
    from policies.grant import Grant

ANY_DAY = date(1900, 1, 1)
ALL = frozenset("*")
SYSTEM = "the district's system"


@dataclass(frozen=True, slots=True)
class ChildEntries:
    """The entries of *registers* that match the student in a *row* of a snapshot as its source has it, on a *day*."""

    snapshot: Snapshot
    registers: DistrictRegisters
    row: int
    day: str

    def restrictions(self, grant: Grant) -> Iterator[Restriction]:
        """Yield the restrictions on the student, and those that the district's system states, for a *grant*."""
        index, tags = self.registers.restrictions, self._tags()
        yield from {one.entry: one for place in tags for one in index.get(place, ())}.values()
        for fact in self._stated(grant, consents=False):
            kind = cast("RestrictionKind", fact.kind)
            yield Restriction(_named(fact), self.registers.state.district, kind, {}, ANY_DAY)

    def consents(self, grant: Grant) -> Iterator[Consent]:
        """Yield the consents to the agreement of a *grant* that hold for the student, or have ended."""
        form, tags = grant.registered.form, self._tags()
        known = {kind: {tag for each, tag in tags if each == kind} for kind in KINDS}
        search = RuleSearch(self.snapshot, self.registers, grant, self.day)
        holds = bool(form) and self.row in search.consented()
        for one in self.registers.entries(grant.agreement, form):
            if confirmed(one.tags, known) and (holds or not in_force(one, self.day)):
                yield one
        for fact in self._stated(grant, consents=True):
            yield Consent(
                _named(fact), self.registers.state.district, fact.agreement, fact.form, "", {}, SYSTEM, "",
                ANY_DAY, ANY_DAY, None, ALL,
            )  # fmt: skip

    def assignments(self, grant: Grant) -> Iterator[StaffAssignment]:
        """Yield the assignments of the student to the person of a *grant* that hold today."""
        index = self.registers.assignments(grant.agreement, grant.org, grant.person) if grant.person else {}
        if index and self.row in RuleSearch(self.snapshot, self.registers, grant, self.day).assigned():
            theirs = {one.entry: one for place in self._tags() for one in index.get(place, ())}
            yield from (one for one in theirs.values() if in_force(one, self.day))

    def _tags(self) -> set[tuple[str, str]]:
        kinds = [(kind, student_tags(self.snapshot, self.registers, kind)) for kind in KINDS]
        return {(kind, tag) for kind, tags in kinds for tag in tags[self.row]}

    def _stated(self, grant: Grant, *, consents: bool) -> Iterator[DeclaredFact]:
        search = RuleSearch(self.snapshot, self.registers, grant, self.day)
        for fact in self.registers.facts:
            restricts = self.row in set(search.declared(fact))
            if (fact.kind == CONSENT) is consents and restricts is not consents:
                yield fact


def _named(fact: DeclaredFact) -> str:
    return f"{SYSTEM} ({fact.element})"
