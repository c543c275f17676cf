"""The transcript as a PESC High School Transcript, as far as the facts at hand go; it is not validated against PESC's.

Elements and their order are those of version 1.5.0 as its users describe them: transmission data, the person, and one
academic record with its summary and its sessions, each with its courses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lxml import etree

from gateway.transfers.package.members import at, code, first, items, text
from gateway.transfers.package.totals import YEAR, age

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gateway.transfers.package.header import PackageHeader

    Facts = Mapping[str, Sequence[Mapping[str, Any]]]

NAMESPACE: Final = "urn:org:pesc:message:HighSchoolTranscript:v1.5.0"
PATH: Final = "pesc/transcript.xml"
TAKEN, ENTERED = "whenTakenGradeLevelDescriptor", "entryGradeLevelDescriptor"
DISTRICT, NUMBER = "educationOrganizationReference", "educationOrganizationId"
LEVELS: Final = {
    "Ninth grade": "NinthGrade", "Tenth grade": "TenthGrade", "Eleventh grade": "EleventhGrade",
    "Twelfth grade": "TwelfthGrade",
}  # fmt: skip
"""The grade levels that have such a transcript, and PESC's codes for them."""


def of_high_school(facts: Facts) -> bool:
    """Tell whether any course was taken, or any enrollment begun, in grades 9 to 12, and there is a transcript."""
    taken = [code(one, TAKEN) for one in facts.get("courseTranscripts", ())]
    entered = [code(one, ENTERED) for one in facts.get("studentSchoolAssociations", ())]
    return bool(_records(facts)) and any(one in LEVELS for one in (*taken, *entered))


def transcript(header: PackageHeader, facts: Facts) -> bytes:
    """Write the transcript of the *facts* in a package, as XML in UTF-8."""
    root = etree.Element(f"{{{NAMESPACE}}}HighSchoolTranscript", nsmap={"HSTrn": NAMESPACE})
    _transmission(root, header)
    student = etree.SubElement(root, "Student")
    _person(student, facts)
    _record(student, header, facts)
    found: bytes = etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True)
    return found


def _transmission(root: Any, header: PackageHeader) -> None:
    inside = etree.SubElement(root, "TransmissionData")
    _add(inside, "DocumentID", f"{header.transfer}-{header.version}")
    _add(inside, "CreatedDateTime", header.made)
    _add(inside, "DocumentTypeCode", "InstitutionRequest")
    _add(inside, "TransmissionType", "Original" if header.replaces is None else "Replace")
    for name, party in (("Source", header.sender), ("Destination", header.receiver)):
        organization = etree.SubElement(etree.SubElement(inside, name), "Organization")
        _add(organization, "OrganizationName", party.name or party.district)


def _person(student: Any, facts: Facts) -> None:
    person = etree.SubElement(student, "Person")
    one: Mapping[str, Any] = next(iter(facts.get("students", ())), {})
    _add(person, "SchoolAssignedPersonID", at(one, "studentUniqueId"))
    if at(one, "birthDate"):
        _add(etree.SubElement(person, "Birth"), "BirthDate", at(one, "birthDate"))
    if one:
        name = etree.SubElement(person, "Name")
        for element, member in (("FirstName", "firstName"), ("MiddleName", "middleName"), ("LastName", "lastSurname")):
            _add(name, element, at(one, member))


def _record(student: Any, header: PackageHeader, facts: Facts) -> None:
    record = etree.SubElement(student, "AcademicRecord")
    _add(etree.SubElement(record, "School"), "OrganizationName", header.sender.name or header.sender.district)
    enrollments = sorted(facts.get("studentSchoolAssociations", ()), key=lambda one: text(one, "entryDate"))
    levels = [LEVELS.get(code(one, ENTERED)) for one in enrollments]
    _level(record, next((one for one in reversed(levels) if one), None))
    records = _records(facts)
    for award in (one for known in records for one in items(known, "diplomas")):
        _award(record, award)
    for average in (one for known in records[-1:] for one in items(known, "gradePointAverages")):
        _summary(record, records[-1], average)
    for known in records:
        _session(record, known, facts)


