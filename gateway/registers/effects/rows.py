"""Rows under limits: which records of a snapshot are about students with rules, outside a window, or of one part."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Protocol

from gateway.registers.effects import incidents
from gateway.registers.effects.cells import NO_LIMIT, Limit, PartLimit, covers, hides
from gateway.registers.effects.state import registers_of
from gateway.registers.effects.tags import contact_tags
from policies.records.places import row_tells_place
from policies.records.windows import DATED_BY
from standards import native, vocabulary
from standards.fields import fields_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gateway.cache.snapshot import Snapshot, Table
    from gateway.registers.effects.cells import Rules
    from gateway.registers.effects.students import StudentRule, StudentRules
    from policies.grant import Grant
    from policies.records.windows import DateWindow

DISCIPLINE: Final = frozenset(
    {
        "action",
        "edfi.disciplineActions",
        "edfi.restraintEvents",
        "edfi.studentDisciplineIncidentBehaviorAssociations",
        "edfi.studentDisciplineIncidentNonOffenderAssociations",
    }
)
"""The entities about a student's incidents and actions."""
INCIDENT: Final = "incident"
NOTHING_OUTSIDE: Final[frozenset[str]] = frozenset()


class SeenRecords(Protocol):
    """A snapshot as a grant shows it without any effects."""

    @property
    def snapshot(self) -> Snapshot:
        """The records as the district's system has them."""
        ...

    @property
    def grant(self) -> Grant:
        """The grant that shows them."""
        ...

    def visible(self, entity: str) -> bytearray | None:
        """Return one byte per row, 1 where the row is visible to the consumer; None where every row is."""
        ...


class Part(SeenRecords, Protocol):
    """One part of a grant: the records that it covers, and its rules for students."""

    @property
    def students(self) -> StudentRules:
        """What the registers decide about students under this part."""
        ...


@cache
def about_students() -> frozenset[str]:
    """Return the entities whose records are about one student: students, and what belongs to them."""
    found, every = {"student"}, (*vocabulary.entities(), *native.entities())
    size = 0
    while size < len(found):
        size = len(found)
        found |= {one for one in every if any(field.owner and field.to in found for field in fields_of(one).values())}
    return frozenset(found)


def limit_of(rule: StudentRule) -> Limit:
    """Return the limits of the records about a student with a *rule*."""
    return Limit(rule.protected, rule.substitute, rule.withheld, rule.kept)


