"""OneRoster results: what a student got for a piece of work.

The standard wants a day: where a source states none, the day on which the work was due, or else given out, stands in.
"""

from __future__ import annotations

from standards.lenses.formats import day
from standards.oneroster.resources.gradebook import marks
from standards.oneroster.resources.parts import HEAD, metadata, reference
from standards.view import Branch, Reference, View, value

CLASS = reference("class", "section", "classes", "class")

VIEW = View(
    "results",
    "oneroster",
    "result",
    (
        Branch(
            "result",
            (
                *HEAD,
                metadata("results"),
                reference("lineItem", "lineItem", "lineItems", "lineItem"),
                reference("student", "student", "users", "user"),
                CLASS,
                Reference("", "lineItem", (CLASS,)),
                reference("scoreScale", "scoreScale", "scoreScales", "scoreScale"),
                value("scoreDate", "date", "lineItem.due", "lineItem.assigned", form=day, type="date"),
                *marks("score", "grade"),
            ),
            needs=("lineItem", "student"),
        ),
    ),
)
