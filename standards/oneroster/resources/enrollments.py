"""OneRoster enrollments: students placed in classes, the staff who teach them, and whoever has another role there.

Only a teacher can be the primary one of a class: for students primary is false where the source states nothing.
"""

from __future__ import annotations

from standards.codes import outward
from standards.lenses.formats import truth
from standards.oneroster.resources.parts import HEAD, metadata, reference, until
from standards.view import Branch, Const, Node, Reference, View, value


def _members(person: str, *role: Node, primary: tuple[Node, ...] = ()) -> tuple[Node, ...]:
    return (
        *HEAD,
        metadata("enrollments"),
        reference("user", person, "users", "user"),
        reference("class", "section", "classes", "class"),
        Reference("", "section", (reference("school", "school", "orgs", "org"),)),
        value("role", form=outward("enrollmentRole", "oneroster")),
        *role,
        value("primary", form=truth),
        *primary,
        value("beginDate", "begin", type="date"),
        until("end"),
    )


VIEW = View(
    "enrollments",
    "oneroster",
    "enrollment",
    (
        Branch("placement", _members("student", Const("role", "student"), primary=(Const("primary", "false"),))),
        Branch("teaching", _members("staff", Const("role", "teacher"))),
        *(
            Branch(f"{person}Involvement", _members(person), requires=("role",))
            for person in ("student", "staff", "contact")
        ),
    ),
)
