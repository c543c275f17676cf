"""OneRoster assessment line items: tests and their parts, whoever takes them."""

from __future__ import annotations

from standards.oneroster.resources.gradebook import objectives
from standards.oneroster.resources.parts import HEAD, metadata, reference
from standards.view import Branch, View, v

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
                v("title", "title", "identifier"),
                v("description"),
                reference("class", "section", "classes", "class"),
                reference("parentAssessmentLineItem", "parent", "assessmentLineItems", "assessmentLineItem"),
                reference("scoreScale", "scoreScale", "scoreScales", "scoreScale"),
                v("resultValueMin", "minimum", type="number"),
                v("resultValueMax", "maximum", type="number"),
                v("learningObjectiveSet", "objectives", form=objectives),
            ),
        ),
    ),
)
