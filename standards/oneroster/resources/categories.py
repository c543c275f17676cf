"""OneRoster categories: the kinds of work in a gradebook, such as homework."""

from __future__ import annotations

from standards.oneroster.resources.parts import HEAD, metadata
from standards.view import Branch, View, value

VIEW = View(
    "categories",
    "oneroster",
    "category",
    (Branch("gradebookCategory", (*HEAD, metadata("categories"), value("title"), value("weight", type="number"))),),
)
