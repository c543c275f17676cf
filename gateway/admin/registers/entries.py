"""Entries of the registers in the making: of whom they are, by which agreements and forms, and what they may say."""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from typing import TYPE_CHECKING, Final

from gateway.admin.inbox.gathering import known_agreements
from gateway.audit import agreement_texts
from gateway.people.active import ActivePeople
from gateway.registers.entries import Consent
from gateway.registers.matching import spelt_id
from gateway.registers.stating import WrongPart, assignment_of, check_purpose, consent_of, restriction_of, terms_of
from gateway.registers.tags import CONTACT
from gateway.signing.overview import in_review, overview
from standards.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

    from gateway.admin.administration import Administration
    from gateway.registers.entries import Restriction, StaffAssignment
    from gateway.registers.matching import Students
    from gateway.registers.stating import ConsentTerms
    from gateway.registers.store import Registers
    from gateway.registers.tags import RegisterKeys

    Parts = Mapping[str, str]

HOLD: Final = "assignment.hold"
NO_SUBSTITUTE: Final = (
    "without a substitute address recipients get nothing of the address: give one, or say that there is to be none"
)
SHORTEST_NAME: Final = 3
"""A text of fewer letters is in many reasons by chance."""


def today_in(region: Administration, district: str) -> date:
    """Return the day that it is in a district."""
    return region.clock().astimezone(region.settings().districts[district].timezone).date()


def consent_terms(region: Administration, district: str) -> dict[str, ConsentTerms]:
    """Return what consents to the district's agreements are about, as the gateway uses these.

    A version that lacks signatures counts where no other of its agreement does: its form is what families sign first.
    """
    settings = region.settings()
    held = agreement_texts.held_to(settings, known_agreements(region))
    stopped = set()
    if settings.must_be_signed:
        states = in_review(overview(settings, region.store, region.clock()))
        stopped = {(one.agreement.id, one.agreement.version) for one in states}
    counted = tuple(one for one in held if (one.id, one.version) not in stopped)
    signed = {one.id for one in counted}
    held = (*counted, *(one for one in held if one.id not in signed))
    return terms_of(held, district, today_in(region, district))


def consent_maker(region: Administration, registers: Registers, district: str) -> Callable[[Parts, Parts], Consent]:
    """Return the function that makes a consent of tags and parts, by a form whose text is of no other purpose."""
    terms, today = consent_terms(region, district), today_in(region, district)
    signed_for: defaultdict[str, set[str]] = defaultdict(set)
    for one in registers.entries(district):
        if isinstance(one.states, Consent):
            signed_for[one.states.form_hash].add(one.states.agreement)

    def make(tags: Parts, given: Parts) -> Consent:
        made = consent_of(district, tags, given, terms, today)
        check_purpose(made, signed_for[made.form_hash], terms)
        signed_for[made.form_hash].add(made.agreement)
        return made

    return make


def restriction_maker(
    region: Administration, district: str, *, without_substitute: bool = False
) -> Callable[[Parts, Parts], Restriction]:
    """Return the function that makes a restriction of tags and parts.

    A protected address has a substitute, which recipients get in its place, unless somebody has said that it is to be
    *without_substitute*: recipients then get nothing of the address.
    """
    recipients = {one.org for one in known_agreements(region) if one.district == district}
    of_parts = partial(restriction_of, district, recipients=recipients, today=today_in(region, district))

    def make(tags: Parts, given: Parts) -> Restriction:
        made = of_parts(tags, given)
        if made.kind == "acp" and not made.substitute and not without_substitute:
            raise WrongPart("street", NO_SUBSTITUTE)
        return made

    return make


def holders_of(region: Administration) -> dict[tuple[str, str], str]:
    """Return the ids of the people who may have students assigned, by organisation and address."""
    people = ActivePeople(region.store, region.clock, region.kinds).list()
    return {(org, one.mail): one.actor.person for one in people for org in one.actor.orgs(HOLD)}


def assignment_maker(
    region: Administration, district: str, written_by: str, terms: Mapping[str, ConsentTerms]
) -> Callable[[Parts, Parts], StaffAssignment]:
    """Return the function that makes an assignment of tags and parts, under agreements with these *terms*."""
    people, today = holders_of(region), today_in(region, district)
    return partial(_assignment, district, terms, people, today, written_by)


def _assignment(
    district: str,
    terms: Mapping[str, ConsentTerms],
    people: Mapping[tuple[str, str], str],
    today: date,
    written_by: str,
    tags: Parts,
    given: Parts,
) -> StaffAssignment:
    return assignment_of(district, tags, given, terms, people, today, written_by)


def contact_tag(keys: RegisterKeys, students: Students, typed: str, *, anyway: bool) -> str:
    """Return the tag of a contact; one that the source does not have only *anyway*.

    Raises:
        NotFound: the source does not have it.
    """
    tag = keys.tag(students.district, CONTACT, spelt_id(typed))
    if tag not in students.contacts and not anyway:
        raise NotFound("Nothing was written: the district's system has no such contact.")
    return tag


def names_student(student: Parts, text: str) -> bool:
    """Tell whether a *text* that stays on record says who the *student* is."""
    told = text.casefold()
    return any(len(one) >= SHORTEST_NAME and one.casefold() in told for one in student.values())
