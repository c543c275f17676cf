"""Tables of a summary that are alike: one row for each document of a resource."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.documents.blocks import DataTable
from gateway.documents.words import message
from gateway.one_line import one_line
from gateway.transfers.package.codes import short

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


def school_of(reference: Fact, facts: Facts) -> str:
    """Return the name of the school in a reference; its number where the name is not here."""
    number = reference["schoolId"]
    named = (one["nameOfInstitution"] for one in facts.get("schools", ()) if one["schoolId"] == number)
    return one_line(str(next(named, number)))


def _by_day(facts: Facts, resource: str, member: str) -> list[Fact]:
    """Return the documents of a resource by the day in a member, the oldest first."""
    return sorted(facts.get(resource, ()), key=lambda one: str(one.get(member, "")))


def address(one: Fact) -> str:
    """Write an address in one line."""
    place = (short(one.get("stateAbbreviationDescriptor")), one.get("postalCode", ""))
    parts = (one.get("streetNumberName", ""), one.get("apartmentRoomSuiteNumber", ""), one.get("city", ""),
             " ".join(filter(None, place)))  # fmt: skip
    return one_line(", ".join(filter(None, parts)))


def _classes(facts: Facts, words: SummaryWording) -> Iterator[Row]:
    for one in _by_day(facts, "studentSectionAssociations", "beginDate"):
        reference = one["sectionReference"]
        begin, end = words.day(one["beginDate"]), words.day(one.get("endDate"))
        yield _course_of(reference, facts), str(reference["sectionIdentifier"]), begin, end


def _course_of(reference: Fact, facts: Facts) -> str:
    """Return the title of the course of a section: of the offering, of the course itself, or its code."""
    key = {name: reference[name] for name in ("localCourseCode", "schoolId")}
    for one in facts.get("courseOfferings", ()):
        if {"localCourseCode": one["localCourseCode"], "schoolId": one["schoolReference"]["schoolId"]} == key:
            own, code = one.get("localCourseTitle"), one["courseReference"]["courseCode"]
            titles = (course["courseTitle"] for course in facts.get("courses", ()) if course["courseCode"] == code)
            return str(own or next(titles, code))
    return str(key["localCourseCode"])


def _grades(facts: Facts) -> Iterator[Row]:
    for one in facts.get("grades", ()):
        section, period = one["studentSectionAssociationReference"], one["gradingPeriodReference"]
        grade = one.get("letterGradeEarned", one.get("numericGradeEarned", ""))
        when = f"{period.get('gradingPeriodName') or short(period.get('gradingPeriodDescriptor'))}"
        yield _course_of(section, facts), f"{when} {period['schoolYear']}", str(grade)


def _tests(facts: Facts, words: SummaryWording) -> Iterator[Row]:
    for one in _by_day(facts, "studentAssessments", "administrationDate"):
        scores = [str(found["result"]) for found in one.get("scoreResults", ())]
        scores += [short(found.get("performanceLevelDescriptor")) for found in one.get("performanceLevels", ())]
        named = str(one["assessmentReference"]["assessmentIdentifier"])
        yield named, words.day(one.get("administrationDate")), ", ".join(scores)


def _programs(facts: Facts, words: SummaryWording, resources: Sequence[str]) -> Iterator[Row]:
    for one in (found for name in resources for found in _by_day(facts, name, "beginDate")):
        program = one["programReference"]
        kind = short(one.get("specialEducationSettingDescriptor")) or short(program["programTypeDescriptor"])
        yield str(program["programName"]), kind, words.day(one["beginDate"]), words.day(one.get("endDate"))


def _immunizations(facts: Facts, words: SummaryWording) -> Iterator[Row]:
    for one in facts.get("studentHealths", ()):
        for given in one.get("requiredImmunizations", ()):
            yield short(given["immunizationTypeDescriptor"]), _days(given, words)
        for given in one.get("additionalImmunizations", ()):
            yield str(given["immunizationName"]), _days(given, words)


def _days(given: Fact, words: SummaryWording) -> str:
    days = sorted(str(one.get("immunizationDate", "")) for one in given.get("dates", ()))
    return ", ".join(map(words.day, days))


def _discipline(facts: Facts, words: SummaryWording) -> Iterator[Row]:
    for one in _by_day(facts, "disciplineActions", "disciplineDate"):
        kinds = ", ".join(short(kind["disciplineDescriptor"]) for kind in one["disciplines"])
        yield kinds, words.day(one["disciplineDate"]), str(one.get("actualDisciplineActionLength", ""))
    for one in facts.get("studentDisciplineIncidentBehaviorAssociations", ()):
        weapons = [short(found["weaponDescriptor"]) for found in one.get("weapons", ())]
        yield ", ".join([short(one["behaviorDescriptor"]), *weapons]), "", ""


def _contacts(facts: Facts) -> Iterator[Row]:
    relations = {
        one["contactReference"]["contactUniqueId"]: short(one.get("relationDescriptor"))
        for one in facts.get("studentContactAssociations", ())
    }
    for one in facts.get("contacts", ()):
        telephones = ", ".join(str(found["telephoneNumber"]) for found in one.get("telephones", ()))
        places = "; ".join(map(address, one.get("addresses", ())))
        name = f"{one.get('firstName', '')} {one.get('lastSurname', '')}".strip()
        yield name, relations.get(one["contactUniqueId"], ""), telephones, places


def _cohorts(facts: Facts, words: SummaryWording) -> Iterator[Row]:
    for one in facts.get("studentCohortAssociations", ()):
        begin, end = words.day(one["beginDate"]), words.day(one.get("endDate"))
        yield str(one["cohortReference"]["cohortIdentifier"]), begin, end
    for one in facts.get("graduationPlans", ()):
        yield (
            short(one["graduationPlanTypeDescriptor"]),
            "",
            str(one["graduationSchoolYearTypeReference"]["schoolYear"]),
        )
