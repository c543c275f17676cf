"""Tables of a summary that are alike: one row for each document of a resource."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.documents.blocks import DataTable
from gateway.documents.words import message
from gateway.one_line import one_line
from gateway.transfers.package.members import at, code, first, items, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gateway.transfers.package.summary.words import SummaryWording

    Fact = Mapping[str, Any]
    Facts = Mapping[str, Sequence[Fact]]
    Row = tuple[str, ...]


def plain(facts: Facts, words: SummaryWording) -> Iterator[tuple[str, DataTable]]:
    """Yield each table with the section that it belongs to; some have no rows."""
    course, begin, end = message("Course"), message("From"), message("To")
    kind, day, name = message("Kind"), message("Day"), message("Name")
    made = (
        ("schedule", message("Classes"), (course, message("Section"), begin, end), _classes(facts, words)),
        ("schedule", message("Grades in progress"), (course, message("Period"), message("Grade")), _grades(facts)),
        ("assessment", message("Tests"), (name, day, message("Score")), _tests(facts, words)),
        ("programs", message("Programs and periods"), (name, kind, begin, end), _programs(facts, words, PROGRAMS)),
        ("special-education", message("Placements"), (name, kind, begin, end), _programs(facts, words, PLACEMENTS)),
        ("health", message("Immunizations"), (kind, message("Days")), _immunizations(facts, words)),
        ("discipline", message("Incidents and actions"), (kind, day, message("Length")), _discipline(facts, words)),
        ("contacts", message("People to reach"),
         (name, message("Relation"), message("Telephone"), message("Address")), _contacts(facts)),
        ("graduation", message("Cohorts and plans"), (name, begin, end), _cohorts(facts, words)),
    )  # fmt: skip
    for section, caption, columns, rows in made:
        cells = tuple(tuple(one_line(cell) for cell in row) for row in rows)
        yield section, DataTable(words.say(caption), tuple(map(words.say, columns)), cells)


PROGRAMS = (
    "studentProgramAssociations", "studentLanguageInstructionProgramAssociations",
    "studentSection504ProgramAssociations", "studentMigrantEducationProgramAssociations",
    "studentHomelessProgramAssociations", "studentTitleIPartAProgramAssociations", "studentCTEProgramAssociations",
)  # fmt: skip
PLACEMENTS = ("studentSpecialEducationProgramAssociations",)


def school_of(one: Fact, facts: Facts) -> str:
    """Return the name of the school that a document refers to; its number where the name is not here."""
    number = text(one, "schoolReference.schoolId")
    named = (
        text(school, "nameOfInstitution") for school in facts.get("schools", ()) if text(school, "schoolId") == number
    )
    return one_line(next(named, "") or number)


def address(one: Fact) -> str:
    """Write an address in one line."""
    place = " ".join(filter(None, (code(one, "stateAbbreviationDescriptor"), text(one, "postalCode"))))
    parts = (*(text(one, name) for name in ("streetNumberName", "apartmentRoomSuiteNumber", "city")), place)
    return one_line(", ".join(filter(None, parts)))


def by_day(facts: Facts, resource: str, member: str) -> list[Fact]:
    """Return the documents of a resource by the day in a member, the oldest first."""
    return sorted(facts.get(resource, ()), key=lambda one: text(one, member))


def _classes(facts: Facts, words: SummaryWording) -> Iterator[Row]:
    for one in by_day(facts, "studentSectionAssociations", "beginDate"):
        section, begin, end = (
            text(one, path) for path in ("sectionReference.sectionIdentifier", "beginDate", "endDate")
        )
        yield _course_of(one, "sectionReference", facts), section, words.day(begin), words.day(end)


def _course_of(one: Fact, reference: str, facts: Facts) -> str:
    """Return the title of the course of a section: of the offering, of the course itself, or its code."""
    local, school = text(one, f"{reference}.localCourseCode"), text(one, f"{reference}.schoolId")
    for offering in facts.get("courseOfferings", ()):
        if (text(offering, "localCourseCode"), text(offering, "schoolReference.schoolId")) == (local, school):
            number = text(offering, "courseReference.courseCode")
            courses = (each for each in facts.get("courses", ()) if text(each, "courseCode") == number)
            titles = (text(each, "courseTitle") for each in courses)
            return first(offering, "localCourseTitle") or next(titles, "") or number
    return local


def _grades(facts: Facts) -> Iterator[Row]:
    for one in facts.get("grades", ()):
        period = text(one, "gradingPeriodReference.gradingPeriodName")
        period = period or code(one, "gradingPeriodReference.gradingPeriodDescriptor")
        when = f"{period} {text(one, 'gradingPeriodReference.schoolYear')}".strip()
        course = _course_of(one, "studentSectionAssociationReference", facts)
        yield course, when, first(one, "letterGradeEarned", "numericGradeEarned")


def _tests(facts: Facts, words: SummaryWording) -> Iterator[Row]:
    for one in by_day(facts, "studentAssessments", "administrationDate"):
        scores = [text(found, "result") for found in items(one, "scoreResults")]
        scores += [code(found, "performanceLevelDescriptor") for found in items(one, "performanceLevels")]
        named = text(one, "assessmentReference.assessmentIdentifier")
        yield named, words.day(at(one, "administrationDate")), ", ".join(filter(None, scores))


def _programs(facts: Facts, words: SummaryWording, resources: Sequence[str]) -> Iterator[Row]:
    for one in (found for name in resources for found in by_day(facts, name, "beginDate")):
        kind = code(one, "specialEducationSettingDescriptor") or code(one, "programReference.programTypeDescriptor")
        begin, end = words.day(at(one, "beginDate")), words.day(at(one, "endDate"))
        yield text(one, "programReference.programName"), kind, begin, end


def _immunizations(facts: Facts, words: SummaryWording) -> Iterator[Row]:
    for one in facts.get("studentHealths", ()):
        for given in items(one, "requiredImmunizations"):
            yield code(given, "immunizationTypeDescriptor"), _days(given, words)
        for given in items(one, "additionalImmunizations"):
            yield text(given, "immunizationName"), _days(given, words)


def _days(given: Fact, words: SummaryWording) -> str:
    return ", ".join(map(words.day, sorted(text(one, "immunizationDate") for one in items(given, "dates"))))


def _discipline(facts: Facts, words: SummaryWording) -> Iterator[Row]:
    for one in by_day(facts, "disciplineActions", "disciplineDate"):
        kinds = ", ".join(code(kind, "disciplineDescriptor") for kind in items(one, "disciplines"))
        yield kinds, words.day(at(one, "disciplineDate")), text(one, "actualDisciplineActionLength")
    for one in facts.get("studentDisciplineIncidentBehaviorAssociations", ()):
        weapons = [code(found, "weaponDescriptor") for found in items(one, "weapons")]
        yield ", ".join([code(one, "behaviorDescriptor"), *weapons]), "", ""


def _contacts(facts: Facts) -> Iterator[Row]:
    relations = {
        text(one, "contactReference.contactUniqueId"): code(one, "relationDescriptor")
        for one in facts.get("studentContactAssociations", ())
    }
    for one in facts.get("contacts", ()):
        telephones = ", ".join(text(found, "telephoneNumber") for found in items(one, "telephones"))
        places = "; ".join(map(address, items(one, "addresses")))
        name = f"{text(one, 'firstName')} {text(one, 'lastSurname')}".strip()
        yield name, relations.get(text(one, "contactUniqueId"), ""), telephones, places


def _cohorts(facts: Facts, words: SummaryWording) -> Iterator[Row]:
    for one in by_day(facts, "studentCohortAssociations", "beginDate"):
        begin, end = words.day(at(one, "beginDate")), words.day(at(one, "endDate"))
        yield text(one, "cohortReference.cohortIdentifier"), begin, end
    for one in facts.get("graduationPlans", ()):
        yield code(one, "graduationPlanTypeDescriptor"), "", text(one, "graduationSchoolYearTypeReference.schoolYear")
