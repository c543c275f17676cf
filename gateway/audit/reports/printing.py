"""The report about a child in words: as text, or as a document for paper, in the languages of translations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from babel.dates import format_date, format_datetime

from gateway.audit.reports.facts import KIND, in_words
from gateway.documents.blocks import BulletList, DataTable, Heading, Paragraph, PrintedDocument
from gateway.one_line import one_line
from gateway.translations.catalogues import translator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date, datetime

    from gateway.audit.reports.child import ChildReport, Disclosures
    from gateway.audit.reports.law import Duty
    from gateway.documents.blocks import Block

DONE: Final = {
    "read": "was shown",
    "bulk": "was given in files",
    "create": "created",
    "update": "changed",
    "delete": "deleted",
    "transfer": "was sent the whole record, or parts of it, since the student moves there",
}
"""What a party did, by the operation of its events."""
OTHER: Final = "did something else with"
KINDS: Final = {
    "district": "school district",
    "cbo": "community organization",
    "vendor": "company",
    "sea": "state education agency",
    "researcher": "researcher",
}
"""The kinds of recipients."""
MAX_EVENTS_TOLD: Final = 10
TIMES: Final = {"en": "HH:mm z", "es": "HH:mm (zzzz)"}
"""How the hour is written with its time zone, for which Spanish has no short names."""


@dataclass(frozen=True, slots=True)
class Party:
    """One row of the report in words."""

    title: str
    done: str
    lines: tuple[tuple[str, str], ...]
    facts: tuple[str, ...]
    duties: tuple[str, ...]


class Print:
    """A report in one *language*; for the *custodian* with the acts about the child, *numbered* with those of events.

    Events are numbered for all districts together, so that the numbers are for the operator, who reads events by them.

    The paper for a parent leaves out the rows that a court may have ordered to keep secret.
    """

    def __init__(self, report: ChildReport, language: str, *, custodian: bool = False, numbered: bool = False) -> None:
        self.report, self.language, self.custodian, self.numbered = report, language, custodian, numbered
        self.say: Callable[[str], str] = translator(KIND, language)
        self.rows = tuple(one for one in report.rows if custodian or not one.duty.secret)

    def text(self) -> str:
        """Return the report as text."""
        return "\n".join(map(one_line, self._text_lines()))

    def document(self) -> PrintedDocument:
        """Return the report as a document, to be written as HTML or PDF."""
        return PrintedDocument(self.language, self.title, self.report.district, tuple(self._blocks()))

    @property
    def title(self) -> str:
        """What the report is."""
        return self.say("Record of disclosures of a child's education record")

    def heading(self) -> tuple[tuple[str, str], ...]:
        """Return what stands above the rows, as pairs of a label and a text."""
        say, report = self.say, self.report
        begin = self.day(report.begin) if report.begin else say("the beginning of the record")
        end = self.day(report.end) if report.end else say("today")
        return (
            (say("School district"), report.district),
            (say("Made on"), self.moment(report.made)),
            (say("Period"), say("from {begin} to {end}").format(begin=begin, end=end)),
        )

    def parties(self) -> tuple[Party, ...]:
        """Return every row in words."""
        return tuple(map(self._party, self.rows))

    def acts(self) -> list[str]:
        """Return the acts about the child, which a parent's paper does not have."""
        if not self.custodian:
            return []
        return [
            f"{one.get('at', '')}  {one.get('action', '')}, {one.get('actor', '')}: {one.get('reason') or '-'}"
            for one in self.report.acts
        ]

    def day(self, day: date) -> str:
        """Write a day as the language does."""
        return str(format_date(day, "long", locale=self.language))

    def moment(self, moment: datetime) -> str:
        """Write a moment as the language does, with the time zone."""
        time = format_datetime(moment, TIMES[self.language], tzinfo=moment.tzinfo, locale=self.language)
        return f"{self.day(moment.date())}, {time}"

    def _party(self, row: Disclosures) -> Party:
        say = self.say
        kinds = list(dict.fromkeys(say(KINDS[one.kind]) for one in row.terms if one.kind in KINDS))
        title = row.org or row.client
        return Party(
            f"{title} ({', '.join(kinds)})" if kinds else title,
            say(DONE.get(row.operation, OTHER)),
            tuple(self._lines(row)),
            tuple(in_words(row.facts, self.language)) if row.known else (say("not on record"),),
            tuple(self.duties(row.duty)),
        )

    def _lines(self, row: Disclosures) -> Iterator[tuple[str, str]]:
        say = self.say
        yield say("Program"), row.client
        if row.times == 1:
            yield say("When"), say("once, on {first}").format(first=self.moment(row.first))
        else:
            told = say("{times} times, first on {first}, last on {last}")
            yield say("When"), told.format(times=row.times, first=self.moment(row.first), last=self.moment(row.last))
        yield say("Purpose"), row.purpose or say("not on record")
        for interest in dict.fromkeys(one.interest for one in row.terms):
            yield say("Legitimate interest"), interest
        yield say("Allowed by"), f"34 CFR {row.basis}" if row.basis else say("not on record")
        if row.terms:
            yield say("Agreement"), ", ".join(one.agreement for one in row.terms)
        if further := dict.fromkeys(name for one in row.terms for name in one.further):
            yield say("May pass it on to"), "; ".join(further)
        if self.numbered:
            rest = f" … ({row.times})" if row.times > MAX_EVENTS_TOLD else ""
            yield say("Events"), ", ".join(map(str, row.events[:MAX_EVENTS_TOLD])) + rest

    def duties(self, duty: Duty) -> Iterator[str]:
        """Say what the law asks of a row."""
        say = self.say
        if duty.demanded:
            yield say("The law demands this row: 34 CFR 99.32(a).")
        for section, reason in zip(duty.sections, duty.reasons, strict=True):
            told = say("The law does not demand this row ({section}): the disclosure was made to {reason}.")
            yield told.format(section=section, reason=say(reason))
        if duty.special_education:
            yield say("It has facts that may be of special education, for which 34 CFR 300.614 demands a record.")
        if duty.secret:
            yield say("The paper for a parent leaves this row out: an order may forbid telling anybody of it.")

    def _blocks(self) -> Iterator[Block]:
        say = self.say
        yield self._table(say("About this record"), self.heading())
        yield Paragraph(self.opening())
        for number, one in enumerate(self.parties(), start=1):
            yield Heading(f"{number}. {one.title} {one.done}")
            yield self._table(say("Who, when, why"), one.lines)
            yield Heading(say("Facts about the child"), 3)
            yield BulletList(one.facts or (say("none"),))
            yield from map(Paragraph, one.duties)
        yield Paragraph(self.ending())
        if acts := self.acts():
            yield Heading(say("Acts about the child (for the custodian alone)"))
            yield BulletList(tuple(acts))

    def _table(self, caption: str, rows: tuple[tuple[str, str], ...]) -> DataTable:
        return DataTable(caption, (self.say("Subject"), self.say("What is on record")), rows, widths=(1, 3))

    def _text_lines(self) -> Iterator[str]:
        say = self.say
        yield self.title
        yield ""
        yield from (f"{label}: {text}" for label, text in self.heading())
        yield ""
        yield self.opening()
        for number, one in enumerate(self.parties(), start=1):
            yield ""
            yield f"{number}. {one.title} {one.done}"
            yield from (f"   {label}: {text}" for label, text in one.lines)
            yield f"   {say('Facts about the child')}:"
            yield from (f"     - {fact}" for fact in one.facts or (say("none"),))
            yield from (f"   {told}" for told in one.duties)
        yield ""
        yield self.ending()
        if self.acts():
            yield ""
            yield say("Acts about the child (for the custodian alone)")
            yield from (f"  {one}" for one in self.acts())

    def opening(self) -> str:
        """Say what the rows are."""
        return self.say(
            "These parties saw or changed something of it. Each row was written down before anything was sent."
        )

    def ending(self) -> str:
        """Say how many rows there are."""
        rows = len(self.rows)
        if not rows:
            return self.say("Nothing is on record for this id. Check that it is spelt as the district's system has it.")
        return self.say("Rows: {rows}. Disclosures on record: {times}.").format(
            rows=rows, times=sum(one.times for one in self.rows)
        )
