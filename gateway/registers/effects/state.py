"""Register states in use: the registers of a district indexed by tag, looked up for every request that needs them."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from typing import TYPE_CHECKING, Final, TypeVar

from gateway.config.declared_facts import CONSENT
from gateway.registers.entries import Consent, Restriction, StaffAssignment
from gateway.registers.matching import FIELDS
from gateway.registers.tags import NAME, STATE_ID
from standards.fields import fields_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from gateway.cache.snapshot import Snapshot
    from gateway.config.declared_facts import DeclaredFact
    from gateway.registers.entries import RegisterSource, RegisterState
    from gateway.registers.tags import RegisterKeys
    from policies.grant import Grant

Entry = TypeVar("Entry", Restriction, Consent, StaffAssignment)

LOOK_UP_SECONDS: Final = 0.5
"""How long the registers may have been changed by another process before this one notices."""
NEIGHBOURS: Final[Mapping[str, tuple[str, ...]]] = {"guardianship": ("student", "contact"), "profile": ("student",)}


class DistrictRegisters:
    """The registers of one district at one version, and the *facts* that it declares in its own system."""

    def __init__(self, state: RegisterState, keys: RegisterKeys, facts: tuple[DeclaredFact, ...] = ()) -> None:
        self.state, self.keys, self.facts = state, keys, facts
        self.restrictions = _by_tag(state.restrictions)
        tags = (one.tags for some in (state.restrictions, state.consents, state.assignments) for one in some)
        self.kinds = frozenset(kind for some in tags for kind in some)
        self._consents: dict[tuple[str, str], Mapping[tuple[str, str], tuple[Consent, ...]]] = {}
        self._entries: dict[tuple[str, str], tuple[Consent, ...]] | None = None

    def tag(self, kind: str, text: str) -> str:
        """Return the tag of what a student, or a contact, is known by."""
        return self.keys.tag(self.state.district, kind, text)

    def consents(self, agreement: str, form: str) -> Mapping[tuple[str, str], tuple[Consent, ...]]:
        """Return the consents to one agreement by one form, by kind of tag and tag."""
        place = agreement, form
        if place not in self._consents:
            self._consents[place] = _by_tag(self.entries(*place))
        return self._consents[place]

    def entries(self, agreement: str, form: str) -> tuple[Consent, ...]:
        """Return the consents to one agreement by one form."""
        if self._entries is None:
            found: dict[tuple[str, str], list[Consent]] = defaultdict(list)
            for one in self.state.consents:
                found[one.agreement, one.form].append(one)
            self._entries = {place: tuple(some) for place, some in found.items()}
        return self._entries.get((agreement, form), ())

    def assignments(
        self, agreement: str, org: str, person: str
    ) -> Mapping[tuple[str, str], tuple[StaffAssignment, ...]]:
        """Return the assignments to a *person* at *org* under one agreement, by kind of tag and tag."""
        return _by_tag(self.assigned_to(agreement, org, person))

    def assigned_to(self, agreement: str, org: str, person: str) -> tuple[StaffAssignment, ...]:
        """Return the assignments to a *person* at *org* under one agreement."""
        asked = agreement, org, person
        return tuple(one for one in self.state.assignments if (one.agreement, one.org, one.person) == asked)

    def needs(self) -> Mapping[str, frozenset[str]]:
        """Return the fields by which students are matched and rules are judged, for the source to be asked for."""
        found: dict[str, set[str]] = {"student": set()}
        if self.state.consents:
            found["student"].add("birthDate")
        for kind in self.kinds & {STATE_ID, NAME}:
            for entity, names in FIELDS[kind].items():
                found.setdefault(entity, set()).update(names)
        if self.state.restrictions or any(fact.kind != CONSENT for fact in self.facts):
            found.setdefault("guardianship", set())
            found.setdefault("contact", set())
        for fact in self.facts:
            for entity in ("student", "profile"):
                found.setdefault(entity, set()).update(fact_fields(entity, fact.element))
        return {entity: frozenset({*names, *NEIGHBOURS.get(entity, ())}) for entity, names in found.items()}

    def restricts(self, kind: str) -> bool:
        """Tell whether there may be a restriction of a *kind*."""
        return any(one.kind == kind for some in (self.state.restrictions, self.facts) for one in some)

    def decides_alike(self, other: DistrictRegisters | None, grant: Grant) -> bool:
        """Tell whether these registers and the *other* have the same entries that concern a *grant*."""
        if other is None or self.facts != other.facts:
            return False
        forms = [(one.agreement, one.registered.form) for one in grant.each if one.registered.form]
        people = [(one.agreement, one.org, one.person) for one in grant.each if one.person]
        return (
            self.state.restrictions == other.state.restrictions
            and all(self.entries(*place) == other.entries(*place) for place in forms)
            and all(self.assigned_to(*place) == other.assigned_to(*place) for place in people)
        )


def fact_fields(entity: str, element: str) -> frozenset[str]:
    """Return the fields of *entity* that are released as *element*, or that have it among their free members."""
    fields = fields_of(entity)
    return frozenset(
        name
        for name, field in fields.items()
        if field.release == element or (field.type == "open" and element.startswith(f"{field.release}."))
    )


class RegisterWatch:
    """The registers of one *district*, looked up at most every `LOOK_UP_SECONDS` seconds."""

    def __init__(
        self,
        registers: RegisterSource,
        keys: RegisterKeys,
        district: str,
        facts: tuple[DeclaredFact, ...] = (),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._registers, self._keys, self._district, self._facts = registers, keys, district, facts
        self._monotonic, self._lock = monotonic, threading.Lock()
        self._known: DistrictRegisters | None = None
        self._version: int | None = None
        self._until = float("-inf")

    def now(self) -> DistrictRegisters | None:
        """Return the registers as they are now, the same object while they are the same; None where they are empty.

        Raises:
            StoreUnavailable: they cannot be read.
        """
        if self._monotonic() < self._until:
            return self._known
        with self._lock:
            if self._monotonic() < self._until:
                return self._known
            asked = self._monotonic()
            state = self._registers.state(self._district)
            if state.version != self._version:
                empty = not (state.restrictions or state.consents or state.assignments or self._facts)
                self._known = None if empty else DistrictRegisters(state, self._keys, self._facts)
                self._version = state.version
            self._until = asked + LOOK_UP_SECONDS
            return self._known


def registers_of(snapshot: Snapshot) -> DistrictRegisters | None:
    """Return the registers under which a *snapshot* is served."""
    found = snapshot.registers
    return found if isinstance(found, DistrictRegisters) else None


def _by_tag(entries: Iterable[Entry]) -> Mapping[tuple[str, str], tuple[Entry, ...]]:
    found: defaultdict[tuple[str, str], list[Entry]] = defaultdict(list)
    for one in entries:
        for place in one.tags.items():
            found[place].append(one)
    return {place: tuple(some) for place, some in found.items()}
