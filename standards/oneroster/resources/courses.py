"""OneRoster courses: what is taught, whoever teaches it and when."""

from __future__ import annotations

from standards.codes import outward
from standards.oneroster.resources.parts import HEAD, metadata, reference, references
from standards.view import Branch, Links, View, value

VIEW = View(
    "courses",
    "oneroster",
    "course",
    (
        Branch(
            "course",
            (
                *HEAD,
                metadata("courses"),
                value("title", "title", "code"),
                reference("schoolYear", "schoolYear", "academicSessions", "academicSession"),
                value("courseCode", "code"),
                value("grades", form=outward("gradeLevel", "oneroster")),
                value("subjects", form=outward("subject", "oneroster")),
                reference("org", "organization", "orgs", "org"),
                value("subjectCodes"),
                references("resources", (Links("resources"),), "resources", "resource"),
            ),
        ),
    ),
)
