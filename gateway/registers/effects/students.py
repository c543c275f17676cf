"""Rules for students: what the registers decide, under one grant on one day, about each student of a snapshot."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from gateway.config.declared_facts import CONSENT
from gateway.registers.effects.state import fact_fields
from gateway.registers.effects.tags import student_tags
from gateway.registers.matching import confirmed
from gateway.registers.overlay import derived
from gateway.registers.tags import KINDS
from policies.elements import Line, under
from standards.fields import fields_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from gateway.cache.snapshot import Snapshot, Table
    from gateway.config.declared_facts import DeclaredFact
    from gateway.registers.effects.state import DistrictRegisters
    from gateway.registers.entries import Consent, Restriction, StaffAssignment
    from policies.grant import Grant

ELIGIBLE_YEARS: Final = 18
SIGNERS: Final = ("parent", "eligible-student")
RULES: Final = "student rules"


@dataclass(frozen=True, slots=True)
class StudentRule:
    """What the registers decide about one student.

    A student who is *protected* has the *substitute* in place of the address. What is released of others is limited to
    the names *kept* (None: all) less those *withheld*. *contacts* are the tags of contacts that do not exist for the
    consumer; *discipline* tells whether incidents and actions leave.
    """

    hidden: bool = False
    protected: bool = False
    substitute: tuple[tuple[str, str], ...] = ()
    kept: frozenset[str] | None = None
    withheld: tuple[str, ...] = ()
    contacts: frozenset[str] = frozenset()
    discipline: bool = True


NO_RULE: Final = StudentRule()


@dataclass(frozen=True, slots=True)
class StudentRules:
    """The students who do not exist for a consumer, one byte per row, and the rules of those who do, by row.

    *protected* are the rows of students whose address is, though they may not exist for the consumer: who lives with
    one of them may be somebody else's contact.
    """

    hidden: bytearray | None = None
    rules: Mapping[int, StudentRule] = field(default_factory=dict)
    protected: frozenset[int] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.rules or self.protected) or self.hidden is not None


NO_RULES: Final = StudentRules()


def student_rules(snapshot: Snapshot, registers: DistrictRegisters | None, grant: Grant, day: str) -> StudentRules:
    """Return what the registers decide about every student, kept with the table for as long as it all holds."""
    if registers is None and not (grant.registered.form or grant.person):
        return NO_RULES
    table, place = snapshot.table("student"), (RULES, grant.epoch)
    beside = snapshot.table("profile")
    known = derived(table).facts.get(place)
    if known is None or known[0] != day or known[1] is not beside or not _alike(known[2], registers, grant):
        made = RuleSearch(snapshot, registers, grant, day).made()
        known = derived(table).facts[place] = day, beside, registers, made
    found: StudentRules = known[3]
    return found


def _alike(known: DistrictRegisters | None, registers: DistrictRegisters | None, grant: Grant) -> bool:
    return known is registers or (registers is not None and registers.decides_alike(known, grant))


class RuleSearch:
    """The search for the rules of all students of a snapshot, under one grant on one day."""

    def __init__(self, snapshot: Snapshot, registers: DistrictRegisters | None, grant: Grant, day: str) -> None:
        self.snapshot, self.registers, self.grant, self.day = snapshot, registers, grant, day
        self.table = snapshot.table("student")

    def made(self) -> StudentRules:
        """Collect what every entry and declared fact decides."""
        rules: defaultdict[int, StudentRule] = defaultdict(StudentRule)
        for row, one in self._restrictions():
            rules[row] = restricted(rules[row], one, self.grant)
        for fact in self.registers.facts if self.registers is not None else ():
            if fact.kind != CONSENT:
                for row in self.declared(fact):
                    rules[row] = restricted(rules[row], fact, self.grant)
        hidden = None
        if self.grant.registered.form:
            kept = self.consented()
            hidden = bytearray(row not in kept for row in range(self.table.size))
            for row, names in kept.items():
                if names is not None:
                    rules[row] = replace(rules[row], kept=names)
        out = [row for row, rule in rules.items() if rule.hidden]
        if self.grant.person:
            hidden = hidden if hidden is not None else bytearray(self.table.size)
            out += set(range(self.table.size)) - self.assigned()
        for row in out:
            hidden = hidden if hidden is not None else bytearray(self.table.size)
            hidden[row] = 1
        shown = {row: rule for row, rule in rules.items() if rule != NO_RULE and not (hidden and hidden[row])}
        return StudentRules(hidden, shown, frozenset(row for row, rule in rules.items() if rule.protected))

    def _restrictions(self) -> Iterator[tuple[int, Restriction]]:
        """Yield the restrictions in force, each with every row that any of its tags matches."""
        if self.registers is None:
            return
        found: set[tuple[int, str]] = set()
        for row, one in self._matches(self.registers.restrictions):
            if (row, one.entry) not in found and in_force(one, self.day):
                found.add((row, one.entry))
                yield row, one

    def _matches(self, index: Mapping[tuple[str, str], Sequence[Any]]) -> Iterator[tuple[int, Any]]:
        assert self.registers is not None
        for kind in dict.fromkeys(kind for kind, _ in index if kind in KINDS):
            for row, tags in enumerate(student_tags(self.snapshot, self.registers, kind)):
                for tag in tags:
                    for one in index.get((kind, tag), ()):
                        yield row, one

    def consented(self) -> dict[int, frozenset[str] | None]:
        """Return the rows of students with a consent, and the names that it covers (None: all)."""
        found: dict[int, frozenset[str] | None] = {}
        if self.registers is None:
            return found
        form = self.grant.registered.form
        rows: defaultdict[str, set[int]] = defaultdict(set)
        entries: dict[str, Consent] = {}
        for row, one in self._matches(self.registers.consents(self.grant.agreement, form)):
            rows[one.entry].add(row)
            entries[one.entry] = one
        for entry, some in rows.items():
            row = min(some)
            if len(some) == 1 and self._holds(entries[entry], row):
                found[row] = (found.get(row) or frozenset()) | entries[entry].elements
        for fact in self.registers.facts:
            if fact.kind == CONSENT and (fact.agreement, fact.form) == (self.grant.agreement, form):
                declined = set(self.declared(fact))
                found |= dict.fromkeys(set(range(self.table.size)) - declined)
        return found

    def assigned(self) -> set[int]:
        """Return the rows of the students who are assigned today to the person whose grant it is.

        An entry that more than one student matches, or that an id alone ties to its student, assigns nobody.
        """
        if self.registers is None:
            return set()
        rows: defaultdict[str, set[int]] = defaultdict(set)
        entries: dict[str, StaffAssignment] = {}
        for row, one in self._matches(
            self.registers.assignments(self.grant.agreement, self.grant.org, self.grant.person)
        ):
            rows[one.entry].add(row)
            entries[one.entry] = one
        return {
            min(some) for name, some in rows.items()
            if len(some) == 1 and in_force(entries[name], self.day) and self._confirms(entries[name], min(some))
        }  # fmt: skip

    def _holds(self, one: Consent, row: int) -> bool:
        """Tell whether a consent holds today for the one student whom it matches."""
        covers = bool(one.elements) and one.signer_role in SIGNERS
        if not covers or not in_force(one, self.day) or not self._confirms(one, row):
            return False
        born = (self.table.columns.get("birthDate") or [None] * self.table.size)[row]
        return one.signer_role != "parent" or self.day < eighteenth(born)

    def _confirms(self, one: Consent | StaffAssignment, row: int) -> bool:
        """Tell whether more than an id says that the student is who consented, or was assigned."""
        registers, kinds = self.registers, [kind for kind in one.tags if kind in KINDS]
        return registers is not None and confirmed(
            one.tags, {kind: student_tags(self.snapshot, registers, kind)[row] for kind in kinds}
        )

    def declared(self, fact: DeclaredFact) -> Iterator[int]:
        """Yield the rows of the students whom a declared fact restricts."""
        return declared_rows(self.snapshot, fact)


def declared_rows(snapshot: Snapshot, fact: DeclaredFact) -> Iterator[int]:
    """Yield the rows of the students of a *snapshot* whom a declared fact restricts."""
    table, profiles = snapshot.table("student"), snapshot.table("profile")
    places = [(entity, name) for entity in ("student", "profile") for name in fact_fields(entity, fact.element)]
    wide = any(entity == "profile" and name in profiles.columns for entity, name in places)
    children = snapshot.children("profile", "student", "student") if wide else None
    for row in range(table.size):
        words = [_words(table, row, name, fact.element) for entity, name in places if entity == "student"]
        for kid in children[row] if children is not None else ():
            words += [_words(profiles, kid, name, fact.element) for entity, name in places if entity == "profile"]
        said = [one for one in words if one is not None]
        if not said or not all(fact.frees(one) for one in said):
            yield row


def restricted(rule: StudentRule, one: Restriction | DeclaredFact, grant: Grant) -> StudentRule:
    """Add to a student's *rule* what a restriction decides under a *grant*."""
    recipients: tuple[str, ...] = getattr(one, "recipients", ())
    if recipients and grant.org not in recipients and one.kind != "acp":
        return rule
    return _restricted(rule, one, grant)