class RowSearch:
    """The search of one snapshot for the rows that rules for *students*, windows and *parts* of a grant affect."""

    def __init__(self, seen: SeenRecords, rules: Rules, students: StudentRules, parts: Sequence[Part]) -> None:
        self.seen, self.rules, self.students, self.parts = seen, rules, students, parts
        self.snapshot, self.grant = seen.snapshot, seen.grant
        self._about: dict[str, Mapping[int, list[int]]] = {"student": {row: [row] for row in students.rules}}
        self._limits: dict[str, Mapping[int, Limit]] = {}

    def hidden(self, entity: str) -> bytearray | None:
        """Return one byte per row of *entity*, 1 where the row does not exist for the consumer; None where all do."""
        mask = self.students.hidden if entity == "student" else None
        rows = {row for row, limit in self.limits(entity).items() if limit.parts == () or self._hides(entity, limit)}
        if entity == "guardianship":
            rows |= self.unlinked()
        if entity == INCIDENT:
            rows |= self._incidents()
        if entity in incidents.NAMED_BY and not all(map(self._discipline, self.students.rules)):
            rows |= set(incidents.held_back(self.snapshot, entity, self.about, self._discipline))
        if entity in DISCIPLINE:
            rows |= {row for row, about in self.about(entity).items() if not all(map(self._discipline, about))}
        if row_tells_place(entity):
            rows |= {row for row, limit in self.limits(entity).items() if limit.protected}
        if not rows:
            return mask
        mask = bytearray(self.snapshot.table(entity).size) if mask is None else bytearray(mask)
        for row in rows:
            mask[row] = 1
        return mask

    def about(self, entity: str) -> Mapping[int, list[int]]:
        """Return the rows of *entity* about students with rules, each with these students."""
        if entity not in self._about:
            found: defaultdict[int, list[int]] = defaultdict(list)
            self._about[entity] = {}  # an entity that belongs to another record of its own is found once
            for owner in fields_of(entity).values() if entity in about_students() else ():
                parents = self.about(owner.to) if owner.owner and owner.to in about_students() else {}
                children = self.snapshot.children(entity, owner.name, owner.to) if parents else ()
                for parent, students in parents.items():
                    for row in children[parent]:
                        found[row] += students
            self._about[entity] = found
        return self._about[entity]

    def limits(self, entity: str) -> Mapping[int, Limit]:
        """Return the limits of the rows of *entity* that have any."""
        if entity not in self._limits:
            table, found = self.snapshot.table(entity), dict(self._of_people(entity))
            for row, parts in self._of_parts(entity, table):
                found[row] = replace(found.get(row, NO_LIMIT), parts=parts)
            for row, outside in () if self.parts else _outside(entity, table, self.grant):
                found[row] = replace(found.get(row, NO_LIMIT), outside=outside)
            self._limits[entity] = found
        return self._limits[entity]

    def unlinked(self) -> set[int]:
        """Return the links of students and contacts that do not exist: by a court's order, and all if it is unclear.

        It is unclear where an order names a contact whom the student has not, since the contact may have a new id.
        """
        found: set[int] = set()
        ordered = {row: rule.contacts for row, rule in self.students.rules.items() if rule.contacts}
        registers = registers_of(self.snapshot)
        refs = self.snapshot.table("guardianship").refs.get("contact")
        if not ordered or registers is None or refs is None:
            return found
        links = self.snapshot.children("guardianship", "student", "student")
        tags = contact_tags(self.snapshot, registers)
        for row, contacts in ordered.items():
            for contact in contacts:
                named = {link for link in links[row] if refs[link] >= 0 and contact in tags[refs[link]]}
                found |= named or set(links[row])
        return found

    def _discipline(self, student: int) -> bool:
        return self.students.rules[student].discipline

    def _incidents(self) -> set[int]:
        """Return the incidents of students whose discipline does not leave, unless others were disciplined for them."""
        kept, held = set[int](), set[int]()
        about, lists = self.about("action"), self.snapshot.table("action").columns.get("incidents") or ()
        for row, named in enumerate(lists) if not all(map(self._discipline, self.students.rules)) else ():
            leaves = all(map(self._discipline, about.get(row, ())))
            (kept if leaves else held).update(named or ())
        return {row for row in held - kept if row >= 0}

    def _hides(self, entity: str, limit: Limit) -> bool:
        return hides(entity, limit, self.grant)

    def _of_people(self, entity: str) -> Mapping[int, Limit]:
        """Return the limits of records about students with rules, or about contacts of such students."""
        if entity in about_students():
            rules = self.students.rules
            return {
                row: limit
                for row, about in self.about(entity).items()
                if (limit := _joined([limit_of(rules[one]) for one in about])) != NO_LIMIT
            }
        if entity == "contact":
            return self._of_contacts()
        found: dict[int, Limit] = {}
        for owner in fields_of(entity).values():
            if owner.owner and owner.to == "contact":
                limits = self.limits("contact")
                children = self.snapshot.children(entity, owner.name, "contact") if limits else ()
                found |= {row: limit for contact, limit in limits.items() for row in children[contact]}
        return found

    def _of_contacts(self) -> dict[int, Limit]:
        """Return the limits of contacts: what is restricted for one child, and what no child's consent covers."""
        links = self.snapshot.table("guardianship").refs
        students, contacts = links.get("student"), links.get("contact")
        if students is None or contacts is None or not (self.about("guardianship") or self.students.protected):
            return {}
        whole, found = self.snapshot.children("guardianship", "contact", "contact"), dict[int, Limit]()
        theirs = self.snapshot.children("guardianship", "student", "student")
        touched = {*self.about("guardianship"), *(link for row in self.students.protected for link in theirs[row])}
        for contact in {contacts[link] for link in touched}:
            rows = {students[link] for link in whole[contact]} if contact >= 0 else set()
            rules = [self.students.rules.get(row) for row in rows if row >= 0 and self._shown(row)]
            limit = _joined([limit_of(rule) if rule is not None else NO_LIMIT for rule in rules])
            if not self.students.protected.isdisjoint(rows):
                limit = replace(limit, protected=True)
            if limit != NO_LIMIT:
                found[contact] = limit
        return found

    def _shown(self, student: int) -> bool:
        visible, hidden = self.seen.visible("student"), self.students.hidden
        return (visible is None or bool(visible[student])) and not (hidden is not None and hidden[student])

    def _of_parts(self, entity: str, table: Table) -> Iterator[tuple[int, tuple[PartLimit, ...]]]:
        """Yield the rows that not every part covers wholly, with the parts that do, and how far."""
        if not self.parts or not table.size:
            return
        masks = [part.visible(entity) for part in self.parts]
        outside = [dict(_outside(entity, table, part.grant)) for part in self.parts]
        kept = [self._kept(entity, part) for part in self.parts]
        whole = tuple(PartLimit(number) for number in range(len(self.parts)))
        for row in range(table.size):
            found = tuple(
                PartLimit(number, kept[number].get(row), outside[number].get(row, NOTHING_OUTSIDE))
                for number, mask in enumerate(masks)
                if mask is None or mask[row]
            )
            if found != whole:
                yield row, found

    def _kept(self, entity: str, part: Part) -> Mapping[int, frozenset[str]]:
        """Return the names that consents to one part cover, for each row that they limit."""
        if not part.students.rules:
            return {}
        limits = RowSearch(part, self.rules, part.students, ()).limits(entity)
        return {row: limit.kept for row, limit in limits.items() if limit.kept is not None}


