"""OneRoster's bulk files as facts: the files, their columns, the kinds of their cells, their references."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files as resources
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from standards.oneroster import model
from standards.oneroster.resources import classification

if TYPE_CHECKING:
    from collections.abc import Mapping

    from standards.oneroster.resources.classification import Words

MANIFEST = "manifest.csv"
ID = "sourcedId"
STATUS = "status"
DELETED = "tobedeleted"
METADATA = "metadata."
MODES = frozenset({"absent", "bulk", "delta"})
RENAMED = {"preferredGivenName": "preferredFirstName", "preferredFamilyName": "preferredLastName"}

CLASSES = {
    "academicSessions": "academicSession",
    "categories": "category",
    "classes": "class",
    "courses": "course",
    "demographics": "demographics",
    "enrollments": "enrollment",
    "lineItems": "lineItem",
    "orgs": "org",
    "resources": "resource",
    "resultLearningObjectiveIds": "learningObjectiveResult",
    "results": "result",
    "roles": "role",
    "users": "user",
}
KINDS = {
    "boolString": "boolean",
    "bool|boolString": "boolean",
    "date": "date",
    "dateTime": "moment",
    "enum": "enum",
    "float": "number",
    "year": "year",
}
REFERS = {
    "academicSession": "academicSessions",
    "agent": "users",
    "category": "categories",
    "class": "classes",
    "course": "courses",
    "gradingPeriod": "academicSessions",
    "lineItem": "lineItems",
    "org": "orgs",
    "primaryOrg": "orgs",
    "resource": "resources",
    "result": "results",
    "school": "orgs",
    "schoolYear": "academicSessions",
    "scoreScale": "scoreScales",
    "student": "users",
    "term": "academicSessions",
    "user": "users",
    "userProfile": "userProfiles",
}
OTHER_KINDS = {
    ("academicSessions", "schoolYear"): "year",
    ("users", "userIds"): "pairs",
    ("scoreScales", "scoreScaleValue"): "pairs",
}
# The API's score scales name a class and no organization, so that files made of them leave the cell empty.
MAY_LACK = {"scoreScales.csv": frozenset({"orgSourcedId"})}
OLD_NAMES = {"grade": "grades", "birthdate": "birthDate", "agents": "agentSourcedIds"}


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a file.

    *kind* is ``text guid guids date moment year boolean number enum enums pairs``; *values* are an enumeration's
    tokens, *extension* the pattern of further ones, *refers* the file whose ids it holds. Where the word decides the
    kind of the record, *closed* is the list by which it is read.
    """

    name: str
    kind: str = "text"
    required: bool = False
    values: frozenset[str] = frozenset()
    extension: str = ""
    refers: str = ""
    closed: Words | None = None


@dataclass(frozen=True, slots=True)
class File:
    """One data file: its columns in the standard's order, and headings of OneRoster 1.0 that mean one of them."""

    name: str
    columns: Mapping[str, Column]
    old_names: Mapping[str, str]

    @property
    def required(self) -> tuple[str, ...]:
        """The columns without which the file cannot be understood."""
        return tuple(column.name for column in self.columns.values() if column.required)


@cache
def files(version: str) -> Mapping[str, File]:
    """Return the data files of *version* by name, each after those it refers to."""
    found = {
        name: _file(version, name, facts) for name, facts in _facts()[version]["files"].items() if name != MANIFEST
    }
    ordered: dict[str, File] = {}
    for name in sorted(found):
        _place(name, found, ordered)
    return MappingProxyType(ordered)


@cache
def references() -> frozenset[tuple[str, str]]:
    """Return the columns that refer to rows of a file, each with the file it is in, in any version."""
    every = (one for version in model.VERSIONS for one in files(version).values())
    return frozenset((one.name, column.name) for one in every for column in one.columns.values() if column.refers)


@cache
def properties(version: str) -> frozenset[str]:
    """Return the properties that a manifest of *version* may name."""
    facts = _facts()[version]["manifest"]
    return frozenset([*facts["required"], *facts["optional"]])


def _place(name: str, found: Mapping[str, File], ordered: dict[str, File]) -> None:
    if name in ordered:
        return
    for column in found[name].columns.values():
        if column.refers and column.refers != name:
            _place(column.refers, found, ordered)
    ordered[name] = found[name]


@cache
def member_of(column: str) -> str:
    """Return the member of a document for a *column*: ``termSourcedIds`` are its ``terms``."""
    if column in RENAMED:
        return RENAMED[column]
    if column == ID or not column.endswith(("SourcedId", "SourcedIds")):
        return column
    return column.removesuffix("SourcedId") if column.endswith("d") else column.removesuffix("SourcedIds") + "s"


def _file(version: str, name: str, facts: Mapping[str, Any]) -> File:
    required = frozenset(facts["required"]) - MAY_LACK.get(name, frozenset())
    columns = {column: _column(version, name, column, column in required) for column in facts["headers"]}
    old = {before: now for before, now in OLD_NAMES.items() if now in columns}
    if name == "demographics.csv":
        old["userSourcedId"] = ID
    return File(name, MappingProxyType(columns), MappingProxyType(old))


def _column(version: str, file: str, name: str, required: bool) -> Column:
    subject = file.removesuffix(".csv")
    if name == ID:
        return Column(name, "guid", required, refers="users.csv" if subject == "demographics" else "")
    if name.endswith(("SourcedId", "SourcedIds")):
        plain = name.removesuffix("s").removesuffix("SourcedId")
        target = f"{subject if plain == 'parent' else REFERS[plain]}.csv"
        return Column(name, "guids" if name.endswith("s") else "guid", required, refers=target)
    if name == STATUS:
        return Column(name, "enum", required, frozenset({"active", DELETED}), closed=classification.STATUS)
    if name == "dateLastModified":
        return Column(name, "moment", required)
    if kind := OTHER_KINDS.get((subject, name)):
        return Column(name, kind, required)
    member = model.classes(version)[CLASSES[subject]].get(name) if _described(version, subject) else None
    closed = classification.words(version, CLASSES[subject], name) if member else None
    return _typed(member, name, required, closed) if member else Column(name, required=required)


def _typed(member: model.Member, name: str, required: bool, closed: Words | None) -> Column:
    kind = KINDS.get(member.type, "text")
    if kind != "enum":
        return Column(name, "text" if member.many else kind, required)
    values = frozenset([*member.values, *member.legacy_values])
    return Column(name, "enums" if member.many else kind, required, values, member.extension, closed=closed)


def _described(version: str, subject: str) -> bool:
    return CLASSES.get(subject, "") in model.classes(version)


@cache
def _facts() -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(resources("standards.oneroster").joinpath("csv.json").read_text("utf-8"))
    return facts
