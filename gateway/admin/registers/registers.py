"""Registers of a district for its own people: consents and restrictions entered, listed, ended and imported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gateway.admin.registers.entries import (
    consent_maker,
    consent_terms,
    contact_tag,
    names_student,
    restriction_maker,
)
from gateway.admin.registers.importing import outcome_of
from gateway.admin.second_person import SecondPerson, TwoPersonAct, Waiting
from gateway.districts.students import known_students
from gateway.registers.events import CONSENTS, RESTRICTIONS, digest, text_hash
from gateway.registers.imports import CONSENT_COLUMNS, RESTRICTION_COLUMNS, import_rows
from gateway.registers.matching import Students
from gateway.registers.resolving import entries_of, resolve, typed_tags, unconfirmed
from gateway.registers.stating import WrongPart
from gateway.registers.store import Registers
from gateway.registers.tags import PURPOSE, RegisterKeys
from gateway.translations.phrases import Phrase
from standards.errors import CallerError, Conflict, NotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gateway.admin.administration import Administration
    from gateway.admin.registers.importing import ImportOutcome
    from gateway.admin.second_person import TwoPersonRule
    from gateway.people.actor import Actor
    from gateway.registers.events import RegisterEntry, Stated
    from gateway.registers.resolving import EntriesOfStudent
    from gateway.registers.stating import ConsentTerms
    from gateway.registers.writing import Written
    from gateway.storage.people.proposals import Proposal

READ: Final = "register.read"
WRITE: Final = "register.write"
COLUMNS: Final = {CONSENTS: CONSENT_COLUMNS, RESTRICTIONS: RESTRICTION_COLUMNS}
NO_REGISTER: Final = "There is no such register here."


class KeptRegisters:
    """The registers of the districts of a region, for the people of each."""

    def __init__(self, region: Administration, second: TwoPersonRule | None = None) -> None:
        self._region, self._second = region, second or SecondPerson(region)
        self._keys = RegisterKeys(region.keys.derive(PURPOSE))
        self._registers = Registers(region.store, self._keys, region.clock)

    def districts(self, actor: Actor) -> tuple[str, ...]:
        """Return the districts whose registers an *actor* may read."""
        return tuple(name for name in self._region.settings().districts if actor.allows(READ, name))

    def entries(self, actor: Actor, district: str, register: str) -> tuple[RegisterEntry, ...]:
        """List the entries of a register, those that have ended too, oldest first: tags, never a name."""
        self._see(actor, district, register)
        return tuple(one for one in self._registers.entries(district) if one.register == register)

    def entry(self, actor: Actor, district: str, register: str, name: str) -> RegisterEntry:
        """Find one entry.

        Raises:
            NotFound: there is none, or it is another district's.
        """
        found = next((one for one in self.entries(actor, district, register) if one.entry == name), None)
        if found is None:
            raise NotFound("There is no such entry here.")
        return found

    def terms(self, actor: Actor, district: str) -> Mapping[str, ConsentTerms]:
        """Return what consents to each agreement of a district are about."""
        self._see(actor, district, CONSENTS)
        return consent_terms(self._region, district)

    def of_student(self, actor: Actor, district: str, register: str, student: Mapping[str, str]) -> EntriesOfStudent:
        """Find the entries of one student, as the district's system knows the student."""
        entries = self.entries(actor, district, register)
        typed_tags(self._nobody(district), student)
        return entries_of(self._students(district), student, entries)

    def add_consent(
        self,
        actor: Actor,
        district: str,
        student: Mapping[str, str],
        given: Mapping[str, str],
        form_text: str = "",
        reason: str = "",
        *,
        anyway: bool = False,
    ) -> Written | Waiting:
        """Write down one consent of a *student*; where two persons are wanted, it waits for the second.

        Raises:
            WrongPart: a part is missing or cannot be.
            Conflict: nobody is known by what was given, or several, and not *anyway*.
        """
        parts = {**given, "formHash": text_hash(form_text)} if form_text else dict(given)
        self._write(actor, district, student, reason)
        consent_maker(self._region, self._registers, district)({}, parts)  # before the district's system is asked
        found = unconfirmed(resolve(self._students(district), student))
        if found.problem and not anyway:
            raise Conflict(Phrase("Nothing was written: %(problem)s.", problem=Phrase(found.problem)))
        return self.note_consent(actor, district, found.tags, parts, form_text, reason)

    def note_consent(
        self, actor: Actor, district: str, tags: Mapping[str, str], given: Mapping[str, str], text: str, reason: str
    ) -> Written | Waiting:
        """Write down a consent of whoever is known by *tags*: what is done again once it is confirmed."""
        self._write(actor, district, {}, reason)
        content = {"do": "consent", "tags": dict(tags), "given": dict(given), "text": text}
        asked = TwoPersonAct(WRITE, district, CONSENTS, content, reason=reason)

        def do() -> Written:
            one = consent_maker(self._region, self._registers, district)(tags, given)
            return self._registers.write(district, [one], actor.name, reason, (text,) if text else ())

        return self._second.either(actor, asked, do)

    def add_restriction(
        self,
        actor: Actor,
        district: str,
        student: Mapping[str, str],
        given: Mapping[str, str],
        contact: str = "",
        reason: str = "",
        *,
        anyway: bool = False,
        without_substitute: bool = False,
    ) -> Written:
        """Write down one restriction of a *student*, at once: what protects a child waits for nobody.

        A protected address is *without_substitute* only where somebody says so: nothing of the address leaves then.

        Raises:
            WrongPart: a part is missing or cannot be.
            Conflict: nobody is known by what was given, or several, and not *anyway*.
        """
        self._write(actor, district, {**student, "contact": contact, **_address(given)}, reason)
        make = restriction_maker(self._region, district, without_substitute=without_substitute)
        asked = {"contact": "asked for"} if contact else {}
        make({}, {**given, **asked})  # before the district's system is asked
        students = self._students(district, contacts=bool(contact))
        found = resolve(students, student)
        if found.problem and not anyway:
            raise Conflict(Phrase("Nothing was written: %(problem)s.", problem=Phrase(found.problem)))
        tag = {"contact": contact_tag(self._keys, students, contact, anyway=anyway)} if contact else {}
        return self._registers.write(district, [make(found.tags, {**given, **tag})], actor.name, reason)

    def end(self, actor: Actor, district: str, register: str, name: str, reason: str) -> Written | Waiting:
        """Withdraw a consent, at once, or lift a restriction, for which two persons may be wanted."""
        one = self.entry(actor, district, register, name)
        self._write(actor, district, {}, reason)
        if not reason.strip():
            raise CallerError("Say why, in one line: it stays on record.")

        def do() -> Written:
            return self._registers.end(district, [name], register, actor.name, reason)

        if register == CONSENTS:
            return do()
        content = {"do": "lift", "entry": name}
        return self._second.either(
            actor, TwoPersonAct(WRITE, district, name, content, digest([one.states]), reason), do
        )

    def run_import(
        self,
        actor: Actor,
        district: str,
        register: str,
        name: str,
        data: bytes,
        rest: Mapping[str, str],
        reason: str = "",
        *,
        dry: bool,
        anyway: bool = False,
        without_substitute: bool = False,
    ) -> ImportOutcome:
        """Read a file of entries from memory; write all of them or none, or with *dry* only tell what that would be.

        Raises:
            Conflict: it would open data, and two persons are wanted for that.
        """
        self._see(actor, district, register)
        self._write(actor, district, {}, reason)
        students = self._students(district, contacts=register == RESTRICTIONS)
        make = self._maker(district, register, students, rest, anyway=anyway, without_substitute=without_substitute)
        says = import_rows(name, data, COLUMNS[register], students, make, anyway=anyway)
        if (
            not says.mistakes
            and not dry
            and register == CONSENTS
            and WRITE in SecondPerson(self._region).wanted(district)
        ):
            raise Conflict("Two persons are wanted for consents here: enter them one by one, so that each can wait.")
        return outcome_of(self._registers, district, says, actor, reason, dry=dry)

    def _maker(
        self,
        district: str,
        register: str,
        students: Students,
        rest: Mapping[str, str],
        *,
        anyway: bool,
        without_substitute: bool,
    ) -> Callable[[Mapping[str, str], Mapping[str, str]], Stated]:
        if register == CONSENTS:
            consent = consent_maker(self._region, self._registers, district)
            return lambda tags, cells: consent(tags, {**rest, **cells})
        restriction = restriction_maker(self._region, district, without_substitute=without_substitute)

        def make(tags: Mapping[str, str], cells: Mapping[str, str]) -> Stated:
            given = {**rest, **cells}
            if given.get("contact"):
                try:
                    given["contact"] = contact_tag(self._keys, students, given["contact"], anyway=anyway)
                except NotFound:
                    raise WrongPart("contact", "the district's system has no such contact") from None
            return restriction(tags, given)

        return make

    def _see(self, actor: Actor, district: str, register: str) -> None:
        actor.require_seen(READ, district, what=NO_REGISTER)
        if district not in self._region.settings().districts or register not in COLUMNS:
            raise NotFound(NO_REGISTER)

    def _write(self, actor: Actor, district: str, student: Mapping[str, str], reason: str) -> None:
        self._see(actor, district, CONSENTS)
        actor.require(WRITE, district)
        if names_student(student, reason):
            raise CallerError("The reason says who the student is, and stays on record: write it without.")

    def _students(self, district: str, *, contacts: bool = False) -> Students:
        return known_students(self._region.settings().districts[district], self._keys, contacts=contacts)

    def _nobody(self, district: str) -> Students:
        return Students(district, self._keys)


def again(region: Administration, rule: TwoPersonRule, actor: Actor, proposal: Proposal) -> Any:
    """Do what was proposed about a register once more, as both persons."""
    service, content = KeptRegisters(region, rule), proposal.content
    if content["do"] == "lift":
        return service.end(actor, proposal.org, RESTRICTIONS, content["entry"], proposal.reason)
    if content["do"] == "consent":
        return service.note_consent(
            actor, proposal.org, content["tags"], content["given"], content["text"], proposal.reason
        )
    raise CallerError("This cannot be done by a confirmation.")


def _address(given: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in given.items() if name in {"street", "unit"}}
