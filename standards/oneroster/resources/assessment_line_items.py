"""OneRoster assessment line items: tests and their parts, whoever takes them."""

from __future__ import annotations

from standards.oneroster.resources.gradebook import objectives
from standards.oneroster.resources.parts import HEAD, metadata, reference
from standards.view import Branch, View, value

VIEW = View(
    "assessmentLineItems",
    "oneroster",
    "assessmentLineItem",
    (
        Branch(
            "assessment",
            (
                *HEAD,
                metadata("assessmentLineItems"),
                value("title", "title", "identifier"),
                value("description"),
                reference("class", "section", "classes", "class"),
                reference("parentAssessmentLineItem", "parent", "assessmentLineItems", "assessmentLineItem"),
                reference("scoreScale", "scoreScale", "scoreScales", "scoreScale"),
                value("resultValueMin", "minimum", type="number"),
                value("resultValueMax", "maximum", type="number"),
                value("learningObjectiveSet", "objectives", form=objectives),
            ),
        ),
    ),
)
