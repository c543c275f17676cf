"""Visible rows of a grant, worked out record by record: slow, plain, and independent of the engine."""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from policies.population import Active, Aged, All, AnyOf, Child, In, InProgram, NotIn, Null, RefIn, Seen
from standards.fields import fields_of
from standards.vocabulary import PERSONS

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from policies.grant import Grant
    from policies.population import Clause
    from standards.vocabulary import Field

    Record = Mapping[str, Any]
    Records = Mapping[str, Sequence[Record]]
    Key = tuple[str, ...]


NO_MEMBERS: Mapping[str, Collection[Key]] = MappingProxyType({})
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class ReferenceVisibility:
    """One world as one grant sees it on one day; *members* are the keys of students by the program they are in."""

    def __init__(
        self, records: Records, grant: Grant, today: str, members: Mapping[str, Collection[Key]] = NO_MEMBERS
    ) -> None:
        self.records, self.grant, self.today, self.members = records, grant, today, members
        self._parts = [ReferenceVisibility(records, part, today, members) for part in grant.parts]
        self._rows: dict[str, dict[Key, Record]] = {}
        self._rows_by_owner: dict[tuple[str, str], Mapping[Key, list[Record]]] = {}
        self._seen: dict[tuple[str, Key], bool] = {}

    def visible(self, entity: str) -> frozenset[Key]:
        """Return the keys of the rows of *entity* that exist for the consumer."""
        return frozenset(key for key in self.rows(entity) if self.sees(entity, key))

    def sees(self, entity: str, key: Key) -> bool:
        """Tell whether the row exists in the world, and for the consumer."""
        known = self._seen.get((entity, key))
        if known is None:
            row = self.rows(entity).get(key)
            known = self._seen[entity, key] = row is not None and self._exists(entity, row)
        return known

    def rows(self, entity: str) -> Mapping[Key, Record]:
        """Return every row of *entity* by its key."""
        if entity not in self._rows:
            self._rows[entity] = {row["key"]: row for row in self.records.get(entity, ())}
        return self._rows[entity]

    def _exists(self, entity: str, row: Record) -> bool:
        if self._parts:
            return any(part.sees(entity, row["key"]) for part in self._parts)
        owners = (field for field in fields_of(entity).values() if field.owner)
        if not all(self._owned(owner, row.get(owner.name)) for owner in owners):
            return False
        clause = self.grant.rows.get(entity)
        return clause is None or self._holds(entity, row, clause)

    def _owned(self, owner: Field, target: Key | None) -> bool:
        person = owner.to in PERSONS
        if target is None:
            return owner.lenient or not person
        if target not in self.rows(owner.to):
            return owner.lenient and not person and self.grant.unrestricted(owner.to)
        return self.sees(owner.to, target)

    def _holds(self, entity: str, row: Record, clause: Clause) -> bool:
        match clause:
            case All(clauses):
                return all(self._holds(entity, row, part) for part in clauses)
            case AnyOf(clauses):
                return any(self._holds(entity, row, part) for part in clauses)
            case Seen() | RefIn() | Child():
                return self._related(entity, row, clause)
            case _:
                return self._told(row, clause)

    def _told(self, row: Record, clause: In | NotIn | Null | Active | InProgram | Aged) -> bool:
        match clause:
            case InProgram(programs):
                return any(row["key"] in self.members.get(name, ()) for name in programs)
            case Aged(birth, least, most):
                return _aged(row.get(birth), self.today, least or 0, 999 if most is None else most)
            case In(name, values):
                return _value(row, name) in values
            case NotIn(name, values):
                return (found := _value(row, name)) is not None and found not in values
            case Null(name):
                return _value(row, name) is None
            case Active(begin, end):
                return self._active(row, begin, end)

    def _active(self, row: Record, begin: Sequence[str], end: str) -> bool:
        started = [row[name] for name in begin if row.get(name) is not None]
        ended = row.get(end)
        return bool(started) and started[0] <= self.today and (ended is None or ended >= self.today)

    def _related(self, entity: str, row: Record, clause: Seen | RefIn | Child) -> bool:
        match clause:
            case Seen(ref):
                target = row.get(ref)
                return target is not None and self.sees(fields_of(entity)[ref].to, target)
            case RefIn(ref, names, values):
                there = self.rows(fields_of(entity)[ref].to).get(row.get(ref, ()))
                return there is not None and any(_value(there, name) in values for name in names)
            case Child(child, via, inner):
                return any(self._holds(child, kid, inner) for kid in self._children(child, via, row["key"]))

    def _children(self, entity: str, via: str, key: Key) -> Sequence[Record]:
        if (entity, via) not in self._rows_by_owner:
            children: defaultdict[Key, list[Record]] = defaultdict(list)
            for row in self.records.get(entity, ()):
                if via in row:
                    children[row[via]].append(row)
            self._rows_by_owner[entity, via] = children
        return self._rows_by_owner[entity, via].get(key, ())


def visible(
    records: Records, grant: Grant, today: str, members: Mapping[str, Collection[Key]] = NO_MEMBERS
) -> Mapping[str, frozenset[Key]]:
    """Return the keys of all rows that exist for the consumer, by entity."""
    sight = ReferenceVisibility(records, grant, today, members)
    return {entity: sight.visible(entity) for entity in records}


def _aged(birth: object, today: str, least: int, most: int) -> bool:
    """Tell whether somebody is of an age: who is born on the 29th of February has a birthday on the 1st of March."""
    if not isinstance(birth, str) or not _DAY.fullmatch(birth):
        return False
    try:
        born, now = date.fromisoformat(birth), date.fromisoformat(today)
    except ValueError:
        return False
    birthdays = sum(
        (year, born.month, born.day) <= (now.year, now.month, now.day) for year in range(born.year + 1, now.year + 1)
    )
    return born <= now and least <= birthdays <= most


def _value(row: Record, name: str) -> Any:
    if name == "key":
        return row["key"][0] if len(row["key"]) == 1 else None
    return row.get(name)
