"""Program members: the rows of students in each program that an agreement names, never the records that say so."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

from standards import native, vocabulary
from standards.fields import fields_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from adapters.contract import Adapter
    from adapters.records import Record
    from gateway.cache.snapshot import Snapshot

PARTICIPATION, PROGRAM = "programParticipation", "program"
NAME, BEGIN, END = "programReference.programName", "beginDate", "endDate"


@dataclass(frozen=True, slots=True)
class Participation:
    """How the records of one entity state that a student takes part in a program."""

    student: str
    name: str
    begin: str
    end: str

    @property
    def fields(self) -> frozenset[str]:
        """The fields that are read, and no others."""
        return frozenset({self.student, self.name, self.begin, self.end})


@cache
def participations() -> Mapping[str, Participation]:
    """Return the entities whose records state participation.

    They are the Ed-Fi program associations of students (`studentProgramAssociations` and its specialisations, of
    extensions too): each names a program, a student, the first day and the last one. Attendance events, evaluations and
    decisions on eligibility name a program too, and say nothing of taking part.
    """
    found = {
        entity: Participation(student, NAME, BEGIN, END)
        for entity in native.entities()
        if {NAME, BEGIN, END} <= fields_of(entity).keys() and (student := _student(entity))
    }
    return found | {PARTICIPATION: Participation("student", PROGRAM, "begin", "end")}


def _student(entity: str) -> str:
    return next((name for name, one in fields_of(entity).items() if one.owner and one.to == "student"), "")


def stated_by(entities: Collection[str]) -> dict[str, Participation]:
    """Return how those of the *entities* of a source that state participation do so."""
    named = PROGRAM in entities
    return {
        entity: one for entity, one in participations().items()
        if entity in entities and (named or entity not in vocabulary.entities())
    }  # fmt: skip


def unstated(programs: Collection[str], entities: Collection[str]) -> list[str]:
    """List the *programs* that agreements name where a source with those *entities* tells of no program at all."""
    if not programs or stated_by(entities):
        return []
    named = ", ".join(sorted(programs))
    return [f"its system tells of no programs, so nobody is in {named}, which agreements name"]


def read(adapter: Adapter, programs: Collection[str], snapshot: Snapshot, today: str) -> Mapping[str, frozenset[int]]:
    """Read who takes part *today* in each of the *programs*, as rows of the students of *snapshot*.

    Names are compared as they are written, as Ed-Fi compares the parts of a key. A participation begins on its first
    day, which it needs, and without a last day has not ended.
    """
    stated = stated_by(adapter.manifest.entities) if programs else {}
    wanted: dict[str, frozenset[str] | None] = {entity: one.fields for entity, one in stated.items()}
    if PARTICIPATION in stated:
        wanted[PROGRAM] = frozenset({"name"})
    names: dict[object, object] = {}
    pairs: list[tuple[str, object, int]] = []
    students = snapshot.table("student").rows
    for entity, record in adapter.read(wanted) if wanted else ():
        if entity == PROGRAM:
            names[record["key"]] = record.get("name")
        elif entity in stated and _holds(stated[entity], record, today):
            how = stated[entity]
            pairs.append((entity, record.get(how.name), students.get(record.get(how.student, ()), -1)))
    found: dict[str, set[int]] = {name: set() for name in programs}
    for entity, told, row in pairs:
        name = names.get(told) if entity == PARTICIPATION else told
        if row >= 0 and isinstance(name, str) and name in found:
            found[name].add(row)
    return {name: frozenset(rows) for name, rows in found.items()}


def _holds(how: Participation, record: Record, today: str) -> bool:
    begin, end = record.get(how.begin), record.get(how.end)
    return begin is not None and begin <= today and (end is None or end >= today)


def carried(before: Snapshot, fresh: Snapshot) -> Mapping[str, frozenset[int]]:
    """Return the members of *before* as rows of *fresh*, where the same students may stand in other rows."""
    old, new = before.table("student").ids, fresh.table("student").ids
    if old is new or old == new or not before.members:
        return before.members
    at = {own: row for row, own in enumerate(new)}
    return {name: frozenset(at[old[row]] for row in rows if old[row] in at) for name, rows in before.members.items()}


def attach(
    fresh: Snapshot, members: Mapping[str, frozenset[int]], today: str, before: Snapshot | None = None
) -> Snapshot:
    """Return *fresh* with its *members*; where they differ from *before*, its students count as another table."""
    tables = fresh.tables
    same = before is not None and before.tables.get("student") is tables.get("student")
    if same and before is not None and before.members != members and "student" in tables:
        tables = {**tables, "student": replace(tables["student"])}
    return replace(fresh, tables=tables, members=members, members_day=today)
