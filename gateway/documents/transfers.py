"""The transfer of a student's record in sentences: what leaves by rule and when, how parents know, which keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.documents.blocks import DataTable, Heading, Paragraph
from gateway.documents.words import message
from policies.transfers.terms import CONDITIONS, FULL, INFO, SECTIONS, TRACKS, SectionDecision, by_rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.documents.blocks import Block
    from gateway.documents.words import Wording
    from policies.transfers.terms import TransferTerms

SECTION_NAMES = {
    "identity": message("Identity, languages and earlier names"),
    "contacts": message("Parents and other contacts, and all addresses"),
    "enrollment": message("Enrollment history"),
    "schedule": message("Schedule and grades in progress"),
    "transcript": message("Courses completed, credits and grade point averages"),
    "attendance": message("Attendance"),
    "assessment": message("Assessments and their results"),
    "programs": message("Programs in which the student takes part"),
    "special-education": message("Special education"),
    "health": message("Immunizations and health"),
    "discipline": message("Discipline"),
    "graduation": message("Graduation plan and cohort"),
    "restrictions": message("Restrictions that the receiving registrar keeps"),
    "documents": message("Documents"),
}
TRACK_NAMES = {INFO: message("Information due at once"), FULL: message("Whole record")}
DECISIONS = {
    SectionDecision.RULE: message("by rule"),
    SectionDecision.ASK: message("as a person decides"),
    SectionDecision.NEVER: message("not sent"),
}
CONDITION_NAMES = {
    "stateId exact": message("the state's number of the student is equal in both school districts"),
    "birthDate exact": message("the birth date is equal in both school districts"),
    "noRestriction": message("no restriction is entered for the student"),
    "noHold": message("nothing holds the record back"),
}
NOTICES = {
    "annual-notice": message(
        "The school district's annual notice tells parents that it sends records to the school districts in which"
        " students enroll (34 CFR 99.34(a)(1)(ii))."
    ),
    "letter": message("The school district writes to the parents, or to the eligible student (34 CFR 99.34(a)(1))."),
    "begun-by-parent": message(
        "Only what the parents, or the eligible student, have begun themselves is sent (34 CFR 99.34(a)(1)(i))."
    ),
}


def sections(agreed: TransferTerms, words: Wording) -> Iterator[Block]:
    """Yield what becomes of each section of the record, on each track."""
    yield Heading(words.say("Transfer of records"))
    yield Paragraph(
        words.say("What is listed under Data leaves in these sections, sealed for the recipient and in no other way.")
    )
    columns = (words.say("Section of the record"), *(words.say(TRACK_NAMES[track]) for track in TRACKS))
    rows = tuple(
        (words.say(SECTION_NAMES[one]), *(words.say(DECISIONS[agreed.decision(track, one)]) for track in TRACKS))
        for one in SECTIONS
    )
    yield DataTable(words.say("How each section is released"), columns, rows, widths=(2, 1, 1))
    yield from map(Paragraph, terms(agreed, words))


def terms(agreed: TransferTerms, words: Wording) -> Iterator[str]:
    """Yield the conditions of the rule, who confirms, how parents know, and the keys of both parties."""
    if agreed.rule is not None and any(by_rule(agreed, track) for track in TRACKS):
        conditions = words.both(words.say(CONDITION_NAMES[one]) for one in CONDITIONS if one in agreed.rule.conditions)
        yield words.say("By rule it leaves only where %(conditions)s.", conditions=conditions)
    else:
        yield words.say("A person of the school district decides on every release.")
    if agreed.two_persons:
        yield words.say("A second person of the school district confirms what the first releases.")
    yield words.say(NOTICES[agreed.notify])
    if agreed.office:
        yield words.say(
            "For a copy of what was sent, and for a hearing, they turn to %(office)s.",
            office=words.quoted(agreed.office),
        )
    yield words.say(
        "The record is sealed to the recipient's key with the thumbprint %(keys)s.",
        keys=words.either(agreed.receiver_keys),
    )
    yield words.say(
        "It is signed by the school district's key with the thumbprint %(keys)s.", keys=words.either(agreed.sender_keys)
    )
