"""Assignments of students to a recipient's people: kept by the provider's own people, and by the recipient's.

The two are told different things. The provider's may know of every student of the district: what they type is compared
with its system. The recipient's may not even learn whether there is such a student: what they type is compared with
nothing, and the answer is the same whoever is meant.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gateway.admin.registers.entries import assignment_maker, consent_terms, holders_of, names_student
from gateway.admin.registers.importing import outcome_of
from gateway.districts.students import known_students
from gateway.people.active import ActivePeople
from gateway.registers.entries import PROVIDER, RECIPIENT, StaffAssignment
from gateway.registers.events import ASSIGNMENTS
from gateway.registers.imports import ASSIGNMENT_COLUMNS, import_rows, import_typed
from gateway.registers.matching import Students
from gateway.registers.resolving import EntriesOfStudent, confirming_tags, entries_of, resolve, typed_tags, unconfirmed
from gateway.registers.store import Registers
from gateway.registers.tags import PURPOSE, RegisterKeys
from gateway.translations.phrases import Phrase
from standards.errors import CallerError, Conflict, NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.admin.administration import Administration
    from gateway.admin.registers.importing import ImportOutcome
    from gateway.people.actor import Actor
    from gateway.registers.events import RegisterEntry
    from gateway.registers.stating import ConsentTerms
    from gateway.registers.writing import Written

READ: Final = "assignment.read"
WRITE: Final = "assignment.write"
NO_REGISTER: Final = "There is no such register here."
NO_ENTRY: Final = "There is no such entry here."


@dataclass(frozen=True, slots=True)
class _Side:
    """For whom somebody keeps assignments in a district: for the provider, or for the recipients *orgs* alone."""

    orgs: frozenset[str] | None

    @property
    def written_by(self) -> str:
        """The party that the entries say wrote them down."""
        return PROVIDER if self.orgs is None else RECIPIENT

    def concerns(self, org: str) -> bool:
        """Tell whether what is at an organisation is this side's business."""
        return self.orgs is None or org in self.orgs


