"""OneRoster classes: a course taught to a group of students in certain terms."""

from __future__ import annotations

from standards.codes import outward
from standards.oneroster.parts import HEAD, metadata, reference, references
from standards.view import Branch, Const, Hop, Links, View, v

VIEW = View(
    "classes",
    "oneroster",
    "class",
    (
        Branch(
            "section",
            (
                *HEAD,
                metadata("classes"),
                v("title", "title", "offering.title", "offering.course.title", "offering.code", "identifier"),
                v("classCode", "code", "offering.code"),
                v("classType", "kind", form=outward("classType", "oneroster")),
                Const("classType", "scheduled"),
                v("location"),
                v("grades", "grades", "offering.course.grades", form=outward("gradeLevel", "oneroster")),
                v("subjects", "subjects", "offering.course.subjects", form=outward("subject", "oneroster")),
                Hop("", "offering", (reference("course", "course", "courses", "course"),)),
                reference("school", "school", "orgs", "org"),
                references("terms", (Links("terms"),), "academicSessions", "academicSession"),
                v("subjectCodes", "subjectCodes", "offering.course.subjectCodes"),
                v("periods"),
                references("resources", (Links("resources"),), "resources", "resource"),
            ),
        ),
    ),
)
