"""OneRoster classes: a course taught to a group of students in certain terms.

Ed-Fi marks a student's section association as the student's homeroom: such a class is a homeroom.
"""

from __future__ import annotations

from standards.codes import outward
from standards.oneroster.resources.parts import HEAD, metadata, reference, references
from standards.view import Branch, Children, Const, Links, List, Reference, View, value

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
                value("title", "title", "offering.title", "offering.course.title", "offering.code", "identifier"),
                value("classCode", "code", "offering.code"),
                value("classType", "kind", form=outward("classType", "oneroster")),
                List(
                    "classType",
                    (Children("placement", "section"),),
                    (value("classType", "homeroom", form=lambda homeroom: "homeroom" if homeroom else None),),
                    bare=True,
                    single="least",
                ),
                Const("classType", "scheduled"),
                value("location"),
                value("grades", "grades", "offering.course.grades", form=outward("gradeLevel", "oneroster")),
                value("subjects", "subjects", "offering.course.subjects", form=outward("subject", "oneroster")),
                Reference("", "offering", (reference("course", "course", "courses", "course"),)),
                reference("school", "school", "orgs", "org"),
                references("terms", (Links("terms"),), "academicSessions", "academicSession"),
                value("subjectCodes", "subjectCodes", "offering.course.subjectCodes"),
                value("periods"),
                references("resources", (Links("resources"),), "resources", "resource"),
            ),
        ),
    ),
)
