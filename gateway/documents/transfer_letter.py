"""The letter to parents of a student whose record is sent to another school district (34 CFR 99.34)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway.documents.blocks import BulletList, Heading, Paragraph, PrintedDocument, SignatureLines
from gateway.documents.transfers import SECTION_NAMES
from gateway.documents.words import message
from gateway.one_line import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.documents.blocks import Block
    from gateway.documents.words import Wording

SIGNED = (message("Name of the person who signs"), message("Signature"), message("Date"))


@dataclass(frozen=True, slots=True)
class LetterFacts:
    """What a letter says: whose record is sent, from which district to which, which sections, and whom to turn to.

    *day* is that of the letter.
    """

    student: str = field(repr=False)
    sender: str
    receiver: str
    sections: tuple[str, ...]
    day: str
    office: str = ""
    number: str = ""


def transfer_letter(facts: LetterFacts, words: Wording) -> PrintedDocument:
    """Write the letter."""
    title = words.say("Notice about your child's education records")
    day = words.date(facts.day)
    note = words.say("Transfer %(number)s", number=facts.number)
    return PrintedDocument(words.language, title, f"{facts.sender}, {day}", tuple(_blocks(facts, words)), (note,))


def _blocks(facts: LetterFacts, words: Wording) -> Iterator[Block]:
    student = one_line(facts.student)
    yield Paragraph(
        words.say(
            "To the parents or guardians of %(student)s, or to the student who is 18 years old or older:",
            student=student,
        )
    )
    yield Paragraph(
        words.say(
            "The school district %(sender)s sends education records of %(student)s to the school district %(receiver)s,"
            " in which the student enrolls or intends to enroll. The law allows this without your consent"
            " (34 CFR 99.31(a)(2)) and asks us to tell you of it (34 CFR 99.34(a)).",
            student=student, sender=facts.sender, receiver=facts.receiver,
        )
    )  # fmt: skip
    yield Heading(words.say("What is sent"))
    yield BulletList(tuple(words.say(SECTION_NAMES[one]) for one in facts.sections))
    yield Heading(words.say("What you can do"))
    yield BulletList((
        words.say("Ask us for a copy of what was sent: you receive it."),
        words.say("Ask for a hearing, if you hold that something in the records is wrong or misleading."),
    ))  # fmt: skip
    if facts.office:
        yield Paragraph(words.say("For both, turn to %(office)s.", office=one_line(facts.office)))
    yield SignatureLines(facts.sender, tuple(map(words.say, SIGNED)))
