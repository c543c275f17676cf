"""OneRoster classes: a course taught to a group of students in certain terms.

Ed-Fi says of a student's place in a class that it is the student's homeroom: such a class is one.
"""

from __future__ import annotations

from standards.codes import outward
from standards.oneroster.resources.parts import HEAD, metadata, reference, references
from standards.view import Branch, Const, Hop, Kids, Links, Many, View, v

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
                Many(
                    "classType",
                    (Kids("placement", "section"),),
                    (v("classType", "homeroom", form=lambda homeroom: "homeroom" if homeroom else None),),
                    bare=True,
                    single="least",
                ),
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
