"""Students, contacts and staff of a district as Ed-Fi interchange elements."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.demo.data.edfi import elements as xml
from gateway.demo.data.edfi.schools import section_titles

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.demo.data.records import Assignment, FictionalDistrict, Guardian, Staff, Student

CLASSIFICATIONS = {
    "teacher": "Teacher",
    "principal": "Principal",
    "counselor": "Counselor",
    "aide": "Instructional Aide",
    "office": "School Administrative Support Staff",
    "superintendent": "Superintendent",
    "district": "LEA Administrator",
    "system": "LEA System Administrator",
}
ASSISTANT = "Assistant Principal"


def students(district: FictionalDistrict) -> Iterator[str]:
    """Yield every student: the name and the birth data."""
    for one in district.students:
        yield xml.element("Student", xml.text("StudentUniqueId", one.state_id), xml.person(one.name), _birth(one))


def _birth(one: Student) -> str:
    return xml.element(
        "BirthData",
        xml.day("BirthDate", one.birth_date),
        xml.text("BirthCity", one.birthplace.city),
        xml.code("BirthStateAbbreviation", "StateAbbreviation", one.birthplace.state),
        xml.code("BirthCountry", "Country", one.birthplace.country),
        xml.code("BirthSex", "Sex", xml.SEXES[one.sex] if one.sex != "other" else ""),
    )


def contacts(district: FictionalDistrict) -> Iterator[str]:
    """Yield every contact and the student contact associations."""
    for one in district.guardians:
        yield _contact(one, district)
    state_ids = {one.id: one.state_id for one in district.students}
    for tie in district.guardianships:
        yield xml.element(
            "StudentContactAssociation",
            xml.student(state_ids[tie.student]),
            xml.reference("ContactReference", "Contact", xml.text("ContactUniqueId", tie.guardian)),
            xml.code("Relation", "Relation", tie.relation),
            xml.truth("PrimaryContactStatus", tie.primary),
            xml.truth("LivesWith", tie.lives_with),
            xml.truth("EmergencyContactStatus", tie.emergency),
            xml.text("ContactPriority", tie.priority),
            xml.truth("LegalGuardian", tie.legal),
        )


def _contact(one: Guardian, district: FictionalDistrict) -> str:
    home = district.homes[one.household]
    return xml.element(
        "Contact",
        xml.text("ContactUniqueId", one.id),
        xml.person(one.name),
        xml.code("Sex", "Sex", xml.SEXES[one.sex]),
        xml.address(home.address, "Home"),
        xml.telephone(one.phone, "Mobile", 1),
        xml.telephone(home.phone, "Home", 2),
        xml.mail(one.email, "Home/Personal"),
        xml.language(one.language),
    )


def staff(district: FictionalDistrict) -> Iterator[str]:
    """Yield all staff: person, employment, assignments and sections."""
    agency = district.organizations[0].id
    for one in district.staff:
        yield _employee(one)
    for one in district.staff:
        yield xml.element(
            "StaffEducationOrganizationEmploymentAssociation",
            xml.staff(one.id),
            xml.organization(agency),
            xml.code("EmploymentStatus", "EmploymentStatus", "Contractual"),
            xml.element("EmploymentPeriod", xml.day("HireDate", one.hired)),
        )
    for post in district.assignments:
        yield _post(post)
    yield from _school_posts(district, agency)
    yield from _lessons(district)


def _employee(one: Staff) -> str:
    return xml.element(
        "Staff",
        xml.text("StaffUniqueId", one.id),
        xml.element(
            "StaffIdentificationCode",
            xml.text("IdentificationCode", one.id),
            xml.code("StaffIdentificationSystem", "StaffIdentificationSystem", "District"),
        ),
        xml.person(one.name, one.title),
        xml.code("Sex", "Sex", xml.SEXES[one.sex]),
        xml.day("BirthDate", one.birth_date),
        xml.telephone(one.phone, "Work", 1),
        xml.mail(one.email, "Work"),
        xml.text("LoginId", one.username),
    )


def _post(post: Assignment) -> str:
    kind = ASSISTANT if post.position == ASSISTANT else CLASSIFICATIONS[post.role]
    return xml.element(
        "StaffEducationOrganizationAssignmentAssociation",
        xml.staff(post.staff),
        xml.organization(post.organization),
        xml.code("StaffClassification", "StaffClassification", kind),
        xml.text("PositionTitle", post.position),
        xml.day("BeginDate", post.begin),
        xml.text("OrderOfAssignment", 1 if post.primary else 2),
    )


def _school_posts(district: FictionalDistrict, agency: str) -> Iterator[str]:
    for post in district.assignments:
        if post.organization != agency:
            yield xml.element(
                "StaffSchoolAssociation",
                xml.staff(post.staff),
                xml.school(post.organization),
                xml.years(district.school_year),
                xml.code("ProgramAssignment", "ProgramAssignment", "Regular Education"),
            )


def _lessons(district: FictionalDistrict) -> Iterator[str]:
    titles = section_titles(district)
    sections = {one.id: one for one in district.sections}
    for lesson in district.teachings:
        yield xml.element(
            "StaffSectionAssociation",
            xml.staff(lesson.staff),
            xml.section(sections[lesson.section], titles[lesson.section], district.school_year),
            xml.code(
                "ClassroomPosition", "ClassroomPosition", "Teacher of Record" if lesson.lead else "Support Teacher"
            ),
            xml.day("BeginDate", lesson.begin),
            xml.day("EndDate", lesson.end),
        )
