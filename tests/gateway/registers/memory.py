"""Registers of tests: kept in memory, each change a new version."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from gateway.registers.effects.state import RegisterWatch
from gateway.registers.entries import Consent, RegisterState, Restriction, StaffAssignment
from gateway.registers.tags import CONTACT, ID, NAME, STATE_ID, RegisterKeys, spelt_name
from standards.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.config.declared_facts import DeclaredFact
    from gateway.registers.entries import RestrictionKind

KEYS = RegisterKeys(b"register keys of the tests, 32 b")
BEGIN = date(2026, 9, 1)
ALL = frozenset("*")
"""Every element there is."""


class MemoryRegisters:
    """The registers of one district."""

    def __init__(self, district: str = "maple") -> None:
        self.district, self.version, self.down = district, 1, False
        self.restrictions: tuple[Restriction, ...] = ()
        self.consents: tuple[Consent, ...] = ()
        self.assignments: tuple[StaffAssignment, ...] = ()
        self.asked = 0

    def state(self, district: str) -> RegisterState:
        """Return what stands in them now."""
        self.asked += 1
        if self.down:
            raise StoreUnavailable("The registry does not answer.")
        return RegisterState(district, self.version, self.restrictions, self.consents, self.assignments)

    def restrict(self, kind: RestrictionKind, student: str = "", **more: Any) -> Restriction:
        """Enter a restriction on the student with the source's id *student*."""
        tags = more.pop("tags", None) or {ID: self.tag(ID, student)}
        one = Restriction(f"r{self.version}", self.district, kind, tags, more.pop("begin", BEGIN), **more)
        self.restrictions += (one,)
        self.version += 1
        return one

    def consent(self, student: str, agreement: str = "reading", form: str = "form", **more: Any) -> Consent:
        """Enter a consent about the student with the source's id *student*, such as source-s1, and the state's SSID0."""
        tags = more.pop("tags", None)
        if tags is None:
            number = int(student.removeprefix("source-s")) - 1
            tags = {ID: self.tag(ID, student), **self.numbered(f"SSID{number}")}
        settled = {"signer_role": "parent", "method": "paper", "signed": BEGIN, "begin": BEGIN, "elements": ALL} | more
        one = Consent(f"c{self.version}", self.district, agreement, form, "hash", tags, **settled)
        self.consents += (one,)
        self.version += 1
        return one

    def withdraw(self, *entries: str) -> None:
        """Take out entries; all of them where none is named."""
        kept = frozenset(entries)
        self.restrictions = tuple(one for one in self.restrictions if kept and one.entry not in kept)
        self.consents = tuple(one for one in self.consents if kept and one.entry not in kept)
        self.version += 1

    def tag(self, kind: str, text: str) -> str:
        """Return the tag of a text."""
        return KEYS.tag(self.district, kind, text)

    def contact(self, own: str) -> str:
        """Return the tag of a contact."""
        return self.tag(CONTACT, own)

    def named(self, family: str, given: str, born: str) -> dict[str, str]:
        """Return the tags of a student known by name and birth date."""
        return {NAME: self.tag(NAME, spelt_name(family, given, born))}

    def numbered(self, number: str) -> dict[str, str]:
        """Return the tags of a student known by the state's id."""
        return {STATE_ID: self.tag(STATE_ID, number)}

    def watch(self, *facts: DeclaredFact, monotonic: Callable[[], float] | None = None) -> RegisterWatch:
        """Return the registers as a district sees them; without a clock, looked up for every request."""
        ticks = iter(range(10**9))
        return RegisterWatch(self, KEYS, self.district, facts, monotonic or (lambda: float(next(ticks))))
