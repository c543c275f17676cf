"""Targets of Ed-Fi references: the entity, the making of its natural key, and its display."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from standards.edfi.model.term_titles import period_of, period_titled
from standards.view import Const, Href, Id, Object, Value, value

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from standards.view import Node

RESOURCES = {
    "school": "School",
    "district": "LocalEducationAgency",
    "serviceCenter": "EducationServiceCenter",
    "state": "StateEducationAgency",
    "department": "OrganizationDepartment",
}
PATHS = {
    "school": "/ed-fi/schools",
    "district": "/ed-fi/localEducationAgencies",
    "serviceCenter": "/ed-fi/educationServiceCenters",
    "state": "/ed-fi/stateEducationAgencies",
    "department": "/ed-fi/organizationDepartments",
}
WHOLE = re.compile(r"-?[0-9]{1,19}")
INTEGER_LIMIT = 2**63
NUMBERED = ("identifier", "derivedIdentifier")


@dataclass(frozen=True, slots=True)
class Target:
    """An entity that Ed-Fi resources refer to.

    *members* are the members of a reference that make the natural key, in its order, after *prefix*; *nodes* show them
    from the entity's own fields. *collection* is empty for the abstract education organization, which is a resource of
    one kind or another.
    """

    entity: str
    members: tuple[str, ...]
    collection: str
    nodes: tuple[Node, ...]
    prefix: tuple[str, ...] = ()

    def link(self, rel: str) -> tuple[Node, ...]:
        """Show the address of the entity at hand, as a reference carries it."""
        if self.collection:
            return (Object("link", (Const("rel", rel), Href("href", f"/ed-fi/{self.collection}"))),)
        return (Object("link", (Const("rel", RESOURCES, "kind"), Href("href", PATHS, "kind"))),)


def organization_id(identifier: str) -> int:
    """Return an organization's identifier as the whole number of 64 bits that Ed-Fi wants.

    One that is no such number becomes one between 2^48 and 2^49, always the same for it, and so does a number that lies
    there itself.
    """
    if (
        WHOLE.fullmatch(identifier)
        and -INTEGER_LIMIT <= (number := int(identifier)) < INTEGER_LIMIT
        and number >> 48 != 1
    ):
        return number
    return 1 << 48 | int.from_bytes(sha256(identifier.encode("utf-8", "surrogatepass")).digest()[:6])


def person(member: str) -> str:
    """Return the entity whose unique id *member* is; empty for any other member."""
    name = member.lower()
    return next((kind for kind in ("student", "staff", "contact") if name.endswith(f"{kind}uniqueid")), "")


def _organization(member: str, collection: str) -> Target:
    return Target("organization", (member,), collection, (organization_number(member),))


def _person(kind: str, collection: str) -> Target:
    return Target(kind, (f"{kind}UniqueId",), collection, (Id(f"{kind}UniqueId", unique=True),))


def organization_number(member: str, *paths: str) -> Value:
    """Show the number of the organization that the first of *paths* leads to; without paths the entity's own."""
    sources = [f"{path}.{name}" if path else name for path in paths or ("",) for name in NUMBERED]
    return Value(member, tuple(sources), organization_id, "integer")


def period_nodes(path: str, *schools: str) -> tuple[Node, ...]:
    """Show the key of the grading period that *path* leads to; *schools* lead to its school, the first stated."""
    return (
        value("gradingPeriodDescriptor", f"{path}term", form=period_of),
        value("gradingPeriodDescriptor", f"{path}name", form=period_titled),
        value("gradingPeriodName", f"{path}derivedName", f"{path}name"),
        organization_number("schoolId", *schools),
        value("schoolYear", f"{path}schoolYear", type="integer"),
    )


_OFFERING = ("localCourseCode", "schoolId", "schoolYear", "sessionName")
_SECTION = ("localCourseCode", "schoolId", "schoolYear", "sectionIdentifier", "sessionName")
_SESSION = ("schoolId", "schoolYear", "sessionName")
_PERIOD = ("schoolId", "schoolYear", "gradingPeriodDescriptor", "gradingPeriodName")

