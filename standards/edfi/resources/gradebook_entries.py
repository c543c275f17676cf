"""Gradebook entries: the pieces of work that students are graded on.

Ed-Fi has no categories of work, only types of entries: each type in use stands for one category, and entries
without a type are of the category `UNCATEGORIZED`, since OneRoster has no line item without one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from standards.codes import inward, outward
from standards.edfi.model.mapping import mapped
from standards.edfi.model.references import TARGETS, key_in, period_nodes
from standards.edfi.resources.lists import objects
from standards.lenses.formats import day
from standards.lenses.lens import coded, converted, read_only, same, split
from standards.lenses.types import reading
from standards.view import Const, Follow, Href, Id, List, Object, Reference, value

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

UNCATEGORIZED = "Uncategorized"
_SECTION = TARGETS["Section"].members
_moment = reading("datetime", textual=False)
_PERIOD = TARGETS["GradingPeriod"]


def category(document: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the key of the category that an entry counts as: the type of the entry."""
    return (inward("gradebookEntryType", "edfi")(str(document.get("gradebookEntryTypeDescriptor") or UNCATEGORIZED)),)


def category_record(key: tuple[str, ...]) -> dict[str, Any]:
    """Make the category with a *key* as a record of its own."""
    return {"key": key, "title": outward("gradebookEntryType", "oneroster")(key[0])}


def _of_section(*members: str) -> Callable[[Mapping[str, Any]], tuple[str, ...] | None]:
    return lambda document: key_in(document, "sectionReference", members)


def _type(title: str) -> str | None:
    """Return the type of entry that a category of another system stands for."""
    return None if title == UNCATEGORIZED else outward("gradebookEntryType", "edfi")(title)


def _objectives(document: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """Return the learning standards of an entry as objectives from an unknown catalogue."""
    standards = [
        key_in(item, "learningStandardReference", ("learningStandardId",))
        for item in objects(document, "learningStandards")
    ]
    found = [key[0] for key in standards if key]
    return [{"source": "unknown", "learningObjectiveIds": found}] if found else None


ENTRIES = mapped("gradebookEntries", "lineItem", ("gradebookEntryIdentifier", "namespace"), (
    same("title", "title"),
    same("description", "description"),
    coded("gradebookEntryTypeDescriptor", "kind", "gradebookEntryType"),
    converted("dateAssigned", "assigned", _moment, day),
    converted("dueDate", "due", _moment, day),
    split([f"sectionReference.{member}" for member in _SECTION], "section",
          ("text", "integer", "integer", "text", "text")),
    split([f"gradingPeriodReference.{member}" for member in _PERIOD.members], "gradingPeriod",
          ("integer", "integer", "text", "text"), _PERIOD.prefix),
    same("maxPoints", "maximum", "number"),
    read_only((), "school", _of_section("schoolId")),
    read_only((), "session", _of_section("schoolId", "schoolYear", "sessionName")),
    read_only((), "category", category),
    read_only((), "objectives", _objectives),
), nodes=(
    value("dateAssigned", "assigned", "due", form=day, type="date"),
    value("dueDate", "due", form=day, type="date"),
    Object("gradingPeriodReference", (
        *period_nodes("gradingPeriod.", "gradingPeriod.school", "school", "section.school"),
        Reference("", "gradingPeriod", (
            Object("link", (Const("rel", "GradingPeriod"), Href("href", "/ed-fi/gradingPeriods")), guard="school"),
        )),
    ), guard="gradingPeriod"),
), otherwise=(
    Id("gradebookEntryIdentifier"),
    *(node for node in TARGETS["GradebookEntry"].nodes if isinstance(node, Const)),
    value("sourceSectionIdentifier", "section.identifier"),
    List("sourceSectionIdentifier", (Follow("section"),), (Id("id"),), bare=True, single="least"),
    value("gradebookEntryTypeDescriptor", "category.title", form=_type),
))  # fmt: skip
LENS, VIEW = ENTRIES.lens, ENTRIES.view
