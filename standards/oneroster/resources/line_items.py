"""OneRoster line items: the pieces of work that the students of a class are graded on.

The standard wants a day of assignment and a due day: where a source states one of them, it stands for both.
"""

from __future__ import annotations

from standards.lenses.formats import moment
from standards.oneroster.resources.gradebook import objectives
from standards.oneroster.resources.parts import HEAD, metadata, reference
from standards.view import Branch, Reference, View, value

SCHOOL = reference("school", "school", "orgs", "org")

VIEW = View(
    "lineItems",
    "oneroster",
    "lineItem",
    (
        Branch(
            "lineItem",
            (
                *HEAD,
                metadata("lineItems"),
                value("title", "title", "description"),
                value("description"),
                value("assignDate", "assigned", "due", form=moment, type="datetime"),
                value("dueDate", "due", "assigned", form=moment, type="datetime"),
                reference("class", "section", "classes", "class"),
                SCHOOL,
                Reference("", "section", (SCHOOL,)),
                reference("category", "category", "categories", "category"),
                reference("gradingPeriod", "gradingPeriod", "academicSessions", "academicSession"),
                reference("academicSession", "session", "academicSessions", "academicSession"),
                reference("academicSession", "gradingPeriod", "academicSessions", "academicSession"),
                reference("scoreScale", "scoreScale", "scoreScales", "scoreScale"),
                value("resultValueMin", "minimum", type="number"),
                value("resultValueMax", "maximum", type="number"),
                value("learningObjectiveSet", "objectives", form=objectives),
            ),
            needs=("class", "school", "category"),
        ),
    ),
)