TARGETS: Mapping[str, Target] = {
    "EducationOrganization": _organization("educationOrganizationId", ""),
    "School": _organization("schoolId", "schools"),
    "LocalEducationAgency": _organization("localEducationAgencyId", "localEducationAgencies"),
    "EducationServiceCenter": _organization("educationServiceCenterId", "educationServiceCenters"),
    "StateEducationAgency": _organization("stateEducationAgencyId", "stateEducationAgencies"),
    "OrganizationDepartment": _organization("organizationDepartmentId", "organizationDepartments"),
    "Session": Target("session", _SESSION, "sessions", (
        organization_number("schoolId", "school"), value("schoolYear", type="integer"),
        value("sessionName", "derivedName", "name"),
    )),
    "GradingPeriod": Target("session", _PERIOD, "gradingPeriods", period_nodes("", "school"), ("gp",)),
    "Course": Target("course", ("courseCode", "educationOrganizationId"), "courses", (
        value("courseCode", "derivedCode", "code"), organization_number("educationOrganizationId", "organization"),
    )),
    "CourseOffering": Target("offering", _OFFERING, "courseOfferings", (
        value("localCourseCode", "derivedCode", "code"), organization_number("schoolId", "school"),
        value("schoolYear", "session.schoolYear", type="integer"),
        value("sessionName", "session.derivedName", "session.name"),
    )),
    "Section": Target("section", _SECTION, "sections", (
        value("localCourseCode", "offering.derivedCode", "offering.code", "code"),
        organization_number("schoolId", "school"),
        value("schoolYear", "offering.session.schoolYear", type="integer"),
        value("sectionIdentifier", "identifier"), Id("sectionIdentifier"),
        value("sessionName", "offering.session.derivedName", "offering.session.name"),
    )),
    "Student": _person("student", "students"),
    "Staff": _person("staff", "staffs"),
    "Contact": _person("contact", "contacts"),
    "StudentSchoolAssociation": Target("enrollment", ("entryDate", "schoolId", "studentUniqueId"),
                                       "studentSchoolAssociations", ()),
    "StudentEducationOrganizationAssociation": Target("profile", ("educationOrganizationId", "studentUniqueId"),
                                                      "studentEducationOrganizationAssociations", ()),
    "StudentSectionAssociation": Target("placement", ("beginDate", *_SECTION, "studentUniqueId"),
                                        "studentSectionAssociations", ()),
    "GradebookEntry": Target("lineItem", ("gradebookEntryIdentifier", "namespace"), "gradebookEntries", (
        value("gradebookEntryIdentifier", "edfi.gradebookEntries.gradebookEntryIdentifier"),
        Id("gradebookEntryIdentifier"), value("namespace", "edfi.gradebookEntries.namespace"),
        Const("namespace", "uri://local/GradebookEntry"),
    )),
    "Assessment": Target("assessment", ("assessmentIdentifier", "namespace"), "assessments", (
        value("assessmentIdentifier", "identifier"), Id("assessmentIdentifier"),
        value("namespace", "edfi.assessments.namespace"), Const("namespace", "uri://local/Assessment"),
    )),
}  # fmt: skip


def organization_of(members: Iterable[str]) -> Target | None:
    """Return the organization that the key of a native resource names, with which a reference to it is hidden."""
    own = next((name for name in ("schoolId", "educationOrganizationId") if name in members), "")
    return TARGETS["School" if own == "schoolId" else "EducationOrganization"] if own else None


def key_in(document: Mapping[str, Any], reference: str, members: Iterable[str]) -> tuple[str, ...] | None:
    """Return the key that some *members* of a *reference* make; None where one is missing."""
    found = document.get(reference)
    parts = [found.get(member) if isinstance(found, dict) else None for member in members]
    return None if None in parts else tuple(map(str, parts))
