"""The schedule of data in the categories that districts know, and the list of every element with its sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.documents.agreement_page import facts_table, notes, pairs, period, subtitle
from gateway.documents.blocks import DataTable, Heading, Paragraph, PrintedDocument
from gateway.documents.released import by_category, denied, released, told_by
from gateway.documents.words import message
from standards import schedule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.documents.blocks import Block
    from gateway.documents.released import ReleasedFact
    from gateway.documents.words import Wording
    from policies.agreement import Agreement
    from standards.schedule import ScheduleCategory

COLUMNS = (
    message("Category"), message("Element"), message("Sent"), message("Names of the facts in the agreement"),
)  # fmt: skip


def schedule_page(agreement: Agreement, words: Wording) -> PrintedDocument:
    """Write the schedule of data: every category with its elements, and which of them are sent."""
    facts = released(agreement)
    blocks = (*_about(agreement, words), Heading(words.say("Categories of data")), _rows(facts, words))
    title = words.say("Schedule of data")
    return PrintedDocument(words.language, title, subtitle(agreement, words), blocks, notes(agreement, words))


def elements_page(agreement: Agreement, words: Wording) -> PrintedDocument:
    """Write the list of elements: every fact with its sentence, by category and kind of record."""
    blocks: list[Block] = [*_about(agreement, words)]
    for name, some in by_category(released(agreement)):
        title = words.row(schedule.categories()[name].title)
        blocks.append(Heading(title))
        for about, facts in told_by(some, words):
            blocks.append(Heading(about.rstrip("."), 3))
            blocks.append(facts_table(words.say("Facts of the category %(category)s", category=title), facts, words))
    if excluded := denied(agreement):
        blocks.append(Heading(words.say("Excluded")))
        said = words.say("Excluded by name, whatever else is said: %(names)s.", names=words.both(excluded))
        blocks.append(Paragraph(said))
    title = words.say("List of data elements")
    return PrintedDocument(words.language, title, subtitle(agreement, words), tuple(blocks), notes(agreement, words))


def _about(agreement: Agreement, words: Wording) -> Iterator[Block]:
    yield Heading(words.say("Agreement"))
    rows = (
        (words.say("School district that provides the data"), agreement.district),
        (words.say("Recipient"), agreement.org),
        (words.say("Purpose"), words.quoted(agreement.purpose)),
        (words.say("Period"), period(agreement, words)),
    )
    yield pairs(words.say("What this document belongs to"), iter(rows), words)


def _rows(facts: tuple[ReleasedFact, ...], words: Wording) -> DataTable:
    columns = tuple(map(words.say, COLUMNS))
    rows = tuple(row for one in schedule.categories().values() for row in _category(one, facts, words))
    caption = words.say("Which elements of each category are sent")
    return DataTable(caption, columns, rows, frozenset({3}), (4, 5, 2, 6))


def _category(category: ScheduleCategory, facts: tuple[ReleasedFact, ...], words: Wording) -> Iterator[tuple[str, ...]]:
    own = [fact for fact in facts if fact.category == category.name]
    for row in category.elements.values():
        named = [fact.name for fact in own if _row_of(fact) == row.name]
        sent = words.say("yes") if named else words.say("no")
        yield words.row(category.title), words.row(row.title), sent, ", ".join(named)


def _row_of(fact: ReleasedFact) -> str:
    return schedule.element(fact.name).name
