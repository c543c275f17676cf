"""The consent form that 34 CFR 99.30 demands: which records, for which purpose, to whom, signed and dated."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from gateway.documents import population, terms
from gateway.documents.agreement_page import period
from gateway.documents.blocks import BulletList, Heading, Paragraph, PrintedDocument, SignatureLines
from gateway.documents.formats import text
from gateway.documents.released import NATIVE, by_category, content, released, told_by
from gateway.documents.words import message
from policies import elements
from standards import schedule
from standards.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.documents.blocks import Block
    from gateway.documents.released import ReleasedFact
    from gateway.documents.words import Wording
    from policies.agreement import Agreement

INSTITUTIONS = ("staff", "organization")
CHILD = (message("Name of the student"), message("School"))
SIGNERS = (
    message("Parent or legal guardian of the student"),
    message(
        "Eligible student: I am 18 years old or older, or attend an institution of postsecondary education and no high"
        " school"
    ),
)
SIGNED = (message("Name of the person who signs"), message("Signature"), message("Date"))


def consent_form(agreement: Agreement, words: Wording) -> PrintedDocument:
    """Write the consent form of an agreement; its notes name the text by its hash.

    Raises:
        NotFound: the agreement asks for no consent.
    """
    form = population.consent_form(content(agreement))
    if not form:
        raise NotFound(f"{agreement.id} asks for no consent: its population has no line consent with a form.")
    blocks = (
        *_who(agreement, words),
        *_records(agreement, words),
        *_rights(agreement, words),
        *_signatures(words),
    )
    title = words.say("Consent to the disclosure of education records")
    written = PrintedDocument(words.language, title, words.say("Form %(form)s", form=form), blocks)
    note = words.say("The text of this form has the SHA-256 %(digest)s.", digest=digest(written))
    return PrintedDocument(words.language, title, written.subtitle, blocks, (note,))


def digest(form: PrintedDocument) -> str:
    """Hash the text of a form: what the register of consents records as the version that was signed."""
    return hashlib.sha256(text.render(form)).hexdigest()


def _who(agreement: Agreement, words: Wording) -> Iterator[Block]:
    yield Paragraph(
        words.say(
            "The Family Educational Rights and Privacy Act (FERPA, 20 U.S.C. 1232g; 34 CFR Part 99) protects your"
            " child's education records. For what follows the school district needs your signed and dated written"
            " consent (34 CFR 99.30). If you are a student who is 18 years old or older, or who attends an institution"
            " of postsecondary education and no high school, the consent is yours to give, and “your child” means you."
        )
    )
    yield Heading(words.say("Who would receive the records, and what for"))
    parties = {"district": agreement.district, "recipient": agreement.org}
    kind = words.say(terms.KINDS[agreement.kind])
    yield Paragraph(
        words.say(
            "The school district %(district)s would disclose records to %(recipient)s (%(kind)s).", kind=kind, **parties
        )
    )
    purpose, interest = words.quoted(agreement.purpose), words.quoted(agreement.interest)
    yield Paragraph(words.say("Purpose: %(purpose)s. Interest: %(interest)s.", purpose=purpose, interest=interest))
    yield Paragraph(words.say("Period: %(period)s", period=period(agreement, words)))


def _records(agreement: Agreement, words: Wording) -> Iterator[Block]:
    yield Heading(words.say("Records that may be disclosed"))
    yield Paragraph(words.say("These facts about your child may be disclosed, and no others:"))
    own = tuple(fact for fact in released(agreement) if _of_a_family(fact))
    for name, some in by_category(own):
        yield Heading(words.row(schedule.categories()[name].title), 3)
        for about, facts in told_by(some, words):
            yield Paragraph(about)
            yield BulletList(tuple(dict.fromkeys(_told(fact, words) for fact in facts)))


def _of_a_family(fact: ReleasedFact) -> bool:
    """Tell whether a fact is about a student or a family, and not about a school or its staff alone."""
    if fact.name.startswith(NATIVE):
        return True
    return fact.about not in INSTITUTIONS and elements.personal(fact.about)


def _told(fact: ReleasedFact, words: Wording) -> str:
    said = fact.sentence(words)
    if fact.action == "allow" and not fact.windows:
        return said
    return words.say("%(fact)s Sent: %(sent)s.", fact=said, sent=fact.sent(words))


def _rights(agreement: Agreement, words: Wording) -> Iterator[Block]:
    yield Heading(words.say("Your rights"))
    written = content(agreement)
    yield BulletList((
        words.say("Signing is voluntary. The school's own services for your child do not depend on it."),
        words.say(
            "You may withdraw your consent at any time by writing to the school or to the school district. From then on"
            " nothing more is disclosed; what was disclosed before is not undone by it."
        ),
        words.say(
            "If you ask for it, the school district gives you, or your child, a copy of the records that were"
            " disclosed."
        ),
        words.say("You may ask the school district at any time who was sent records of your child, when and why."),
        words.say(
            "The consent of a parent ends when the student turns 18; from then on, and once the student has left high"
            " school for an institution of postsecondary education, only the student can give it."
        ),
        terms.redisclosure(written, words),
        *terms.retention(written, words),
    ))  # fmt: skip


def _signatures(words: Wording) -> Iterator[Block]:
    yield Heading(words.say("Consent"))
    yield Paragraph(
        words.say("I have read this form and consent to the disclosure of the records listed above, for this purpose.")
    )
    yield SignatureLines(words.say("Student"), tuple(map(words.say, CHILD)))
    yield Paragraph(words.say("I sign as (tick one):"))
    yield BulletList(tuple(map(words.say, SIGNERS)), boxes=True)
    yield SignatureLines(words.say("Signature of the parent or the eligible student"), tuple(map(words.say, SIGNED)))
