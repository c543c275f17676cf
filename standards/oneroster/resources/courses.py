"""OneRoster courses: what is taught, whoever teaches it and when."""

from __future__ import annotations

from standards.codes import outward
from standards.oneroster.resources.parts import HEAD, metadata, reference, references
from standards.view import Branch, Links, View, v

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
                v("title", "title", "code"),
                reference("schoolYear", "schoolYear", "academicSessions", "academicSession"),
                v("courseCode", "code"),
                v("grades", form=outward("gradeLevel", "oneroster")),
                v("subjects", form=outward("subject", "oneroster")),
                reference("org", "organization", "orgs", "org"),
                v("subjectCodes"),
                references("resources", (Links("resources"),), "resources", "resource"),
            ),
        ),
    ),
)
