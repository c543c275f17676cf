"""The agreement as parties sign it: who, why, about whom, which facts, for how long, and on which terms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.documents import population, terms, transfers
from gateway.documents.blocks import BulletList, DataTable, Heading, Paragraph, PrintedDocument, SignatureLines
from gateway.documents.released import by_category, content, denied, released
from gateway.documents.words import message
from gateway.one_line import one_line
from standards import schedule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gateway.documents.blocks import Block
    from gateway.documents.released import ReleasedFact
    from gateway.documents.words import Wording
    from policies.agreement import Agreement

SAID = frozenset({
    "id", "version", "parties", "basis", "validity", "clients", "operations", "population", "elements", "directory",
    "redisclosure", "retention", "obligations", "limits", "approvals", "offer", "adopts", "transfer",
})  # fmt: skip
"""The keys of an agreement that this document tells; a test compares them with the schema."""
LEFT_OUT = frozenset({"apiVersion", "tests"})
"""The keys that only programs need."""
SIGNED = (message("Name"), message("Title"), message("Signature"), message("Date"))


def agreement_page(agreement: Agreement, words: Wording) -> PrintedDocument:
    """Write the agreement that both parties sign."""
    written = content(agreement)
    blocks = (
        *_parties(agreement, written, words),
        *_basis(agreement, written, words),
        *(_moving(words) if agreement.transfer else _people(written, words)),
        *_facts(released(agreement), denied(agreement), words),
        *(transfers.sections(agreement.transfer, words) if agreement.transfer else ()),
        *_access(agreement, words),
        *_duties(written, words),
        *_offer(written, words),
        *_approvals(agreement, words),
    )
    return PrintedDocument(
        words.language, words.say("Data sharing agreement"), subtitle(agreement, words), blocks, notes(agreement, words)
    )


def subtitle(agreement: Agreement, words: Wording) -> str:
    """Name the agreement and its version."""
    return words.say("%(id)s, version %(version)s", id=agreement.id, version=agreement.version)


def notes(agreement: Agreement, words: Wording) -> tuple[str, ...]:
    """Name the text that a document was written from by its hash."""
    return (words.say("Written from the agreement whose text has the SHA-256 %(digest)s.", digest=agreement.digest),)


def pairs(caption: str, rows: Iterator[tuple[str, str]], words: Wording) -> DataTable:
    """Make the table of what is agreed on each subject."""
    columns = (words.say("Subject"), words.say("What is agreed"))
    return DataTable(caption, columns, tuple((name, said) for name, said in rows if said), widths=(1, 2))


def period(agreement: Agreement, words: Wording) -> str:
    """Say from when to when an agreement is valid."""
    return words.say(
        "From %(begin)s to %(end)s, both days included, in the time zone %(zone)s.",
        begin=words.date(agreement.begin.isoformat()), end=words.date(agreement.end.isoformat()),
        zone=agreement.timezone.key,
    )  # fmt: skip


def _parties(agreement: Agreement, written: Mapping[str, Any], words: Wording) -> Iterator[Block]:
    parties = written["parties"]
    yield Heading(words.say("Parties"))
    rows = (
        (words.say("School district that provides the data"), agreement.district),
        (words.say("Its number at the National Center for Education Statistics"), parties["provider"].get("nces", "")),
        (words.say("Recipient"), agreement.org),
        (words.say("Kind of recipient"), words.say(terms.KINDS[agreement.kind])),
        (words.say("Subcontractors of the recipient"), words.both(map(words.quoted, parties.get("subprocessors", ())))),
    )
    yield pairs(words.say("Who shares data with whom"), iter(rows), words)


def _basis(agreement: Agreement, written: Mapping[str, Any], words: Wording) -> Iterator[Block]:
    yield Heading(words.say("Purpose and legal basis"))
    rows = (
        (words.say("Purpose"), words.quoted(agreement.purpose)),
        (words.say("Legitimate interest of the recipient"), words.quoted(agreement.interest)),
        (words.say("Legal basis under FERPA"), " ".join(terms.bases(agreement.ferpa, words))),
        (words.say("Basis in state law"), words.both(map(words.quoted, written["basis"].get("state", ())))),
        (words.say("Period"), period(agreement, words)),
    )
    yield pairs(words.say("Why data are shared, and how long"), iter(rows), words)


def _people(written: Mapping[str, Any], words: Wording) -> Iterator[Block]:
    yield Heading(words.say("Students"))
    yield from listed(population.sentences(written, words))
    for said in terms.directory(written, words):
        yield Paragraph(said)
    yield Paragraph(
        words.say(
            "What is missing in the school district's records counts as outside, and whatever belongs to a student who"
            " is outside is not sent either."
        )
    )


def _moving(words: Wording) -> Iterator[Block]:
    yield Heading(words.say("Students"))
    yield Paragraph(words.say("The one student who enrolls at the recipient, and whose record it asks for."))


def listed(sentences: Iterator[str]) -> Iterator[Block]:
    """Yield the first sentence as a paragraph and the others as a list below it."""
    first, *others = sentences
    yield Paragraph(first)
    if others:
        yield BulletList(tuple(others))


def _facts(facts: tuple[ReleasedFact, ...], excluded: tuple[str, ...], words: Wording) -> Iterator[Block]:
    yield Heading(words.say("Data"))
    yield Paragraph(words.say("Only what these tables list is sent, and nothing else."))
    for category, some in by_category(facts):
        title = words.row(schedule.categories()[category].title)
        yield Heading(title, 3)
        yield facts_table(words.say("Facts of the category %(category)s", category=title), some, words)
    if excluded:
        yield Paragraph(words.say("Excluded by name, whatever else is said: %(names)s.", names=words.both(excluded)))


def facts_table(caption: str, facts: tuple[ReleasedFact, ...], words: Wording) -> DataTable:
    """Make the table of facts with their sentences and what is sent of each."""
    rows = tuple((fact.sentence(words), fact.sent(words), fact.name) for fact in facts)
    columns = (words.say("Fact"), words.say("What is sent"), words.say("Name in the agreement"))
    return DataTable(caption, columns, rows, frozenset({2}), (5, 3, 4))


def _access(agreement: Agreement, words: Wording) -> Iterator[Block]:
    yield Heading(words.say("Access"))
    yield Paragraph(words.say("The recipient's programs may:"))
    yield BulletList(terms.operations(agreement.operations, words))
    yield Paragraph(words.say("They sign in as these clients: %(clients)s.", clients=words.both(agreement.clients)))


def _duties(written: Mapping[str, Any], words: Wording) -> Iterator[Block]:
    yield Heading(words.say("Duties of the recipient"))
    rows = (
        (words.say("Passing data on"), terms.redisclosure(written, words)),
        (words.say("Deletion"), " ".join(terms.retention(written, words))),
    )
    yield pairs(words.say("What becomes of the data"), iter(rows), words)
    if bound := tuple(terms.conditions(written, words)):
        yield Paragraph(words.say("Federal law binds the recipient:"))
        yield BulletList(bound)
    if duties := tuple(terms.obligations(written, words)):
        yield Paragraph(words.say("The recipient undertakes to:"))
        yield BulletList(duties)
    if bounds := tuple(terms.limits(written, words)):
        yield Paragraph(words.say("The gateway keeps these limits:"))
        yield BulletList(bounds)


def _offer(written: Mapping[str, Any], words: Wording) -> Iterator[Block]:
    """Say that other districts may take the terms over, or from which offer they were taken."""
    if offer := written.get("offer"):
        yield Heading(words.say("General offer"))
        yield Paragraph(
            words.say(
                "The recipient offers the same terms to every other school district that signs by %(day)s.",
                day=words.date(offer["until"]),
            )
        )
    if adopted := written.get("adopts"):
        yield Heading(words.say("General offer"))
        yield Paragraph(
            words.say(
                "The terms are those of the offer %(offer)s, version %(version)s, whose text has the SHA-256"
                " %(digest)s.",
                offer=adopted["offer"], version=adopted["version"], digest=adopted["text"],
            )
        )  # fmt: skip


def _approvals(agreement: Agreement, words: Wording) -> Iterator[Block]:
    yield Heading(words.say("Approval"))
    given = agreement.terms.get("approvals", ())
    if given:
        signed, not_signed = words.say("with a digital signature"), words.say("without a digital signature")
        rows = tuple(
            (one_line(one["by"]), one_line(one.get("at", "")), signed if "sig" in one else not_signed) for one in given
        )
        columns = (words.say("By"), words.say("On"), words.say("How"))
        yield DataTable(words.say("Approvals in the agreement's file"), columns, rows)
    labels = tuple(map(words.say, SIGNED))
    yield SignatureLines(words.say("For the school district %(district)s", district=agreement.district), labels)
    yield SignatureLines(words.say("For the recipient %(recipient)s", recipient=agreement.org), labels)
