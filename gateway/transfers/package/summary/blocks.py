"""The blocks of a summary: what a registrar looks for in a student's record, in that order."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from gateway.documents.blocks import BulletList, DataTable, Heading, Paragraph
from gateway.documents.words import message
from gateway.one_line import one_line
from gateway.transfers.package.codes import short
from gateway.transfers.package.summary import tables
from gateway.transfers.package.transcript import courses_of, title_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

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
        yield message("Family name"), one.get("lastSurname", "")
        yield message("Given names"), " ".join(filter(None, (one.get("firstName"), one.get("middleName"))))
        for name in one.get("otherNames", ()):
            yield message("Other name"), f"{name.get('firstName', '')} {name.get('lastSurname', '')}".strip()
        yield message("Date of birth"), words.day(one.get("birthDate"))
        yield message("Place of birth"), ", ".join(filter(None, (
            one.get("birthCity"), short(one.get("birthStateAbbreviationDescriptor")),
            short(one.get("birthCountryDescriptor")),
        )))  # fmt: skip
        yield message("Student id"), one["studentUniqueId"]
    for one in facts.get("studentEducationOrganizationAssociations", ()):
        for code in one.get("studentIdentificationCodes", ()):
            system = short(code.get("studentIdentificationSystemDescriptor"))
            yield message("Other id"), f"{code.get('identificationCode', '')} ({system})"
        yield message("Sex"), short(one.get("sexDescriptor"))
        yield (
            message("Languages"),
            ", ".join(short(each.get("languageDescriptor")) for each in one.get("languages", ())),
        )
        for place in one.get("addresses", ()):
            yield message("Address"), tables.address(place)


def _schools(facts: Facts, words: SummaryWording) -> Iterator[Block]:
    columns = tuple(map(words.say, (message("School"), message("Grade level"), message("Entered"), message("Left"),
                                    message("Reason"))))  # fmt: skip
    rows = tuple(
        (
            tables.school_of(one["schoolReference"], facts), short(one.get("entryGradeLevelDescriptor")),
            words.day(one["entryDate"]), words.day(one.get("exitWithdrawDate")),
            short(one.get("exitWithdrawTypeDescriptor")),
        )
        for one in sorted(facts.get("studentSchoolAssociations", ()), key=lambda one: str(one["entryDate"]))
    )  # fmt: skip
    yield from _table(
        SECTIONS["enrollment"], DataTable(words.say("Enrollments, the oldest first"), columns, rows), words
    )


def _transcript(manifest: Fact, facts: Facts, words: SummaryWording) -> Iterator[Block]:
    records = facts.get("studentAcademicRecords", ())
    years = sorted({one["schoolYearTypeReference"]["schoolYear"] for one in records})
    if not years:
        return
    yield Heading(words.say(SECTIONS["transcript"]))
    check: Fact = next((one.get("check", {}) for one in manifest["sections"] if one["name"] == "transcript"), {})
    if "creditsEarned" in check:
        yield Paragraph(words.say("Credits earned: %(credits)s", credits=check["creditsEarned"]))
    if "gpa" in check:
        yield Paragraph(words.say("Cumulative grade point average: %(average)s", average=check["gpa"]))
    columns = tuple(map(words.say, (message("Course"), message("Term"), message("Grade"), message("Credits"),
                                    message("Result"))))  # fmt: skip
    for year in years:
        own = [one for one in records if one["schoolYearTypeReference"]["schoolYear"] == year]
        rows = tuple(sorted(_course(record, one, facts) for record in own for one in courses_of(record, facts)))
        if rows:
            caption = words.say("School year %(first)s to %(last)s", first=int(year) - 1, last=year)
            yield DataTable(caption, columns, rows, widths=(4, 3, 2, 2, 2))


def _course(record: Fact, one: Fact, facts: Facts) -> tuple[str, ...]:
    grade = one.get("finalLetterGradeEarned", one.get("finalNumericGradeEarned", ""))
    return (
        _one(title_of(one, facts)), short(record["termDescriptor"]), _one(grade), str(one.get("earnedCredits", "")),
        short(one["courseAttemptResultDescriptor"]),
    )  # fmt: skip


def _attendance(facts: Facts, words: SummaryWording) -> Iterator[Block]:
    """Yield the totals of attendance events, by school year and kind."""
    counted = Counter(
        (str(one["sessionReference"]["schoolYear"]), short(one["attendanceEventCategoryDescriptor"]))
        for one in facts.get("studentSchoolAttendanceEvents", ())
    )
    columns = tuple(map(words.say, (message("School year"), message("Kind"), message("Events"))))
    rows = tuple((year, kind, str(count)) for (year, kind), count in sorted(counted.items()))
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


def _one(value: Any) -> str:
    return one_line(str(value))
