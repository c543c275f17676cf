"""Enrollment, attendance and programs of a district's students as Ed-Fi interchange elements."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.demo.data.edfi import elements as xml
from gateway.demo.data.edfi.schools import CALENDAR, PROGRAMS, section_titles, session_title

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.demo.data.records import Enrollment, FictionalDistrict, Participation, Student

RACES = {
    "native": "American Indian or Alaska Native",
    "asian": "Asian",
    "black": "Black or African American",
    "pacific": "Native Hawaiian or Pacific Islander",
    "white": "White",
}
ENTRIES = {"promoted": "Next year school", "transferred": "Transfer", "new": "New to education system"}
EXITS = {"": "", "transferred": "Transferred", "moved": "Other", "withdrawn": "Withdrawn", "dropout": "Dropout"}
ENGLISH = {"fluent": "NotLimited", "learner": "Limited", "monitored": "Limited Monitored 1"}
ABSENCES = {"excused": "Excused Absence", "unexcused": "Unexcused Absence", "tardy": "Tardy"}
ASSOCIATIONS = {
    "specialEducation": "StudentSpecialEducationProgramAssociation",
    "titleOne": "StudentTitleIPartAProgramAssociation",
    "language": "StudentLanguageInstructionProgramAssociation",
    "gifted": "StudentProgramAssociation",
}
PART_TIME = "0.2"


def _state_ids(district: FictionalDistrict) -> dict[str, str]:
    return {one.id: xml.student(one.state_id) for one in district.students}


def enrollments(district: FictionalDistrict) -> Iterator[str]:
    """Yield each student's school associations, education organization associations and section associations."""
    students = _state_ids(district)
    year = xml.years(district.school_year)
    for member in district.enrollments:
        yield _membership(member, students[member.student], year)
    for one in district.students:
        yield _profile(one, district, students[one.id])
    titles = section_titles(district)
    sections = {
        one.id: (xml.section(one, titles[one.id], district.school_year), one.kind == "homeroom")
        for one in district.sections
    }
    for seat in district.placements:
        section, homeroom = sections[seat.section]
        yield (
            f"<StudentSectionAssociation>{students[seat.student]}{section}"
            f"{xml.day('BeginDate', seat.begin)}{xml.day('EndDate', seat.end)}"
            f"{xml.truth('HomeroomIndicator', homeroom)}</StudentSectionAssociation>"
        )


def _membership(one: Enrollment, student: str, year: str) -> str:
    calendar = xml.reference(
        "CalendarReference", "Calendar", xml.text("CalendarCode", CALENDAR), xml.school(one.school), year
    )
    return xml.element(
        "StudentSchoolAssociation",
        student,
        xml.school(one.school),
        xml.truth("PrimarySchool", one.primary),
        year,
        xml.day("EntryDate", one.entry),
        xml.grade("EntryGradeLevel", one.grade),
        xml.code("EntryType", "EntryType", ENTRIES[one.entry_reason]),
        xml.day("ExitWithdrawDate", one.exit),
        xml.code("ExitWithdrawType", "ExitWithdrawType", EXITS[one.exit_reason]),
        calendar,
        xml.text("FullTimeEquivalency", "1" if one.full_time else PART_TIME),
    )


def _profile(one: Student, district: FictionalDistrict, student: str) -> str:
    agency = district.organizations[0].id
    home = district.homes[one.household]
    phones = [(home.phone, "Home")] if one.phone == home.phone else [(one.phone, "Mobile"), (home.phone, "Home")]
    return xml.element(
        "StudentEducationOrganizationAssociation",
        student,
        xml.organization(agency),
        _code(one.state_id, "State", "WA"),
        _code(one.id, "District", agency),
        xml.code("Sex", "Sex", xml.SEXES[one.sex]),
        xml.address(home.address, "Home", unlisted=one.unlisted),
        *(
            xml.telephone(phone, kind, number, unlisted=one.unlisted)
            for number, (phone, kind) in enumerate(phones, start=1)
        ),
        xml.mail(one.email, "Organization"),
        xml.truth("HispanicLatinoEthnicity", one.hispanic),
        *(xml.code("Race", "Race", RACES[race]) for race in one.races),
        *(
            xml.element("StudentCharacteristic", xml.code("StudentCharacteristic", "StudentCharacteristic", name))
            for name in one.characteristics
        ),
        xml.code("LimitedEnglishProficiency", "LimitedEnglishProficiency", ENGLISH[one.english]),
        xml.language(one.language),
        xml.text("LoginId", one.username),
    )


def _code(value: str, system: str, assigner: str) -> str:
    return xml.element(
        "StudentIdentificationCode",
        xml.text("IdentificationCode", value),
        xml.code("StudentIdentificationSystem", "StudentIdentificationSystem", system),
        xml.text("AssigningOrganizationIdentificationCode", assigner),
    )


def attendance(district: FictionalDistrict) -> Iterator[str]:
    """Yield the recent attendance events."""
    students = _state_ids(district)
    titles = {one.id: session_title(one) for one in district.sessions}
    for one in district.absences:
        yield xml.element(
            "StudentSchoolAttendanceEvent",
            xml.element(
                "AttendanceEvent",
                xml.day("EventDate", one.day),
                xml.code("AttendanceEventCategory", "AttendanceEventCategory", ABSENCES[one.category]),
                xml.text("EventDuration", one.share),
            ),
            students[one.student],
            xml.school(one.school),
            xml.session(titles[one.session], district.school_year, one.school),
        )


def programs(district: FictionalDistrict) -> Iterator[str]:
    """Yield the program associations."""
    students = _state_ids(district)
    agency = xml.organization(district.organizations[0].id)
    for one in district.participations:
        name, kind = PROGRAMS[one.program]
        yield xml.element(
            ASSOCIATIONS[one.program],
            students[one.student],
            xml.reference(
                "ProgramReference",
                "Program",
                agency,
                xml.text("ProgramName", name),
                xml.code("ProgramType", "ProgramType", kind),
            ),
            xml.day("BeginDate", one.begin),
            agency,
            _details(one),
        )


def _details(one: Participation) -> str:
    if one.program == "titleOne":
        return xml.code("TitleIPartAParticipant", "TitleIPartAParticipant", "Public Schoolwide Program")
    if one.program == "language":
        return xml.truth("EnglishLearnerParticipation", True)
    if one.program != "specialEducation":
        return ""
    return "".join(
        (
            xml.truth("IdeaEligibility", True),
            xml.code("SpecialEducationSetting", "SpecialEducationSetting", one.setting),
            xml.text("SpecialEducationHoursPerWeek", one.hours),
            xml.day("IEPBeginDate", one.begin),
            xml.element("Disability", xml.code("Disability", "Disability", one.disability)),
        )
    )
