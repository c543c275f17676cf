"""Course offerings: a course in a school in a session."""

from __future__ import annotations

from standards.edfi.model.mapping import mapped
from standards.edfi.model.references import TARGETS, organization_number
from standards.lenses.lens import same, split
from standards.view import Const, Hop, Href, Obj, v

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
    v("localCourseCode", "derivedCode", "code"),
    Obj("sessionReference", (
        organization_number("schoolId", "session.school", "school"),
        v("schoolYear", "session.schoolYear", type="integer"),
        v("sessionName", "session.derivedName", "session.name"),
        Hop("", "session", (
            Obj("link", (Const("rel", "Session"), Href("href", "/ed-fi/sessions")), guard="school"),
        )),
        Hop("", "schoolSession", TARGETS["Session"].link("Session")),
    ), guard="session"),
))  # fmt: skip
LENS, VIEW = OFFERINGS.lens, OFFERINGS.view