def _award(record: Any, diploma: Mapping[str, Any]) -> None:
    award = etree.SubElement(record, "AcademicAward")
    _add(award, "AcademicAwardDate", at(diploma, "diplomaAwardDate"))
    _add(award, "AcademicAwardTitle", at(diploma, "achievementTitle") or code(diploma, "diplomaTypeDescriptor"))


def _summary(record: Any, known: Mapping[str, Any], average: Mapping[str, Any]) -> None:
    summary = etree.SubElement(record, "AcademicSummary")
    unweighted = "Unweighted" in code(average, "gradePointAverageTypeDescriptor")
    _add(summary, "AcademicSummaryType", "NonWeighted" if unweighted else "Weighted")
    points = etree.SubElement(summary, "GPA")
    _add(points, "CreditHoursAttempted", at(known, "cumulativeAttemptedCredits"))
    _add(points, "CreditHoursEarned", at(known, "cumulativeEarnedCredits"))
    _add(points, "GradePointAverage", at(average, "gradePointAverageValue"))
    _add(points, "GPARangeMaximum", at(average, "maxGradePointAverageValue"))


def _session(record: Any, known: Mapping[str, Any], facts: Facts) -> None:
    year = at(known, YEAR)
    session = etree.SubElement(record, "AcademicSession")
    detail = etree.SubElement(session, "AcademicSessionDetail")
    _add(detail, "SessionName", code(known, "termDescriptor"))
    _add(detail, "SessionSchoolYear", f"{int(year) - 1}-{year}" if year else None)
    for course in courses_of(known, facts):
        _course(session, course, facts)


def courses_of(record: Mapping[str, Any], facts: Facts) -> Iterator[Mapping[str, Any]]:
    """Yield the course transcripts that belong to an academic record."""
    key = at(record, YEAR), at(record, "termDescriptor"), at(record, f"{DISTRICT}.{NUMBER}")
    for one in facts.get("courseTranscripts", ()):
        names = ("schoolYear", "termDescriptor", NUMBER)
        if tuple(at(one, f"studentAcademicRecordReference.{name}") for name in names) == key:
            yield one


def title_of(course: Mapping[str, Any], facts: Facts) -> str:
    """Return the title of a course that a transcript names: its own, or that of the course itself, or its code."""
    own = first(course, "courseTitle", "alternativeCourseTitle")
    wanted = text(course, "courseReference.courseCode"), at(course, f"courseReference.{NUMBER}")
    known = (
        text(one, "courseTitle")
        for one in facts.get("courses", ())
        if (text(one, "courseCode"), at(one, f"{DISTRICT}.{NUMBER}")) == wanted
    )
    return own or next(known, "") or wanted[0]


def _course(session: Any, course: Mapping[str, Any], facts: Facts) -> None:
    inside = etree.SubElement(session, "Course")
    _add(inside, "CourseCreditBasis", "Regular")
    _add(inside, "CourseCreditLevel", LEVELS.get(code(course, TAKEN)))
    _add(inside, "CourseCreditValue", at(course, "attemptedCredits"))
    _add(inside, "CourseCreditEarned", at(course, "earnedCredits"))
    _add(inside, "CourseAcademicGrade", first(course, "finalLetterGradeEarned", "finalNumericGradeEarned"))
    _add(inside, "CourseNumber", at(course, "courseReference.courseCode"))
    _add(inside, "CourseTitle", title_of(course, facts))


def _level(inside: Any, code: str | None) -> None:
    if code:
        _add(etree.SubElement(inside, "StudentLevel"), "StudentLevelCode", code)


def _records(facts: Facts) -> list[Mapping[str, Any]]:
    """Return the academic records, the oldest first."""
    return sorted(facts.get("studentAcademicRecords", ()), key=age)


def _add(inside: Any, name: str, value: Any) -> None:
    """Add an element with a value, where there is one; signs that XML cannot have become spaces."""
    if value is not None and value != "":
        etree.SubElement(inside, name).text = "".join(sign if _is_sign(sign) else " " for sign in str(value))


def _is_sign(sign: str) -> bool:
    """Tell whether XML 1.0 can have a sign."""
    return sign in "\t\n\r" or " " <= sign <= "\ud7ff" or "\ue000" <= sign <= "\ufffd" or sign >= "\U00010000"