def _restricted(rule: StudentRule, one: Restriction | DeclaredFact, grant: Grant) -> StudentRule:
    withheld = withheld_by(getattr(one, "elements", ()))
    contact: str = getattr(one, "contact", "")
    match one.kind:
        case "directory":
            more: dict[str, Any] = {"hidden": rule.hidden or grant.registered.directory}
        case "acp":
            given = tuple(sorted(getattr(one, "substitute", {}).items()))
            more = {"protected": True, "substitute": max(rule.substitute, given)}
        case "court-order" if contact:
            more = {"contacts": rule.contacts | {contact}}
        case "parent-objection" if withheld:
            more = {"withheld": tuple(sorted({*rule.withheld, *withheld}))}
        case "do-not-transfer-discipline":
            more = {"discipline": rule.discipline and grant.registered.kind != "district"}
        case _:  # a court order, or an objection, to all of it; an unknown kind hides too
            more = {"hidden": True}
    return replace(rule, **more)


def withheld_by(elements: Iterable[str]) -> tuple[str, ...]:
    """Return the names that an objection to *elements* withholds; none where it is to everything.

    One to something that no element is called any more is to everything: nobody knows what the parent meant.
    """
    lines = [Line(path, "deny") for path in elements]
    return tuple(line.stem or "*" for line in lines) if all(map(under, lines)) else ()


