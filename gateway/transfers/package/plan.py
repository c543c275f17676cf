"""The plan of a package: which sections of a track go along, decided by a rule or by a person, and which do not."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from gateway.transfers.package.sections import CONTACTS, FULL, UnknownPackageWord, on_track

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.transfers.package.sections import SectionRule

INCLUDE, WITHHOLD = "include", "withhold"
DECISIONS: Final = frozenset({INCLUDE, WITHHOLD})


class UnlawfulPlan(ValueError):
    """The plan releases without a person what only a person may release, or tells the receiver what it may not know."""


@dataclass(frozen=True, slots=True)
class PackagePlan:
    """The decision on each section of a *track*: ``include`` or ``withhold``.

    *approved* are the sections that a person released, *told* those withheld ones of which the receiver may know it.

    Raises:
        UnknownPackageWord: a section of the track has no decision, another has one, or a word is unknown.
        UnlawfulPlan: nobody released what only a person may, or what is told may not be.
    """

    track: str
    decisions: Mapping[str, str] = field(hash=False)
    approved: frozenset[str] = frozenset()
    told: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        """Refuse a plan that says too little, too much, or something unlawful."""
        rules = {one.name: one for one in on_track(self.track)}
        for name in (self.decisions.keys() ^ rules.keys()) | (self.approved - rules.keys()):
            raise UnknownPackageWord(name, rules)
        for word in set(self.decisions.values()) - DECISIONS:
            raise UnknownPackageWord(word, DECISIONS)
        for name in self.included:
            if rules[name].person and name not in self.approved:
                message = f"The section {name} leaves only where a person has released it."
                raise UnlawfulPlan(message)
        for name in self.told:
            if self.decisions.get(name) != WITHHOLD or not rules[name].told:
                message = f"The receiver may not be told that the section {name} is withheld."
                raise UnlawfulPlan(message)

    @property
    def rules(self) -> tuple[SectionRule, ...]:
        """The rules of the sections of the track, in order."""
        return on_track(self.track)

    @property
    def included(self) -> frozenset[str]:
        """The names of the sections that go along."""
        return frozenset(name for name, word in self.decisions.items() if word == INCLUDE)

    @property
    def whole(self) -> frozenset[str]:
        """The names of the sections that go along uncut: on the first track none counts as that."""
        return self.included if self.track == FULL else frozenset()

    @property
    def places(self) -> bool:
        """Whether what tells where the student lives goes along."""
        return CONTACTS in self.included
