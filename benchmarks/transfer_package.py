"""The package of a large record: twelve years of courses, attendance, assessments and programs of one student.

Run it with ``python -m benchmarks.transfer_package [YEARS]``; it needs no network. Everything is packed, with pages in
two languages. The time is that of the processor for one package once all is loaded, its children's included; the
memory is the most that packing holds at once, and how much the process grew for it.
"""

from __future__ import annotations

import gc
import resource
import sys
import time
import tracemalloc
from typing import TYPE_CHECKING, Any

from gateway.transfers.package.assembly import assemble
from gateway.transfers.package.contents.record import RecordContents
from gateway.transfers.package.header import PackageHeader, ReceivingKey, SendingOffice
from gateway.transfers.package.plan import INCLUDE, PackagePlan
from gateway.transfers.package.sections import FULL, on_track

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.transfers.package.contents.record import Document

YEARS = 12
TERMS = ("Fall Semester", "Spring Semester")
COURSES_A_TERM = 8
EVENTS_A_YEAR = 30
TESTS_A_YEAR = 6
FIRST_YEAR = 2015
STUDENT, SCHOOL, DISTRICT = "9000000001", 530001001, 530001
GRADES = (
    "First grade", "Second grade", "Third grade", "Fourth grade", "Fifth grade", "Sixth grade", "Seventh grade",
    "Eighth grade", "Ninth grade", "Tenth grade", "Eleventh grade", "Twelfth grade",
)  # fmt: skip
MEBIBYTE = 1 << 20
HEADER = PackageHeader(
    "5c2f7e0a", 1, SendingOffice("maple", "5300001", "Maple School District", "(425) 555-0100"),
    ReceivingKey("fir", "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs", "Fir School District"),
    "99.31(a)(2)", "sha256:" + "0" * 64, "2026-11-02T19:00:00Z", "gateway",
)  # fmt: skip


def main() -> None:
    """Print the figures."""
    years = int(sys.argv[1]) if len(sys.argv) > 1 else YEARS
    names = [one.name for one in on_track(FULL)]
    plan = PackagePlan(FULL, dict.fromkeys(names, INCLUDE), frozenset(names))
    contents = history(years)
    count = sum(map(len, contents.documents.values()))
    assemble(HEADER, plan, history(1))  # fonts and templates are loaded once
    gc.collect()
    before, begun = _resident(), time.process_time()
    package = assemble(HEADER, plan, contents)
    spent, grown = time.process_time() - begun, _resident() - before
    size = sum(len(one.content) for one in package.files)
    print(f"{years} years, {count:,} documents: {len(package.files)} files, {size / 1024:,.0f} KiB")
    print(f"processor: {spent:.2f} s a package; the process grew by {max(0, grown) / MEBIBYTE:.1f} MiB at most")
    tracemalloc.start()
    assemble(HEADER, plan, contents)
    print(f"memory: {tracemalloc.get_traced_memory()[1] / MEBIBYTE:.1f} MiB of Python's at once")


def history(years: int) -> RecordContents:
    """Make up the record of one student over some school years, the last of them the twelfth grade."""
    found: dict[str, list[Document]] = {}
    for resource_name, document in _documents(years):
        found.setdefault(resource_name, []).append(document)
    return RecordContents(STUDENT, {name: tuple(some) for name, some in found.items()})


def _resident() -> int:
    """Return the most memory that the process has had, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def descriptor(kind: str, value: str) -> str:
    """Return the standard's descriptor of a kind."""
    return f"uri://ed-fi.org/{kind}Descriptor#{value}"


def _student() -> dict[str, Any]:
    return {"studentReference": {"studentUniqueId": STUDENT}}


def _organization(name: str = "educationOrganization", number: int = DISTRICT) -> dict[str, Any]:
    return {f"{name}Reference": {f"{name}Id": number}}


def _documents(years: int) -> Iterator[tuple[str, Document]]:
    yield (
        "students",
        {
            "studentUniqueId": STUDENT,
            "birthDate": "2008-05-07",
            "firstName": "Ana",
            "middleName": "Luz",
            "lastSurname": "Ibarra",
            "citizenshipStatusDescriptor": descriptor("CitizenshipStatus", "Other"),
        },
    )
    use = {"languageUseDescriptor": descriptor("LanguageUse", "Home language")}
    yield "studentEducationOrganizationAssociations", {
        **_student(), **_organization(), "sexDescriptor": descriptor("Sex", "Female"),
        "languages": [{"languageDescriptor": descriptor("Language", "spa"), "uses": [use]}],
        "addresses": [{"addressTypeDescriptor": descriptor("AddressType", "Home"), "city": "Kent",
                       "postalCode": "98032", "stateAbbreviationDescriptor": descriptor("StateAbbreviation", "WA"),
                       "streetNumberName": "12 Larch Lane"}],
        "disabilities": [{"disabilityDescriptor": descriptor("Disability", "Specific Learning Disability")}],
    }  # fmt: skip
    yield "schools", {
        "schoolId": SCHOOL, "nameOfInstitution": "Osprey High School", "webSite": "https://osprey.example",
        "educationOrganizationCategories": [
            {"educationOrganizationCategoryDescriptor": descriptor("EducationOrganizationCategory", "School")}],
        "gradeLevels": [{"gradeLevelDescriptor": descriptor("GradeLevel", "Twelfth grade")}],
    }  # fmt: skip
    yield "contacts", {"contactUniqueId": "7001", "firstName": "Rosa", "lastSurname": "Ibarra"}
    yield "studentContactAssociations", {
        **_student(), "contactReference": {"contactUniqueId": "7001"},
        "relationDescriptor": descriptor("Relation", "Mother"),
    }  # fmt: skip
    yield from _health()
    for number in range(COURSES_A_TERM):
        code = f"C{number:02}"
        yield "courses", {
            "courseCode": code, **_organization(), "courseTitle": f"Course of study {number}", "numberOfParts": 1,
            "identificationCodes": [{"identificationCode": code, "courseIdentificationSystemDescriptor":
                                     descriptor("CourseIdentificationSystem", "LEA course code")}],
        }  # fmt: skip
    for place in range(years):
        yield from _year(FIRST_YEAR + place, GRADES[(len(GRADES) - years + place) % len(GRADES)], place)


