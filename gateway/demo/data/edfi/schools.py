"""Organizations, calendar and master schedule of a district as Ed-Fi interchange elements."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.demo.data.edfi import elements as xml
from gateway.demo.data.schools.terms import school_days

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.demo.data.records import Course, FictionalDistrict, Organization, Section, Session

CATEGORIES = {"elementary": "Elementary School", "middle": "Middle School", "high": "High School"}
SUBJECTS = {
    "Fine Arts": "Fine and Performing Arts",
    "Physical Education": "Physical, Health, and Safety Education",
    "World Languages": "Foreign Language and Literature",
}
PROGRAMS = {
    "specialEducation": ("Special Education", "Special Education"),
    "titleOne": ("Title I Part A", "Title I Part A"),
    "language": ("English as a Second Language (ESL)", "English as a Second Language (ESL)"),
    "gifted": ("Gifted and Talented", "Gifted and Talented"),
}
FULL_YEAR = "Full Year"
FIRST_BELL_MINUTES = 8 * 60
LESSON_MINUTES = 50
PAUSE_MINUTES = 5
MAX_SEATS = 30
CALENDAR = "DISTRICT"


def session_title(session: Session) -> str:
    """Return a school's name of a session; the year as a whole is one too."""
    return f"{session.title} {FULL_YEAR}" if session.kind == "schoolYear" else session.title


def section_titles(district: FictionalDistrict) -> dict[str, str]:
    """Return the name of the one session in which each section meets."""
    titles = {one.id: session_title(one) for one in district.sessions}
    return {one.id: titles[one.terms[0] if len(one.terms) == 1 else "sy"] for one in district.sections}


def here(district: FictionalDistrict, school: Organization) -> tuple[Session, ...]:
    """Return the sessions of one school's year."""
    level = "elementary" if school.level == "elementary" else "secondary"
    return tuple(one for one in district.sessions if one.level in ("all", level))


def organizations(district: FictionalDistrict) -> Iterator[str]:
    """Yield the district, its schools with their locations and class periods, its courses and programs."""
    agency, *schools = district.organizations
    yield xml.element(
        "LocalEducationAgency",
        _organization(agency, "Local Education Agency"),
        xml.text("LocalEducationAgencyId", agency.id),
        xml.code("LocalEducationAgencyCategory", "LocalEducationAgencyCategory", "Regular public school district"),
    )
    for school in schools:
        yield _school(school, agency)
    yield from _rooms(district)
    yield from _periods(district)
    for course in district.courses:
        yield _course(course, agency)
    for number, (name, kind) in enumerate(PROGRAMS.values(), start=1):
        yield xml.element(
            "Program",
            xml.organization(agency.id),
            xml.text("ProgramId", number),
            xml.text("ProgramName", name),
            xml.code("ProgramType", "ProgramType", kind),
            xml.code("ProgramSponsor", "ProgramSponsor", "Local Education Agency"),
        )


def _organization(one: Organization, category: str) -> str:
    return "".join(
        (
            xml.element(
                "EducationOrganizationIdentificationCode",
                xml.text("IdentificationCode", one.id),
                xml.code(
                    "EducationOrganizationIdentificationSystem", "EducationOrganizationIdentificationSystem", "SEA"
                ),
            ),
            xml.text("NameOfInstitution", one.name),
            xml.text("ShortNameOfInstitution", one.short_name),
            xml.code("EducationOrganizationCategory", "EducationOrganizationCategory", category),
            xml.address(one.address, "Physical"),
            xml.element(
                "InstitutionTelephone",
                xml.text("TelephoneNumber", one.phone),
                xml.code("InstitutionTelephoneNumberType", "InstitutionTelephoneNumberType", "Main"),
            ),
            xml.code("OperationalStatus", "OperationalStatus", "Active"),
        )
    )


def _school(one: Organization, agency: Organization) -> str:
    title_one = "Title I Schoolwide School" if one.title_one else "Not A Title I School"
    return xml.element(
        "School",
        _organization(one, "School"),
        xml.text("SchoolId", one.id),
        *(xml.grade("GradeLevel", grade) for grade in one.grades),
        xml.code("SchoolCategory", "SchoolCategory", CATEGORIES[one.level]),
        xml.code("TitleIPartASchoolDesignation", "TitleIPartASchoolDesignation", title_one),
        xml.reference(
            "LocalEducationAgencyReference", "LocalEducationAgency", xml.text("LocalEducationAgencyId", agency.id)
        ),
    )


def _rooms(district: FictionalDistrict) -> Iterator[str]:
    for school, room in dict.fromkeys((one.school, one.room) for one in district.sections):
        yield xml.element(
            "Location",
            xml.school(school),
            xml.text("ClassroomIdentificationCode", room),
            xml.text("MaximumNumberOfSeats", MAX_SEATS),
        )


