"""The transcript as a PESC High School Transcript, as far as the facts at hand go; it is not validated against PESC's.

Elements and their order are those of version 1.5.0 as its users describe them: transmission data, the person, and one
academic record with its summary and its sessions, each with its courses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lxml import etree

from gateway.transfers.package.codes import short

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from gateway.transfers.package.header import PackageHeader

    Facts = Mapping[str, Sequence[Mapping[str, Any]]]

NAMESPACE: Final = "urn:org:pesc:message:HighSchoolTranscript:v1.5.0"
PATH: Final = "pesc/transcript.xml"
LEVELS: Final = {
    "Ninth grade": "NinthGrade", "Tenth grade": "TenthGrade", "Eleventh grade": "EleventhGrade",
    "Twelfth grade": "TwelfthGrade",
}  # fmt: skip
"""The grade levels that have such a transcript, and PESC's codes for them."""


def of_high_school(facts: Facts) -> bool:
    """Tell whether any course was taken, or any enrollment begun, in grades 9 to 12, and there is a transcript."""
    taken = [one.get("whenTakenGradeLevelDescriptor") for one in facts.get("courseTranscripts", ())]
    entered = [one.get("entryGradeLevelDescriptor") for one in facts.get("studentSchoolAssociations", ())]
    return bool(_records(facts)) and any(short(one) in LEVELS for one in (*taken, *entered))


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
    one = next(iter(facts.get("students", ())), {})
    _add(person, "SchoolAssignedPersonID", one.get("studentUniqueId"))
    if one.get("birthDate"):
        _add(etree.SubElement(person, "Birth"), "BirthDate", one["birthDate"])
    if one:
        name = etree.SubElement(person, "Name")
        for element, member in (("FirstName", "firstName"), ("MiddleName", "middleName"), ("LastName", "lastSurname")):
            _add(name, element, one.get(member))


def _record(student: Any, header: PackageHeader, facts: Facts) -> None:
    record = etree.SubElement(student, "AcademicRecord")
    _add(etree.SubElement(record, "School"), "OrganizationName", header.sender.name or header.sender.district)
    enrollments = sorted(facts.get("studentSchoolAssociations", ()), key=lambda one: str(one["entryDate"]))
    levels = [LEVELS.get(short(one.get("entryGradeLevelDescriptor"))) for one in enrollments]
    _level(record, next((one for one in reversed(levels) if one), None))
    records = _records(facts)
    for award in (one for known in records for one in known.get("diplomas", ())):
        _award(record, award)
    for average in (one for known in records[-1:] for one in known.get("gradePointAverages", ())):
        _summary(record, records[-1], average)
    for known in records:
        _session(record, known, facts)


def _award(record: Any, diploma: Mapping[str, Any]) -> None:
    award = etree.SubElement(record, "AcademicAward")
    _add(award, "AcademicAwardDate", diploma.get("diplomaAwardDate"))
    title = diploma.get("achievementTitle") or short(diploma.get("diplomaTypeDescriptor"))
    _add(award, "AcademicAwardTitle", title)


def _summary(record: Any, known: Mapping[str, Any], average: Mapping[str, Any]) -> None:
    summary = etree.SubElement(record, "AcademicSummary")
    weighted = "Unweighted" not in short(average.get("gradePointAverageTypeDescriptor"))
    _add(summary, "AcademicSummaryType", "Weighted" if weighted else "NonWeighted")
    points = etree.SubElement(summary, "GPA")
    _add(points, "CreditHoursAttempted", known.get("cumulativeAttemptedCredits"))
    _add(points, "CreditHoursEarned", known.get("cumulativeEarnedCredits"))
    _add(points, "GradePointAverage", average.get("gradePointAverageValue"))
    _add(points, "GPARangeMaximum", average.get("maxGradePointAverageValue"))


def _session(record: Any, known: Mapping[str, Any], facts: Facts) -> None:
    year, term = known["schoolYearTypeReference"]["schoolYear"], known["termDescriptor"]
    session = etree.SubElement(record, "AcademicSession")
    detail = etree.SubElement(session, "AcademicSessionDetail")
    _add(detail, "SessionName", short(term))
    _add(detail, "SessionSchoolYear", f"{int(year) - 1}-{year}")
    for course in courses_of(known, facts):
        _course(session, course, facts)


def courses_of(record: Mapping[str, Any], facts: Facts) -> Iterator[Mapping[str, Any]]:
    """Yield the course transcripts that belong to an academic record."""
    key = {
        "schoolYear": record["schoolYearTypeReference"]["schoolYear"],
        "termDescriptor": record["termDescriptor"],
        "educationOrganizationId": record["educationOrganizationReference"]["educationOrganizationId"],
    }
    for one in facts.get("courseTranscripts", ()):
        if {name: one["studentAcademicRecordReference"].get(name) for name in key} == key:
            yield one


def title_of(course: Mapping[str, Any], facts: Facts) -> str:
    """Return the title of a course that a transcript names: its own, or that of the course itself."""
    reference = course["courseReference"]
    own = course.get("courseTitle") or course.get("alternativeCourseTitle")
    known = (
        one["courseTitle"] for one in facts.get("courses", ())
        if one["courseCode"] == reference["courseCode"]
        and one["educationOrganizationReference"] == {
            "educationOrganizationId": reference["educationOrganizationId"]}
    )  # fmt: skip
    return str(own or next(known, reference["courseCode"]))


def _course(session: Any, course: Mapping[str, Any], facts: Facts) -> None:
    inside = etree.SubElement(session, "Course")
    _add(inside, "CourseCreditBasis", "Regular")
    _add(inside, "CourseCreditLevel", LEVELS.get(short(course.get("whenTakenGradeLevelDescriptor"))))
    _add(inside, "CourseCreditValue", course.get("attemptedCredits"))
    _add(inside, "CourseCreditEarned", course.get("earnedCredits"))
    grade = course.get("finalLetterGradeEarned", course.get("finalNumericGradeEarned"))
    _add(inside, "CourseAcademicGrade", grade)
    _add(inside, "CourseNumber", course["courseReference"]["courseCode"])
    _add(inside, "CourseTitle", title_of(course, facts))


def _level(inside: Any, code: str | None) -> None:
    if code:
        _add(etree.SubElement(inside, "StudentLevel"), "StudentLevelCode", code)


def _records(facts: Facts) -> list[Mapping[str, Any]]:
    """Return the academic records, the oldest first."""
    records: Iterable[Mapping[str, Any]] = facts.get("studentAcademicRecords", ())
    return sorted(records, key=lambda one: (one["schoolYearTypeReference"]["schoolYear"], one["termDescriptor"]))


def _add(inside: Any, name: str, value: Any) -> None:
    """Add an element with a value, where there is one; signs that XML cannot have become spaces."""
    if value is not None and value != "":
        etree.SubElement(inside, name).text = "".join(sign if _is_sign(sign) else " " for sign in str(value))


def _is_sign(sign: str) -> bool:
    """Tell whether XML 1.0 can have a sign."""
    return sign in "\t\n\r" or " " <= sign <= "\ud7ff" or "\ue000" <= sign <= "\ufffd" or sign >= "\U00010000"
