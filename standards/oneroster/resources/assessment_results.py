"""OneRoster assessment results: what a student reached in a test."""

from __future__ import annotations

from standards.lenses.formats import day
from standards.oneroster.resources.gradebook import marks
from standards.oneroster.resources.parts import HEAD, metadata, reference
from standards.view import Branch, View, value

VIEW = View(
    "assessmentResults",
    "oneroster",
    "assessmentResult",
    (
        Branch(
            "assessmentResult",
            (
                *HEAD,
                metadata("assessmentResults"),
                reference("assessmentLineItem", "assessment", "assessmentLineItems", "assessmentLineItem"),
                reference("student", "student", "users", "user"),
                value("scoreDate", "date", form=day, type="date"),
                reference("scoreScale", "scoreScale", "scoreScales", "scoreScale"),
                value("scorePercentile", "percentile", type="number"),
                *marks("score"),
            ),
            needs=("assessmentLineItem", "student"),
        ),
    ),
)
