"""Incidents of a source's own model: those of students whose discipline does not leave, and what is about them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from gateway.cache.snapshot import Snapshot, Table

    Name = tuple[str, ...]

KIND: Final = "do-not-transfer-discipline"
STUDENT: Final = "studentReference.studentUniqueId"
REFERENCE: Final = ("disciplineIncidentReference.incidentIdentifier", "disciplineIncidentReference.schoolId")
NAMED_BY: Final[Mapping[str, tuple[str, str]]] = {
    "edfi.disciplineIncidents": ("incidentIdentifier", "schoolReference.schoolId"),
    "edfi.staffDisciplineIncidentAssociations": REFERENCE,
}
"""The entities that tell of an incident and of no student, and the fields that name the incident."""

OFFENDERS: Final = "edfi.studentDisciplineIncidentBehaviorAssociations"
OTHERS: Final = "edfi.studentDisciplineIncidentNonOffenderAssociations"
NEEDED: Final[Mapping[str, frozenset[str]]] = {one: frozenset({STUDENT, *REFERENCE}) for one in (OFFENDERS, OTHERS)}
"""What ties students to incidents, and is read beside these."""


def held_back(
    snapshot: Snapshot,
    entity: str,
    about: Callable[[str], Mapping[int, Sequence[int]]],
    leaves: Callable[[int], bool],
) -> Iterator[int]:
    """Yield the rows of an *entity* that tell of incidents of students whose discipline does not leave.

    An incident leaves where another student did something in it. Where nothing says whose one is, it does not.
    """
    table = snapshot.table(entity)
    if OFFENDERS not in snapshot.tables:
        yield from range(table.size)
        return
    held: set[Name] = set()
    kept: set[Name] = set()
    for tie in NEEDED:
        students = about(tie)
        for row, name in enumerate(_names(snapshot.table(tie), REFERENCE)):
            if not all(map(leaves, students.get(row, ()))):
                held.add(name)
            elif tie == OFFENDERS:
                kept.add(name)
    for row, name in enumerate(_names(table, NAMED_BY[entity])):
        if name in held and name not in kept:
            yield row


def _names(table: Table, fields: Sequence[str]) -> Iterator[Name]:
    columns: list[Sequence[Any]] = [table.columns.get(one) or [None] * table.size for one in fields]
    return (tuple(str(column[row]).casefold() for column in columns) for row in range(table.size))
