"""The gradebook of a district as Ed-Fi interchange elements."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.demo.data.edfi import elements as xml
from gateway.demo.data.edfi.schools import section_titles

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.demo.data.records import FictionalDistrict, LineItem, Result

NAMESPACE = "uri://sis.example/Gradebook"
TYPES = {"Homework": "Homework", "Tests": "Unit Test", "Participation": "Activity"}
STATUSES = {"fully graded": "Graded", "not submitted": "Not Submitted"}


def gradebook(district: FictionalDistrict) -> Iterator[str]:
    """Yield the gradebook entries of a few sections, and the students' results."""
    titles = section_titles(district)
    sections = {one.id: xml.section(one, titles[one.id], district.school_year) for one in district.sections}
    types = {one.id: TYPES[one.title] for one in district.categories}
    for item in district.line_items:
        yield _entry(item, sections[item.section], types[item.category])
    students = {one.id: xml.student(one.state_id) for one in district.students}
    for result in district.results:
        yield _result(result, students[result.student])


def _key(identifier: str) -> str:
    return xml.text("GradebookEntryIdentifier", identifier) + xml.text("Namespace", NAMESPACE)


def _entry(one: LineItem, section: str, kind: str) -> str:
    return xml.element(
        "GradebookEntry",
        _key(one.id),
        xml.text("SourceSectionIdentifier", one.section),
        section,
        xml.day("DateAssigned", one.assigned),
        xml.text("Title", one.title),
        xml.text("Description", f"{one.title}, for marks"),
        xml.day("DueDate", one.due),
        xml.code("GradebookEntryType", "GradebookEntryType", kind),
        xml.text("MaxPoints", one.maximum),
    )


def _result(one: Result, student: str) -> str:
    return xml.element(
        "StudentGradebookEntry",
        xml.reference("GradebookEntryReference", "GradebookEntry", _key(one.line_item)),
        student,
        xml.day("DateFulfilled", one.day if one.score else None),
        xml.text("DiagnosticStatement", one.comment),
        xml.text("PointsEarned", one.score),
        xml.code("SubmissionStatus", "SubmissionStatus", STATUSES[one.status]),
        xml.code("AssignmentLateStatus", "AssignmentLateStatus", "Late" if one.late else "Not Late"),
    )