def eighteenth(born: Any) -> str:
    """Return the day of the eighteenth birthday, from which a parent's consent no longer counts; "" where unknown."""
    try:
        day = date.fromisoformat(str(born)[:10])
    except ValueError:
        return ""
    try:
        return day.replace(year=day.year + ELIGIBLE_YEARS).isoformat()
    except ValueError:  # born on a leap day
        return day.replace(year=day.year + ELIGIBLE_YEARS, day=28).isoformat()


def in_force(one: Restriction | Consent | StaffAssignment, day: str) -> bool:
    """Tell whether an entry holds on a *day*."""
    return one.begin.isoformat() <= day and (one.until is None or day <= one.until.isoformat())


def _words(table: Table, row: int, name: str, element: str) -> tuple[str, ...] | None:
    """Return the words in a field, or in its free member *element*; None where there is no such field or member."""
    spec, column = fields_of(table.entity)[name], table.columns.get(name)
    if column is None:
        return None
    value = column[row]
    if spec.type == "open":
        member = element.removeprefix(f"{spec.release}.")
        if value is None or member not in value:
            return None
        value = value[member]
    if isinstance(value, bool):
        return ("true" if value else "false",)
    if isinstance(value, list | tuple):
        return tuple(str(one) for one in value)
    return () if value is None else (str(value),)
