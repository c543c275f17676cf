"""A district as Ed-Fi bulk interchange files, Data Standard 5.2."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.demo.data.edfi import enrollments, gradebook, people, schools

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from gateway.demo.data.records import FictionalDistrict

NAMESPACE = "http://ed-fi.org/5.2.0"
INTERCHANGES: dict[str, Callable[[FictionalDistrict], Iterator[str]]] = {
    "EducationOrganization": schools.organizations,
    "EducationOrgCalendar": schools.calendar,
    "MasterSchedule": schools.schedule,
    "Student": people.students,
    "Contact": people.contacts,
    "StaffAssociation": people.staff,
    "StudentEnrollment": enrollments.enrollments,
    "StudentAttendance": enrollments.attendance,
    "StudentProgram": enrollments.programs,
    "StudentGradebook": gradebook.gradebook,
}


def write_edfi_xml(district: FictionalDistrict, folder: Path) -> None:
    """Write *district* into *folder*, one file per interchange; an interchange with nothing in it has no file."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, elements in INTERCHANGES.items():
        _write(folder / f"{name}.xml", name, elements(district))


def _write(path: Path, name: str, elements: Iterator[str]) -> None:
    first = next(elements, None)
    if first is None:
        path.unlink(missing_ok=True)
        return
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(f'<?xml version="1.0" encoding="UTF-8"?>\n<Interchange{name} xmlns="{NAMESPACE}">\n{first}\n')
        file.writelines(f"{one}\n" for one in elements)
        file.write(f"</Interchange{name}>\n")
