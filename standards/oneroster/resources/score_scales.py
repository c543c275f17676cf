"""OneRoster score scales: how scores are turned into marks."""

from __future__ import annotations

from standards.oneroster.resources.parts import HEAD, metadata, reference
from standards.view import Branch, Hop, Items, Many, View, v

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
                v("title", "title", "kind"),
                v("type", "kind"),
                reference("course", "course", "courses", "course"),
                Hop("", "section", (Hop("", "offering", (reference("course", "course", "courses", "course"),)),)),
                reference("class", "section", "classes", "class"),
                Many(
                    "scoreScaleValue",
                    (Items("values"),),
                    (v("itemValueLHS", "score"), v("itemValueRHS", "mark")),
                ),
            ),
            needs=("class", "scoreScaleValue"),
        ),
    ),
)
