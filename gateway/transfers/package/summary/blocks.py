"""The blocks of a summary: what a registrar looks for in a student's record, in that order."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from gateway.documents.blocks import BulletList, DataTable, Heading, Paragraph
from gateway.documents.words import message
from gateway.one_line import one_line
from gateway.transfers.package.members import at, code, first, items, text
from gateway.transfers.package.summary import tables
from gateway.transfers.package.totals import YEAR, age
from gateway.transfers.package.transcript import courses_of, title_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from gateway.documents.blocks import Block
    from gateway.transfers.package.header import PackageHeader
    from gateway.transfers.package.summary.words import SummaryWording

    Fact = Mapping[str, Any]
    Facts = Mapping[str, Sequence[Fact]]

SECTIONS: Final = {
    "identity": message("Identity"), "contacts": message("Contacts"), "enrollment": message("Schools attended"),
    "schedule": message("Schedule and grades in progress"), "transcript": message("Transcript"),
    "attendance": message("Attendance"), "assessment": message("Assessments"), "programs": message("Programs"),
    "special-education": message("Special education"), "health": message("Health and immunizations"),
    "discipline": message("Discipline"), "graduation": message("Graduation plan"),
    "restrictions": message("Notes for the registrar"), "documents": message("Documents"),
}  # fmt: skip
STATES: Final = {
    "none": message("%(section)s: nothing was sent."),
    "withheld": message("%(section)s: withheld by the sending district."),
    "unchanged": message("%(section)s: as in the version before."),
    "not-in-source": message("%(section)s: not kept in the system that this record comes from."),
}


def blocks_of(header: PackageHeader, manifest: Fact, facts: Facts, words: SummaryWording) -> Iterator[Block]:
    """Yield all blocks of a summary; a section without anything to show has none."""
    yield Paragraph(
        words.say(
            "Sent by %(sender)s to %(receiver)s.",
            sender=one_line(header.sender.name or header.sender.district),
            receiver=one_line(header.receiver.name or header.receiver.district),
        )
    )
    yield from _identity(facts, words)
    yield from _schools(facts, words)
    for section, made in tables.plain(facts, words):
        yield from _table(SECTIONS[section], made, words) if section in BEFORE_TRANSCRIPT else ()
    yield from _transcript(manifest, facts, words)
    yield from _attendance(facts, words)
    for section, made in tables.plain(facts, words):
        yield from _table(SECTIONS[section], made, words) if section not in BEFORE_TRANSCRIPT else ()
    yield from _absent(header, manifest, words)


BEFORE_TRANSCRIPT: Final = frozenset({"schedule"})


def _table(title: str, table: DataTable, words: SummaryWording) -> Iterator[Block]:
    if table.rows:
        yield Heading(words.say(title))
        yield table


def _identity(facts: Facts, words: SummaryWording) -> Iterator[Block]:
    rows = [(words.say(title), _one(value)) for title, value in _identifying(facts, words) if value]
    if rows:
        yield Heading(words.say(SECTIONS["identity"]))
        yield DataTable(words.say("The student"), (words.say("Fact"), words.say("Value")), tuple(rows), widths=(1, 2))


def _identifying(facts: Facts, words: SummaryWording) -> Iterator[tuple[str, str]]:
    for one in facts.get("students", ()):
        yield message("Family name"), text(one, "lastSurname")
        yield message("Given names"), _joined(" ", text(one, "firstName"), text(one, "middleName"))
        for name in items(one, "otherNames"):
            yield message("Other name"), _joined(" ", text(name, "firstName"), text(name, "lastSurname"))
        yield message("Date of birth"), words.day(at(one, "birthDate"))
        born = (code(one, "birthStateAbbreviationDescriptor"), code(one, "birthCountryDescriptor"))
        yield message("Place of birth"), _joined(", ", text(one, "birthCity"), *born)
        yield message("Student id"), text(one, "studentUniqueId")
    for one in facts.get("studentEducationOrganizationAssociations", ()):
        for known in items(one, "studentIdentificationCodes"):
            system = code(known, "studentIdentificationSystemDescriptor")
            yield message("Other id"), f"{text(known, 'identificationCode')} ({system})"
        yield message("Sex"), code(one, "sexDescriptor")
        yield (
            message("Languages"),
            _joined(", ", *(code(each, "languageDescriptor") for each in items(one, "languages"))),
        )
        for place in items(one, "addresses"):
            yield message("Address"), tables.address(place)


def _joined(between: str, *parts: str) -> str:
    return between.join(filter(None, parts))


def _schools(facts: Facts, words: SummaryWording) -> Iterator[Block]:
    columns = tuple(map(words.say, (message("School"), message("Grade level"), message("Entered"), message("Left"),
                                    message("Reason"))))  # fmt: skip
    rows = (
        (
            tables.school_of(one, facts), code(one, "entryGradeLevelDescriptor"), words.day(at(one, "entryDate")),
            words.day(at(one, "exitWithdrawDate")), code(one, "exitWithdrawTypeDescriptor"),
        )
        for one in tables.by_day(facts, "studentSchoolAssociations", "entryDate")
    )  # fmt: skip
    table = DataTable(words.say("Enrollments, the oldest first"), columns, _lines(rows))
    yield from _table(SECTIONS["enrollment"], table, words)


def _transcript(manifest: Fact, facts: Facts, words: SummaryWording) -> Iterator[Block]:
    records = sorted(facts.get("studentAcademicRecords", ()), key=age)
    if not records:
        return
    yield Heading(words.say(SECTIONS["transcript"]))
    check: Fact = next((one.get("check", {}) for one in manifest["sections"] if one["name"] == "transcript"), {})
    if "creditsEarned" in check:
        yield Paragraph(words.say("Credits earned: %(credits)s", credits=check["creditsEarned"]))
    if "gpa" in check:
        yield Paragraph(words.say("Cumulative grade point average: %(average)s", average=check["gpa"]))
    columns = tuple(map(words.say, (message("Course"), message("Term"), message("Grade"), message("Credits"),
                                    message("Result"))))  # fmt: skip
    for year in dict.fromkeys(at(one, YEAR) for one in records):
        own = [one for one in records if at(one, YEAR) == year]
        rows = _lines(_course(record, one, facts) for record in own for one in courses_of(record, facts))
        if rows:
            last = int(year or 0)
            caption = words.say("School year %(first)s to %(last)s", first=last - 1, last=last)
            yield DataTable(caption, columns, rows, widths=(4, 3, 2, 2, 2))


def _course(record: Fact, one: Fact, facts: Facts) -> tuple[str, ...]:
    return (
        title_of(one, facts), code(record, "termDescriptor"),
        first(one, "finalLetterGradeEarned", "finalNumericGradeEarned"), text(one, "earnedCredits"),
        code(one, "courseAttemptResultDescriptor"),
    )  # fmt: skip


def _attendance(facts: Facts, words: SummaryWording) -> Iterator[Block]:
    """Yield the totals of attendance events, by school year and kind."""
    counted = Counter(
        (text(one, "sessionReference.schoolYear"), code(one, "attendanceEventCategoryDescriptor"))
        for one in facts.get("studentSchoolAttendanceEvents", ())
    )
    columns = tuple(map(words.say, (message("School year"), message("Kind"), message("Events"))))
    rows = _lines((year, kind, str(count)) for (year, kind), count in sorted(counted.items()))
    yield from _table(SECTIONS["attendance"], DataTable(words.say("Events on record"), columns, rows), words)


def _absent(header: PackageHeader, manifest: Fact, words: SummaryWording) -> Iterator[Block]:
    """Yield what is not in the package, and whom to ask for it."""
    absent = tuple(
        words.say(STATES[one["state"]], section=words.say(SECTIONS[one["name"]]))
        for one in manifest["sections"]
        if one["state"] in STATES
    )
    if absent:
        yield Heading(words.say("What is not in this package"))
        yield BulletList(absent)
    office = [_one(one) for one in (header.sender.name, header.sender.telephone, header.sender.mail) if one]
    if office:
        yield Paragraph(words.say("For what is not here, ask the registrar: %(office)s.", office=", ".join(office)))


def _lines(rows: Iterable[tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(map(_one, row)) for row in rows)


def _one(value: Any) -> str:
    return one_line(str(value))
