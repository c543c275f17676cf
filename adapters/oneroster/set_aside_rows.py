"""Rows of OneRoster's bulk files that are set aside: the entity of each, and the records made of the same row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from adapters.notes import USER, Aside
from standards.oneroster.csv import specification
from standards.oneroster.resources.classification import CLASS_ROLES, PERSON_OF, STUDENT, class_entity

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

UNREAD: Final = frozenset({"dateLastModified", "password", ""})
"""The columns that nobody reads: a bulk file needs no times of change, and what has no name is unknown."""

OWNERS: Final = frozenset({
    ("courses.csv", "orgSourcedId"), ("classes.csv", "schoolSourcedId"), ("enrollments.csv", "classSourcedId"),
    ("enrollments.csv", "userSourcedId"), ("roles.csv", "userSourcedId"), ("roles.csv", "orgSourcedId"),
    ("demographics.csv", specification.ID), ("userProfiles.csv", "userSourcedId"), ("results.csv", "studentSourcedId"),
    ("results.csv", "lineItemSourcedId"),
})  # fmt: skip
"""The references without which a row is no record."""

LINKS: Final = {
    "courseResources.csv": ("course", "courseSourcedId"),
    "classResources.csv": ("section", "classSourcedId"),
    "userResources.csv": (USER, "userSourcedId"),
    "lineItemLearningObjectiveIds.csv": ("lineItem", "lineItemSourcedId"),
    "lineItemScoreScales.csv": ("lineItem", "lineItemSourcedId"),
    "resultLearningObjectiveIds.csv": ("result", "resultSourcedId"),
    "resultScoreScales.csv": ("result", "resultSourcedId"),
}
"""The files whose rows are a part of another record: its entity, and the column with its id."""

PARTS: Final = {**LINKS, "demographics.csv": (USER, specification.ID), "userProfiles.csv": (USER, "userSourcedId")}
ENTITIES: Final = {
    "orgs.csv": "organization", "academicSessions.csv": "session", "resources.csv": "resource", "courses.csv": "course",
    "classes.csv": "section", "users.csv": USER, "categories.csv": "gradebookCategory", "scoreScales.csv": "scoreScale",
    "lineItems.csv": "lineItem", "results.csv": "result",
}  # fmt: skip
OF_A_USER: Final = frozenset({"profile", "enrollment", "employment", "guardianship"})
MADE: Final = {USER: OF_A_USER, "section": frozenset({"offering", "schoolSession"})}
MEMBERSHIPS: Final = {"student": "enrollment", "staff": "employment"}


def aside(file: str, cell: Callable[[str], str], place: str, reason: str, column: str = "") -> Aside:
    """Describe a row of a *file* that is set aside; *cell* finds its cell in a column."""
    if file in PARTS:
        entity, whose = PARTS[file]
        return Aside(entity, place, reason, _key(cell(whose)), column, part=True)
    if file == "roles.csv":
        return _role(cell, place, reason, column)
    entity = enrollment(cell("role")) if file == "enrollments.csv" else ENTITIES[file]
    return Aside(entity, place, reason, _key(cell(specification.ID)), column, made=MADE.get(entity, frozenset()))


def enrollment(role: str) -> str:
    """Return the entity an enrollment would be, as far as its *role* tells."""
    kind = PERSON_OF.get(role)
    return class_entity(kind, role) if kind else CLASS_ROLES[STUDENT, STUDENT]


def _role(cell: Callable[[str], str], place: str, reason: str, column: str) -> Aside:
    """Describe a role set aside: a student's or employee's place at a school, or a part of a contact's user."""
    entity = MEMBERSHIPS.get(PERSON_OF.get(cell("role"), STUDENT))
    if entity:
        return Aside(entity, place, reason, _key(cell(specification.ID)), column)
    return Aside(USER, place, reason, _key(cell("userSourcedId")), column, part=True)


def _key(text: str) -> tuple[str, ...]:
    return (text,) if text else ()


def cells(columns: Sequence[str], row: Sequence[str]) -> Callable[[str], str]:
    """Make the function that finds the cell of a *row* under a column; empty where there is none."""
    return lambda name: row[columns.index(name)] if name in columns else ""
