"""Own children: how a district's own people see a student of theirs, and whether one is enrolled now."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gateway.transfers.districts.children import DistrictRoll
    from gateway.transfers.matching.children import ChildCandidate


@dataclass(frozen=True, slots=True)
class OwnChild:
    """One of the district's own students, as it names the student for its own people; empty is not known."""

    name: str = field(default="", repr=False)
    birth_date: str = field(default="", repr=False)
    grade: str = field(default="", repr=False)
    school: str = field(default="", repr=False)
    state_id: str = field(default="", repr=False)


def own_child(roll: DistrictRoll, row: int) -> OwnChild:
    """Return the student of a *row*, with the newest enrollment's grade and school."""
    candidate = candidate_of(roll, row)
    parts = (candidate.given, candidate.middle, candidate.family, candidate.suffix)
    last = max(enrollments(roll, row), key=lambda one: (not one["exit"], one["entry"]), default=None)
    grade, school = (last["grade"], last["name"]) if last else ("", "")
    return OwnChild(" ".join(filter(None, parts)), candidate.birth_date, grade, school, candidate.state_id)


def candidate_of(roll: DistrictRoll, row: int) -> ChildCandidate:
    """Return the student of a *row* as matching knows the student."""
    return roll.candidates[roll.id_of(row)]


def enrollments(roll: DistrictRoll, row: int) -> Iterator[Mapping[str, Any]]:
    """Yield the enrollments of a student: the row of the `school`, its `name`, the grade, first and last day."""
    table, schools = roll.snapshot.table("enrollment"), roll.snapshot.table("organization")
    if "student" not in table.refs or "school" not in table.refs:
        return
    names = schools.columns.get("name")
    columns = {name: table.columns.get(name) for name in ("grade", "entry", "exit")}
    for one in roll.snapshot.children("enrollment", "student", "student")[row]:
        school = table.refs["school"][one]
        found = {name: (column[one] or "") if column else "" for name, column in columns.items()}
        yield {"school": school, "name": names[school] if names and school >= 0 else "", **found}


def is_enrolled(roll: DistrictRoll, row: int, day: str) -> bool:
    """Tell whether a student has an enrollment that has not ended before a *day*."""
    return any(not one["exit"] or one["exit"] >= day for one in enrollments(roll, row))