def _health() -> Iterator[tuple[str, Document]]:
    given = {"immunizationTypeDescriptor": descriptor("ImmunizationType", "MMR"),
             "dates": [{"immunizationDate": "2010-05-07"}]}  # fmt: skip
    yield (
        "studentHealths",
        {**_student(), **_organization(), "asOfDate": "2026-09-01", "requiredImmunizations": [given]},
    )


def _year(year: int, grade: str, place: int) -> Iterator[tuple[str, Document]]:
    level = descriptor("GradeLevel", grade)
    yield "studentSchoolAssociations", {
        **_student(), **_organization("school", SCHOOL), "entryDate": f"{year - 1}-09-03",
        "exitWithdrawDate": f"{year}-06-18", "entryGradeLevelDescriptor": level,
    }  # fmt: skip
    for number in range(EVENTS_A_YEAR):
        yield "studentSchoolAttendanceEvents", {
            **_student(), **_organization("school", SCHOOL),
            "eventDate": f"{year}-0{1 + number % 5}-{1 + number // 5:02}",
            "attendanceEventCategoryDescriptor": descriptor("AttendanceEventCategory", "Excused Absence"),
            "sessionReference": {"schoolId": SCHOOL, "schoolYear": year, "sessionName": f"{year} Spring"},
        }  # fmt: skip
    for number in range(TESTS_A_YEAR):
        yield "studentAssessments", {
            **_student(), "studentAssessmentIdentifier": f"{year}-{number}",
            "assessmentReference": {"assessmentIdentifier": f"State test {number}", "namespace": "uri://state.example"},
            "administrationDate": f"{year}-04-0{1 + number}T16:00:00Z",
        }  # fmt: skip
    yield "studentSpecialEducationProgramAssociations", _program(year, "Special Education")
    yield "studentProgramAssociations", _program(year, "Gifted and Talented")
    yield "disciplineActions", {
        **_student(), "disciplineActionIdentifier": f"D{year}", "disciplineDate": f"{year}-02-03",
        "disciplines": [{"disciplineDescriptor": descriptor("Discipline", "In School Suspension")}],
        "responsibilitySchoolReference": {"schoolId": SCHOOL}, "iepPlacementMeetingIndicator": True,
    }  # fmt: skip
    for term, name in enumerate(TERMS):
        yield from _term(year, name, level, place * len(TERMS) + term)


def _program(year: int, kind: str) -> Document:
    return {
        **_student(), **_organization(), "beginDate": f"{year - 1}-09-03", "endDate": f"{year}-06-18",
        "programReference": {"educationOrganizationId": DISTRICT, "programName": kind,
                             "programTypeDescriptor": descriptor("ProgramType", kind)},
    }  # fmt: skip


def _term(year: int, term: str, level: str, before: int) -> Iterator[tuple[str, Document]]:
    earned = (before + 1) * COURSES_A_TERM * 0.5
    named = descriptor("Term", term)
    key = {"educationOrganizationId": DISTRICT, "schoolYear": year, "studentUniqueId": STUDENT, "termDescriptor": named}
    yield "studentAcademicRecords", {
        **_student(), **_organization(), "schoolYearTypeReference": {"schoolYear": year}, "termDescriptor": named,
        "cumulativeEarnedCredits": earned, "cumulativeAttemptedCredits": earned,
        "gradePointAverages": [{"gradePointAverageTypeDescriptor": descriptor("GradePointAverageType", "Unweighted"),
                                "isCumulative": True, "gradePointAverageValue": 3.12}],
    }  # fmt: skip
    for number in range(COURSES_A_TERM):
        yield "courseTranscripts", {
            "courseAttemptResultDescriptor": descriptor("CourseAttemptResult", "Pass"),
            "courseReference": {"courseCode": f"C{number:02}", "educationOrganizationId": DISTRICT},
            "studentAcademicRecordReference": key, "attemptedCredits": 0.5, "earnedCredits": 0.5,
            "finalLetterGradeEarned": "ABCD"[number % 4], "whenTakenGradeLevelDescriptor": level,
        }  # fmt: skip


if __name__ == "__main__":
    main()
