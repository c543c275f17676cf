"""Course offerings: a course in a school in a session."""

from __future__ import annotations

from standards.edfi.mapping import mapped
from standards.lens import same, split

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
))  # fmt: skip
LENS, VIEW = OFFERINGS.lens, OFFERINGS.view