def _periods(district: FictionalDistrict) -> Iterator[str]:
    for school, period in dict.fromkeys((one.school, name) for one in district.sections for name in one.periods):
        start = FIRST_BELL_MINUTES + (int(period) * (LESSON_MINUTES + PAUSE_MINUTES) if period.isdigit() else 0)
        yield xml.element(
            "ClassPeriod",
            xml.school(school),
            xml.text("ClassPeriodName", period),
            xml.element(
                "MeetingTime", xml.text("StartTime", _clock(start)), xml.text("EndTime", _clock(start + LESSON_MINUTES))
            ),
        )


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}:00"


def _course(one: Course, agency: Organization) -> str:
    codes = ((one.id, "LEA course code"), (one.subject_code, "SCED course code"))
    return xml.element(
        "Course",
        xml.text("CourseCode", one.id),
        xml.text("CourseTitle", one.title),
        xml.text("NumberOfParts", 1),
        *(
            xml.element(
                "CourseIdentificationCode",
                xml.text("IdentificationCode", value),
                xml.code("CourseIdentificationSystem", "CourseIdentificationSystem", system),
            )
            for value, system in codes
        ),
        *(xml.grade("OfferedGradeLevel", grade) for grade in one.grades),
        xml.code("AcademicSubject", "AcademicSubject", SUBJECTS.get(one.subject, one.subject)),
        xml.organization(agency.id),
    )


def calendar(district: FictionalDistrict) -> Iterator[str]:
    """Yield sessions, grading periods and calendar dates of each school."""
    days = school_days(district.school_year)
    for school in district.schools:
        mine = here(district, school)
        periods = [one for one in mine if one.kind == "gradingPeriod"]
        for one in periods:
            yield xml.element(
                "GradingPeriod",
                xml.school(school.id),
                _period_key(one),
                xml.text("PeriodSequence", one.sequence),
                xml.years(district.school_year),
                _span(one),
            )
        for one in mine:
            if one.kind != "gradingPeriod":
                inside = [period for period in periods if one.begin <= period.begin and period.end <= one.end]
                yield _session(district, school, one, inside)
        named = xml.text("CalendarCode", CALENDAR)
        year = xml.years(district.school_year)
        kind = xml.code("CalendarType", "CalendarType", "School")
        yield xml.element("Calendar", named, kind, xml.school(school.id), year)
        whole = xml.reference("CalendarReference", "Calendar", named, xml.school(school.id), year)
        event = xml.code("CalendarEvent", "CalendarEvent", "Instructional day")
        for day in days:
            yield xml.element("CalendarDate", xml.day("Date", day), event, whole)


def _period_key(one: Session) -> str:
    return xml.code("GradingPeriod", "GradingPeriod", one.label) + xml.text("GradingPeriodName", one.title)


def _span(one: Session) -> str:
    return xml.day("BeginDate", one.begin) + xml.day("EndDate", one.end) + xml.text("TotalInstructionalDays", one.days)


def _session(district: FictionalDistrict, school: Organization, one: Session, periods: list[Session]) -> str:
    year, at = xml.years(district.school_year), xml.school(school.id)
    return xml.element(
        "Session",
        xml.text("SessionName", session_title(one)),
        year,
        xml.day("BeginDate", one.begin),
        xml.day("EndDate", one.end),
        xml.code("Term", "Term", one.label),
        xml.text("TotalInstructionalDays", one.days),
        at,
        *(
            xml.reference("GradingPeriodReference", "GradingPeriod", at, _period_key(period), year)
            for period in periods
        ),
    )


def schedule(district: FictionalDistrict) -> Iterator[str]:
    """Yield the course offerings of the schools and the sections that meet."""
    titles = section_titles(district)
    catalogue = {one.id: one for one in district.courses}
    agency = district.organizations[0].id
    offered = dict.fromkeys((one.course, one.school, titles[one.id]) for one in district.sections)
    for course, school, title in offered:
        yield xml.element(
            "CourseOffering",
            xml.text("LocalCourseCode", course),
            xml.text("LocalCourseTitle", catalogue[course].title),
            xml.school(school),
            xml.session(title, district.school_year, school),
            xml.reference("CourseReference", "Course", xml.text("CourseCode", course), xml.organization(agency)),
        )
    for one in district.sections:
        yield _section(one, titles[one.id], district.school_year)


def _section(one: Section, title: str, school_year: int) -> str:
    at = xml.school(one.school)
    return xml.element(
        "Section",
        xml.text("SectionIdentifier", one.id),
        xml.code("EducationalEnvironment", "EducationalEnvironment", "Classroom"),
        xml.offering(one.course, title, school_year, one.school),
        xml.school(one.school, "LocationSchoolReference"),
        xml.reference("LocationReference", "Location", at, xml.text("ClassroomIdentificationCode", one.room)),
        *(
            xml.reference("ClassPeriodReference", "ClassPeriod", at, xml.text("ClassPeriodName", period))
            for period in one.periods
        ),
        *(xml.grade("OfferedGradeLevel", grade) for grade in one.grades),
        xml.truth("OfficialAttendancePeriod", one.kind == "homeroom"),
        xml.text("SectionName", one.title),
    )
