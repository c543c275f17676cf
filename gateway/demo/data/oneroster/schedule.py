"""Everything but people as rows of OneRoster 1.2 files: orgs, sessions, courses, classes, gradebook, resources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standards.days import day_after

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.demo.data.oneroster.ids import Ids
    from gateway.demo.data.records import FictionalDistrict

Row = dict[str, str]
BELL = "metadata.crossing.bell"
CLASS_RESOURCES = 40
TRUTH = {True: "true", False: "false"}


def orgs(district: FictionalDistrict, ids: Ids) -> Iterator[Row]:
    """Yield the district and its schools."""
    for one in district.organizations:
        yield {
            "sourcedId": ids.org(one.id),
            "name": one.name,
            "type": "school" if one.parent else "district",
            "identifier": one.id,
            "parentSourcedId": ids.org(one.parent) if one.parent else "",
        }


def sessions(district: FictionalDistrict, ids: Ids) -> Iterator[Row]:
    """Yield the tree of academic sessions."""
    for one in district.sessions:
        yield {
            "sourcedId": ids.session(one.id),
            "title": one.title,
            "type": one.kind,
            "startDate": one.begin.isoformat(),
            "endDate": day_after(one.end.isoformat()),
            "parentSourcedId": ids.session(one.parent) if one.parent else "",
            "schoolYear": str(district.school_year),
        }


def courses(district: FictionalDistrict, ids: Ids) -> Iterator[Row]:
    """Yield the course catalogue."""
    for one in district.courses:
        yield {
            "sourcedId": ids.course(one.id),
            "schoolYearSourcedId": ids.session("sy"),
            "title": one.title,
            "courseCode": one.id,
            "grades": ",".join(one.grades),
            "orgSourcedId": ids.org(district.organizations[0].id),
            "subjects": one.subject,
            "subjectCodes": one.subject_code,
        }


def classes(district: FictionalDistrict, ids: Ids) -> Iterator[Row]:
    """Yield every class that meets."""
    catalogue = {one.id: one for one in district.courses}
    for one in district.sections:
        course = catalogue[one.course]
        yield {
            "sourcedId": ids.section(one.id),
            "title": one.title,
            "grades": ",".join(one.grades),
            "courseSourcedId": ids.course(one.course),
            "classCode": one.code,
            "classType": one.kind,
            "location": one.room,
            "schoolSourcedId": ids.org(one.school),
            "termSourcedIds": ",".join(ids.session(term) for term in one.terms),
            "subjects": course.subject,
            "subjectCodes": course.subject_code,
            "periods": ",".join(one.periods),
            BELL: "Homeroom" if one.kind == "homeroom" else f"Bell {one.periods[0]}",
        }


def categories(district: FictionalDistrict, ids: Ids) -> Iterator[Row]:
    """Yield the categories of the gradebook."""
    for one in district.categories:
        yield {"sourcedId": ids.other(one.id), "title": one.title, "weight": one.weight}


def line_items(district: FictionalDistrict, ids: Ids) -> Iterator[Row]:
    """Yield the line items of a few classes."""
    for one in district.line_items:
        yield {
            "sourcedId": ids.other(one.id),
            "title": one.title,
            "description": f"{one.title}, for marks",
            "assignDate": one.assigned.isoformat(),
            "dueDate": one.due.isoformat(),
            "classSourcedId": ids.section(one.section),
            "categorySourcedId": ids.other(one.category),
            "academicSessionSourcedId": ids.session(one.session),
            "resultValueMin": "0",
            "resultValueMax": one.maximum,
            "schoolSourcedId": ids.org(one.school),
        }


def results(district: FictionalDistrict, ids: Ids) -> Iterator[Row]:
    """Yield the students' results."""
    for one in district.results:
        yield {
            "sourcedId": ids.other(one.id),
            "lineItemSourcedId": ids.other(one.line_item),
            "studentSourcedId": ids.student(one.student),
            "scoreStatus": one.status,
            "score": one.score,
            "scoreDate": one.day.isoformat(),
            "comment": one.comment,
            "classSourcedId": ids.section(one.section),
            "inProgress": "false",
            "incomplete": "false",
            "late": TRUTH[one.late],
            "missing": TRUTH[not one.score],
        }


def resources(district: FictionalDistrict, ids: Ids) -> Iterator[Row]:
    """Yield the digital textbooks."""
    for one in district.resources:
        yield {
            "sourcedId": ids.other(one.id),
            "vendorResourceId": one.vendor_id,
            "title": one.title,
            "roles": "student,teacher",
            "importance": "primary",
            "vendorId": one.vendor,
            "applicationId": f"{one.vendor}-web",
        }


def course_resources(district: FictionalDistrict, ids: Ids) -> Iterator[Row]:
    """Yield the resources of each course."""
    for one in district.resources:
        yield {
            "sourcedId": ids.other(f"c{one.id}"),
            "title": one.title,
            "courseSourcedId": ids.course(one.course),
            "resourceSourcedId": ids.other(one.id),
        }


def class_resources(district: FictionalDistrict, ids: Ids) -> Iterator[Row]:
    """Yield the resources of a few classes, which repeat their course's."""
    by_course = {one.course: one for one in district.resources}
    for section in district.sections[:CLASS_RESOURCES]:
        one = by_course.get(section.course)
        if one:
            yield {
                "sourcedId": ids.other(f"k{section.id}"),
                "title": one.title,
                "classSourcedId": ids.section(section.id),
                "resourceSourcedId": ids.other(one.id),
            }
