"""The gradebook in OneRoster's bulk files, in the words of the vocabulary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standards.lenses.lens import coded, same
from standards.oneroster.csv.words import braced, own, ref

if TYPE_CHECKING:
    from standards.lenses.lens import Pair

GRADEBOOK: dict[tuple[str, str], tuple[Pair, ...]] = {
    ("categories", "gradebookCategory"): (
        *own("categories"),
        same("title", "title"),
        same("weight", "weight", "number"),
    ),
    ("lineItems", "lineItem"): (
        *own("lineItems"),
        same("title", "title"),
        same("description", "description"),
        same("assignDate", "assigned", "datetime"),
        same("dueDate", "due", "datetime"),
        ref("class", "section"),
        ref("category", "category"),
        ref("gradingPeriod", "gradingPeriod"),
        ref("academicSession", "session"),
        same("resultValueMin", "minimum", "number"),
        same("resultValueMax", "maximum", "number"),
        ref("school", "school"),
    ),
    ("results", "result"): (
        *own("results"),
        ref("lineItem", "lineItem"),
        ref("student", "student"),
        coded("scoreStatus", "status", "scoreStatus"),
        same("score", "score", "number"),
        same("scoreDate", "date", "date"),
        same("comment", "comment"),
        same("textScore", "textScore"),
        ref("class", "section"),
        *(same(name, name, "truth") for name in ("inProgress", "incomplete", "late", "missing")),
    ),
    ("scoreScales", "scoreScale"): (
        *own("scoreScales"),
        same("title", "title"),
        same("type", "kind"),
        ref("course", "course"),
        ref("class", "section"),
        braced("scoreScaleValue", "values", "score", "mark"),
    ),
}
