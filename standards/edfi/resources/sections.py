"""Sections: a course offering as it is taught to one group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from standards.edfi.model.mapping import mapped
from standards.edfi.model.references import TARGETS, key_in, organization_number
from standards.edfi.resources.lists import codes_in, objects
from standards.lenses.lens import read_only, same, split
from standards.view import Object, Reference, value

if TYPE_CHECKING:
    from collections.abc import Mapping

_OFFERING = ("localCourseCode", "schoolId", "schoolYear", "sessionName")


def _of_offering(document: Mapping[str, Any], *members: str) -> tuple[str, ...] | None:
    offering = document.get("courseOfferingReference")
    parts = [offering.get(member) if isinstance(offering, dict) else None for member in members]
    return None if None in parts else tuple(map(str, parts))


def _school(document: Mapping[str, Any]) -> tuple[str, ...] | None:
    return _of_offering(document, "schoolId")


def _terms(document: Mapping[str, Any]) -> list[tuple[str, ...]] | None:
    session = _of_offering(document, "schoolId", "schoolYear", "sessionName")
    return [session] if session else None


def _periods(document: Mapping[str, Any]) -> list[str] | None:
    found = [key_in(item, "classPeriodReference", ("classPeriodName",)) for item in objects(document, "classPeriods")]
    return [key[0] for key in found if key] or None


SECTIONS = mapped("sections", "section", (
    "courseOfferingReference.localCourseCode", "courseOfferingReference.schoolId",
    "courseOfferingReference.schoolYear", "sectionIdentifier", "courseOfferingReference.sessionName",
), (
    same("sectionIdentifier", "identifier"),
    same("sectionName", "title"),
    split([f"courseOfferingReference.{member}" for member in _OFFERING], "offering",
          ("text", "integer", "integer", "text")),
    read_only((), "school", _school),
    read_only((), "terms", _terms),
    same("locationReference.classroomIdentificationCode", "location"),
    read_only((), "periods", _periods),
    codes_in("offeredGradeLevels", "gradeLevelDescriptor", "grades", "gradeLevel"),
), nodes=(
    *(node for node in TARGETS["Section"].nodes if node.name == "sectionIdentifier"),
    Reference("courseOfferingReference", "offering", (
        *TARGETS["CourseOffering"].nodes, *TARGETS["CourseOffering"].link("CourseOffering"),
    )),
    Object("locationReference", (
        value("classroomIdentificationCode", "location"),
        value("schoolId", "edfi.sections.locationReference.schoolId", type="integer"),
        organization_number("schoolId", "locationSchool"),
    )),
))  # fmt: skip
LENS, VIEW = SECTIONS.lens, SECTIONS.view
