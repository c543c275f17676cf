"""Stating: entries of the registers made of what a person typed or a file says, each part checked."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final, TypeVar

from gateway.registers.entries import (
    ADDRESS,
    DENY,
    METHODS,
    ONLY_OF,
    RESTRICTION_KINDS,
    SIGNER_ROLES,
    AllReleased,
    Consent,
    Expanded,
    Restriction,
    StaffAssignment,
    named_with,
)
from policies import canonical, elements
from policies.agreement import current
from standards.codes import table
from standards.errors import suggestion

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from policies.agreement import Agreement

NEEDED_ADDRESS: Final = ("street", "city", "state", "postalCode")
FORM_HASH: Final = re.compile(r"[0-9a-f]{64}")
FORM_NAME: Final = re.compile(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029]{1,200}")
FIRST_DAY: Final = date(1950, 1, 1)

Word = TypeVar("Word", bound=str)


class WrongPart(ValueError):
    """A *part* of an entry that cannot be; the message never has what was given."""

    def __init__(self, part: str, message: str) -> None:
        super().__init__(message)
        self.part, self.message = part, message


@dataclass(frozen=True, slots=True)
class ConsentTerms:
    """What a consent to an *agreement* is about: *elements*, the *form* it asks for, its last day and its *purpose*.

    Its recipient is *org*; its students are *assigned* to the recipient's people where it says so.
    The *elements* have the action on each: a form that said the year of birth is no consent to the whole day.
    """

    agreement: str
    elements: Mapping[str, str]
    form: str = ""
    end: date | None = None
    purpose: str = ""
    org: str = ""
    assigned: bool = False


def terms_of(agreements: Iterable[Agreement], district: str, day: date) -> dict[str, ConsentTerms]:
    """Return the terms of each agreement of a *district* by its id: of the version in force, or else of the newest."""
    mine = sorted((one for one in agreements if one.district == district), key=lambda one: one.version)
    chosen = {one.id: one for one in (*mine, *current(mine, day))}
    return {name: _terms(one) for name, one in chosen.items()}


def _terms(one: Agreement) -> ConsentTerms:
    settled = canonical.capped(elements.settle(one.lines), one.expansion)
    released = {name: found.action for name, found in settled.items() if _consented(name, found.action)}
    selectors = json.loads(one.text).get("population", {}).get("all", ())
    form = next((each["consent"].get("form", "") for each in selectors if "consent" in each), "")
    return ConsentTerms(one.id, released, form, one.end, one.purpose, one.org, one.population.assigned)


def _consented(name: str, action: str) -> bool:
    """Tell whether a consent names an element: one that leaves, or a free member that does not though others do."""
    one = elements.element(name)
    return one is not None and not one.container and (action != "deny" or one.member)


def consent_of(
    district: str,
    tags: Mapping[str, str],
    given: Mapping[str, str],
    terms: Mapping[str, ConsentTerms],
    today: date,
) -> Consent:
    """Make a consent of the parts *given*: 34 CFR 99.30 wants records, purpose, party, signature and date.

    Purpose and party are those of the agreement, and the records what it releases now unless *given* names less.

    Raises:
        WrongPart: a part is missing or cannot be.
    """
    agreement = _known(given, "agreement", terms)
    about = terms[agreement]
    form = given.get("form", "") or about.form
    if not FORM_NAME.fullmatch(form):
        raise WrongPart("form", "the name of the form is missing, or too long")
    if about.form and form != about.form:
        raise WrongPart("form", f"the agreement asks for the form {about.form}")
    form_hash = given.get("formHash", "").lower()
    if not FORM_HASH.fullmatch(form_hash):
        raise WrongPart("formHash", "the hash of the form's text is missing, or is no SHA-256 in hex")
    signed = _day(given, "signed")
    if signed is None or signed > today:
        raise WrongPart("signed", "the day of the signature is missing, or is yet to come")
    begin, until = _day(given, "from") or signed, _day(given, "until")
    if until and until < begin:
        raise WrongPart("until", "it would end before it begins")
    return Consent(
        "", district, agreement, form, form_hash, tags, _known(given, "signer", SIGNER_ROLES),
        _known(given, "method", METHODS), signed, begin, until, _named(given, about),
    )  # fmt: skip


def check_purpose(one: Consent, signed_for: Collection[str], terms: Mapping[str, ConsentTerms]) -> None:
    """Refuse a consent whose text was *signed for* an agreement with another purpose, or for one that is gone.

    Raises:
        WrongPart: the text of the form states another purpose, which is the one that was consented to.
    """
    mine = terms[one.agreement].purpose
    for agreement in sorted(signed_for):
        if agreement != one.agreement and (agreement not in terms or terms[agreement].purpose != mine):
            told = f"this text was signed for {agreement}, which has another purpose: {mine} needs a form of its own"
            raise WrongPart("formHash", told)


def _named(given: Mapping[str, str], about: ConsentTerms) -> frozenset[str]:
    """Return the elements that a consent covers."""
    names = given.get("elements", "").split()
    if not names:
        if not any(action != DENY for action in about.elements.values()):
            raise WrongPart("agreement", "the agreement releases nothing")
        return AllReleased(named_with(name, action) for name, action in about.elements.items())
    lines = [_line(name, "elements") for name in names]
    covered = {name: action for name, action in about.elements.items() if any(line.covers(name) for line in lines)}
    for line in lines:
        if not any(line.covers(name) and action != DENY for name, action in covered.items()):
            raise WrongPart("elements", "the agreement does not release one of these")
    exact = {line.stem for line in lines} <= covered.keys()
    said = (named_with(name, action) for name, action in covered.items())
    return frozenset(said) if exact and len(covered) == len(lines) else Expanded(said)


def restriction_of(
    district: str, tags: Mapping[str, str], given: Mapping[str, str], recipients: Collection[str], today: date
) -> Restriction:
    """Make a restriction of the parts *given*; *recipients* are the organisations that the district's agreements name.

    Raises:
        WrongPart: a part is missing or cannot be.
    """
    kind = _known(given, "kind", RESTRICTION_KINDS)
    begin, until = _day(given, "from") or today, _day(given, "until")
    if until and until < begin:
        raise WrongPart("until", "it would end before it begins")
    named, hidden = tuple(given.get("recipient", "").split()), tuple(given.get("element", "").split())
    contact, substitute = given.get("contact", ""), substitute_of(given)
    _fits(kind, "recipient", there=bool(named), kinds=ONLY_OF["recipients"])
    _fits(kind, "element", there=bool(hidden), kinds=ONLY_OF["elements"])
    _fits(kind, "contact", there=bool(contact), kinds=ONLY_OF["contact"])
    _fits(kind, "street", there=bool(substitute), kinds=ONLY_OF["substitute"])
    if kind == "court-order" and not (contact or named):
        raise WrongPart("kind", "a court order hides a contact, or the student from a recipient: say which")
    for org in named:
        if recipients and org not in recipients:
            hint = suggestion(org, recipients)
            raise WrongPart("recipient", f"no agreement of {district} names this organisation{hint}")
    for path in hidden:
        _line(path, "element")
    return Restriction("", district, kind, tags, begin, until, named, hidden, contact, substitute)


def assignment_of(
    district: str,
    tags: Mapping[str, str],
    given: Mapping[str, str],
    terms: Mapping[str, ConsentTerms],
    people: Mapping[tuple[str, str], str],
    today: date,
    written_by: str,
) -> StaffAssignment:
    """Make an assignment of the parts *given*; *people* has the ids of who may have one, by organisation and mail.

    Raises:
        WrongPart: a part is missing or cannot be.
    """
    named = {name: one for name, one in terms.items() if one.assigned}
    agreement = _known(given, "agreement", named)
    org, mail = named[agreement].org, given.get("person", "").strip().lower()
    if (org, mail) not in people:
        raise WrongPart("person", f"{org} has nobody with this address who may have students assigned")
    begin, until = _day(given, "from") or today, _day(given, "until")
    if until and until < begin:
        raise WrongPart("until", "it would end before it begins")
    return StaffAssignment("", district, agreement, org, people[org, mail], tags, begin, until, written_by)


def substitute_of(given: Mapping[str, str]) -> dict[str, str]:
    """Return the substitute address among the parts *given*; empty where none of it is.

    Raises:
        WrongPart: a part of it is missing, too long, or no state.
    """
    found = {name: given[name] for name in ADDRESS if given.get(name)}
    for name in NEEDED_ADDRESS if found else ():
        if name not in found:
            raise WrongPart(name, "the substitute address lacks this")
    for name, text in found.items():
        if not FORM_NAME.fullmatch(text):
            raise WrongPart(name, "this is too long, or has characters that no address has")
    if found and found["state"] not in table("state").values:
        raise WrongPart("state", "this is no state: write two letters, such as WA")
    return found


def _fits(kind: str, part: str, *, there: bool, kinds: tuple[str, ...]) -> None:
    if there and kind not in kinds:
        raise WrongPart(part, f"only {' and '.join(kinds)} can have this")


def _line(path: str, part: str) -> elements.Line:
    line = elements.Line(path, "deny")
    if not elements.under(line):
        raise WrongPart(part, f"there is no such element{elements.guess(path)}")
    return line


def _known(given: Mapping[str, str], part: str, words: Iterable[Word]) -> Word:
    """Return the word that is *given* as a part, which must be one of some *words*."""
    known = {str(word): word for word in words}
    word = given.get(part, "")
    if word not in known:
        told = suggestion(word, known) if word else ""
        raise WrongPart(part, f"must be one of: {', '.join(sorted(known))}{told}" if known else "there is none")
    return known[word]


def _day(given: Mapping[str, str], part: str) -> date | None:
    text = given.get(part, "")
    if not text:
        return None
    try:
        day = date.fromisoformat(text) if len(text) == len("2026-09-01") else None
    except ValueError:
        day = None
    if day is None or day < FIRST_DAY:
        raise WrongPart(part, "write a date as 2026-09-01")
    return day
