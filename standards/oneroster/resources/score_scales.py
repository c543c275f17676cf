"""OneRoster score scales: how scores are turned into marks."""

from __future__ import annotations

from standards.oneroster.resources.parts import HEAD, metadata, reference
from standards.view import Branch, Items, List, Reference, View, value

VIEW = View(
    "scoreScales",
    "oneroster",
    "scoreScale",
    (
        Branch(
            "scoreScale",
            (
                *HEAD,
                metadata("scoreScales"),
                value("title", "title", "kind"),
                value("type", "kind"),
                reference("course", "course", "courses", "course"),
                Reference(
                    "", "section", (Reference("", "offering", (reference("course", "course", "courses", "course"),)),)
                ),
                reference("class", "section", "classes", "class"),
                List(
                    "scoreScaleValue",
                    (Items("values"),),
                    (value("itemValueLHS", "score"), value("itemValueRHS", "mark")),
                ),
            ),
            needs=("class", "scoreScaleValue"),
        ),
    ),
)
