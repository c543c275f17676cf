"""Joins of Ed-Fi documents: a person's main organization and a course's latest year, stated only by other documents."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from adapters.contract import Record, Wanted

    Key = tuple[str, ...]

# The collection that decides each of these fields.
TOLD_BY = {
    ("student", "primaryOrganization"): "studentSchoolAssociations",
    ("staff", "primaryOrganization"): "staffEducationOrganizationAssignmentAssociations",
    ("course", "schoolYear"): "courseOfferings",
}


@dataclass(slots=True)
class Joins:
    """The fields that other documents decide, by entity and key, each with the rank of the document that decided it."""

    found: dict[tuple[str, Key], tuple[tuple[Any, ...], str, Key]] = field(default_factory=dict)

    def look(self, documents: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
        """Take over what *documents* state; the highest rank wins."""
        for collection, document in documents:
            for entity, key, rank, name, value in _TELLERS[collection](document):
                known = self.found.get((entity, key))
                if known is None or rank > known[0]:
                    self.found[entity, key] = (rank, name, value)

    def complete(self, entity: str, record: Record) -> Record:
        """Add to *record* what other documents state of it."""
        told = self.found.get((entity, record["key"]))
        return record if told is None else {**record, told[1]: told[2]}


def tellers(wanted: Wanted) -> frozenset[str]:
    """List the collections that must be read first for what is wanted."""
    return frozenset(
        collection
        for (entity, name), collection in TOLD_BY.items()
        if entity in wanted and ((names := wanted[entity]) is None or name in names)
    )


def _told_by_enrollment(document: Mapping[str, Any]) -> Iterable[tuple[Any, ...]]:
    """Rank each enrollment as its student's main school: still enrolled first, then called primary, then the latest."""
    student, school = document["studentReference"]["studentUniqueId"], str(document["schoolReference"]["schoolId"])
    rank = ("exitWithdrawDate" not in document, document.get("primarySchool") is True, document["entryDate"], school)
    yield "student", (student,), rank, "primaryOrganization", (school,)


def _told_by_assignment(document: Mapping[str, Any]) -> Iterable[tuple[Any, ...]]:
    """Rank each assignment as its staff member's main organization: still assigned first, then the latest."""
    staff = document["staffReference"]["staffUniqueId"]
    organization = str(document["educationOrganizationReference"]["educationOrganizationId"])
    rank = ("endDate" not in document, document["beginDate"], organization)
    yield "staff", (staff,), rank, "primaryOrganization", (organization,)


def _told_by_offering(document: Mapping[str, Any]) -> Iterable[tuple[Any, ...]]:
    """Rank each offering of a course by its school year; the course belongs to the latest."""
    course, year = document["courseReference"], document["sessionReference"]["schoolYear"]
    key = (str(course["courseCode"]), str(course["educationOrganizationId"]))
    yield "course", key, (year,), "schoolYear", ("sy", str(year))


_TELLERS = {
    "studentSchoolAssociations": _told_by_enrollment,
    "staffEducationOrganizationAssignmentAssociations": _told_by_assignment,
    "courseOfferings": _told_by_offering,
}
