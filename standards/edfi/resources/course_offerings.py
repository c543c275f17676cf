"""Course offerings: a course in a school in a session."""

from __future__ import annotations

from standards.edfi.model.mapping import mapped
from standards.edfi.model.references import TARGETS, organization_number
from standards.lenses.lens import same, split
from standards.view import Const, Href, Object, Reference, value

OFFERINGS = mapped("courseOfferings", "offering", (
    "localCourseCode", "schoolReference.schoolId", "sessionReference.schoolYear", "sessionReference.sessionName",
), (
    same("localCourseCode", "code"),
    same("localCourseTitle", "title"),
    split(("courseReference.courseCode", "courseReference.educationOrganizationId"), "course", ("text", "integer")),
    split(("schoolReference.schoolId",), "school", ("integer",)),
    split(("sessionReference.schoolId", "sessionReference.schoolYear", "sessionReference.sessionName"), "session",
          ("integer", "integer", "text")),
    same("instructionalTimePlanned", "instructionalTimePlanned", "integer"),
), nodes=(
    value("localCourseCode", "derivedCode", "code"),
    Object("sessionReference", (
        organization_number("schoolId", "session.school", "school"),
        value("schoolYear", "session.schoolYear", type="integer"),
        value("sessionName", "session.derivedName", "session.name"),
        Reference("", "session", (
            Object("link", (Const("rel", "Session"), Href("href", "/ed-fi/sessions")), guard="school"),
        )),
        Reference("", "schoolSession", TARGETS["Session"].link("Session")),
    ), guard="session"),
))  # fmt: skip
LENS, VIEW = OFFERINGS.lens, OFFERINGS.view