class KeptAssignments:
    """The assignments in the districts of a region."""

    def __init__(self, region: Administration) -> None:
        self._region = region
        self._keys = RegisterKeys(region.keys.derive(PURPOSE))
        self._registers = Registers(region.store, self._keys, region.clock)

    def districts(self, actor: Actor) -> tuple[str, ...]:
        """Return the districts in which an *actor* may read assignments: its own, and those that share with it."""
        return tuple(name for name in self._region.settings().districts if self._side(actor, READ, name) is not None)

    def provides(self, actor: Actor, district: str) -> bool:
        """Tell whether an *actor* is told of a district's students, being of its own people."""
        return self._seen(actor, district).orgs is None

    def agreements(self, actor: Actor, district: str) -> Mapping[str, ConsentTerms]:
        """Return the agreements whose students are assigned to people, as far as they are the actor's business."""
        return self._terms(district, self._seen(actor, district))

    def people(self, actor: Actor, district: str) -> Mapping[str, str]:
        """Return the addresses of people by their ids: those who have students assigned, or may have."""
        side, every = (
            self._seen(actor, district),
            ActivePeople(self._region.store, self._region.clock, self._region.kinds).list(),
        )
        entries = {one.person for one in map(_states, self._listed(district, side))}
        orgs = {one.org for one in self._terms(district, side).values()}
        held = {person for (org, _), person in holders_of(self._region).items() if org in orgs}
        return {one.actor.person: one.mail for one in every if one.actor.person in entries | held}

    def entries(self, actor: Actor, district: str) -> tuple[RegisterEntry, ...]:
        """List the assignments, those that have ended too, oldest first: tags, never a name of a student."""
        return self._listed(district, self._seen(actor, district))

    def entry(self, actor: Actor, district: str, name: str) -> RegisterEntry:
        """Find one assignment.

        Raises:
            NotFound: there is none, or it is somebody else's business.
        """
        found = next((one for one in self.entries(actor, district) if one.entry == name), None)
        if found is None:
            raise NotFound(NO_ENTRY)
        return found

    def of_student(self, actor: Actor, district: str, student: Mapping[str, str]) -> EntriesOfStudent:
        """Find the assignments of one student.

        A recipient finds those that its own people wrote down with the very words, which tells it nothing new.
        """
        side, nobody = self._seen(actor, district), Students(district, self._keys)
        typed = typed_tags(nobody, student)
        entries = self._listed(district, side)
        if side.orgs is None:
            return entries_of(self._students(district), student, entries)
        own = (one for one in entries if _states(one).written_by == RECIPIENT)
        tags = {(kind, tag) for kind, (tag, _) in typed.items()}
        return EntriesOfStudent(tuple(one for one in own if not tags.isdisjoint(one.states.tags.items())))

    def add(
        self,
        actor: Actor,
        district: str,
        student: Mapping[str, str],
        given: Mapping[str, str],
        reason: str = "",
        *,
        anyway: bool = False,
    ) -> Written:
        """Assign a *student* to a person.

        Raises:
            WrongPart: a part is missing or cannot be.
            Conflict: nobody is known to the provider by what was given, or several, and not *anyway*.
        """
        side = self._written(actor, district, student, reason)
        make = assignment_maker(self._region, district, side.written_by, self._terms(district, side))
        make({}, given)  # before the district's system is asked
        if side.orgs is not None:
            tags: Mapping[str, str] = confirming_tags(Students(district, self._keys), student)
        else:
            found = unconfirmed(resolve(self._students(district), student))
            if found.problem and not anyway:
                raise Conflict(Phrase("Nothing was written: %(problem)s.", problem=Phrase(found.problem)))
            tags = found.tags
        return self._registers.write(district, [make(tags, given)], actor.name, reason)

    def end(self, actor: Actor, district: str, name: str, reason: str) -> Written:
        """End an assignment at once, whichever party wrote it down."""
        self.entry(actor, district, name)
        self._written(actor, district, {}, reason)
        if not reason.strip():
            raise CallerError("Say why, in one line: it stays on record.")
        return self._registers.end(district, [name], ASSIGNMENTS, actor.name, reason)

    def run_import(
        self,
        actor: Actor,
        district: str,
        name: str,
        data: bytes,
        rest: Mapping[str, str],
        reason: str = "",
        *,
        dry: bool,
        anyway: bool = False,
    ) -> ImportOutcome:
        """Read a file of assignments from memory; write all of them or none, or with *dry* tell what that would be."""
        side = self._written(actor, district, {}, reason)
        maker = assignment_maker(self._region, district, side.written_by, self._terms(district, side))

        def make(tags: Mapping[str, str], cells: Mapping[str, str]) -> StaffAssignment:
            return maker(tags, {**rest, **cells})

        if side.orgs is None:
            says = import_rows(name, data, ASSIGNMENT_COLUMNS, self._students(district), make, anyway=anyway)
        else:
            says = import_typed(name, data, ASSIGNMENT_COLUMNS, Students(district, self._keys), make)
        return outcome_of(self._registers, district, says, actor, reason, dry=dry)

    def _side(self, actor: Actor, action: str, district: str) -> _Side | None:
        """Return for whom an *actor* does an action in a district; None where it may not know of it."""
        if actor.allows(action, district):
            return _Side(None)
        mine = actor.orgs(action)
        terms = consent_terms(self._region, district).values() if mine else ()
        orgs = frozenset(one.org for one in terms if one.assigned and one.org in mine)
        return _Side(orgs) if orgs else None

    def _seen(self, actor: Actor, district: str) -> _Side:
        known = district in self._region.settings().districts
        side = self._side(actor, READ, district) if known else None
        if side is None:
            raise NotFound(NO_REGISTER)
        return side

    def _written(self, actor: Actor, district: str, student: Mapping[str, str], reason: str) -> _Side:
        self._seen(actor, district)
        side = self._side(actor, WRITE, district)
        if side is None:
            actor.require(WRITE, district)
            raise NotFound(NO_REGISTER)
        if names_student(student, reason):
            raise CallerError("The reason says who the student is, and stays on record: write it without.")
        return side

    def _terms(self, district: str, side: _Side) -> dict[str, ConsentTerms]:
        known = consent_terms(self._region, district)
        return {name: one for name, one in known.items() if one.assigned and side.concerns(one.org)}

    def _listed(self, district: str, side: _Side) -> tuple[RegisterEntry, ...]:
        every = (one for one in self._registers.entries(district) if one.register == ASSIGNMENTS)
        return tuple(one for one in every if side.concerns(_states(one).org))

    def _students(self, district: str) -> Students:
        return known_students(self._region.settings().districts[district], self._keys)


def _states(one: RegisterEntry) -> StaffAssignment:
    assert isinstance(one.states, StaffAssignment)
    return one.states