def _joined(limits: Sequence[Limit]) -> Limit:
    """Join the limits of a record about several students: any restricts, and what no consent covers is lost."""
    if len(limits) == 1:
        return limits[0]
    kept: frozenset[str] | None = frozenset()
    for one in limits:
        kept = None if kept is None or one.kept is None else kept | one.kept
    return Limit(
        any(one.protected for one in limits),
        max((one.substitute for one in limits), default=()),
        tuple(sorted({name for one in limits for name in one.withheld})),
        kept if limits else None,
    )


def _outside(entity: str, table: Table, grant: Grant) -> Iterator[tuple[int, frozenset[str]]]:
    """Yield the rows of *entity* that are not dated in some window, with the names that do not leave of them."""
    releases = {field.release for field in fields_of(entity).values()}
    windows = {name: one for name, one in grant.windows.items() if _concerns(name, releases)}
    if not windows:
        return
    dates = table.columns.get(DATED_BY.get(entity, "")) or [None] * table.size
    known: dict[Any, frozenset[str]] = {}
    for row, value in enumerate(dates):
        if value not in known:
            known[value] = frozenset(name for name, one in windows.items() if not _inside(value, one))
        if known[value]:
            yield row, known[value]


def _concerns(name: str, releases: set[str]) -> bool:
    """Tell whether a windowed *name* is one of those *releases*, stands for one of them, or is a free member of one."""
    return any(covers((name,), one) or name.startswith(f"{one}.") for one in releases)


def _inside(value: Any, window: DateWindow) -> bool:
    day = value[:10] if isinstance(value, str) else ""
    return bool(day) and (window.since or "") <= day and (window.until is None or day <= window.until)
