"""Whether a record that is about to be written, or that the source just told, exists for the writer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gateway.cache.group_references import DANGLING
from gateway.cache.snapshot import ABSENT
from policies.population import Active, All, AnyOf, Child, In, NotIn, Null, RefIn, Seen
from standards.view import fields_of
from standards.vocabulary import PERSONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.engine.visibility import Faces
    from policies.population import Clause
    from standards.vocabulary import Field

    Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Admission:
    """The row rules of a grant put to one record of *entity*, over what else there is.

    *row* is the row that the record has, or had; what others say of it is read there.
    """

    faces: Faces
    entity: str
    row: int | None = None

    def sees(self, record: Record) -> bool:
        """Whether *record* exists for the consumer."""
        owners = (field for field in fields_of(self.entity).values() if field.owner)
        if not all(self._owned(owner, record) for owner in owners):
            return False
        clause = self.faces.grant.rows.get(self.entity)
        return clause is None or self._holds(record, clause)

    def _owned(self, owner: Field, record: Record) -> bool:
        person, target = owner.to in PERSONS, self._target(owner.name, record)
        if target == ABSENT:
            return owner.lenient or not person
        if target == DANGLING:
            return owner.lenient and not person and self.faces.grant.unrestricted(owner.to)
        visible = self.faces.visible(owner.to)
        return visible is None or bool(visible[target])

    def _target(self, ref: str, record: Record) -> int:
        """The row that the reference *ref* of *record* leads to."""
        if record.get(ref) is None:
            return ABSENT
        return self.faces.generation.table(fields_of(self.entity)[ref].to).rows.get(tuple(record[ref]), DANGLING)

    def _holds(self, record: Record, clause: Clause) -> bool:
        match clause:
            case All(clauses):
                return all(self._holds(record, part) for part in clauses)
            case AnyOf(clauses):
                return any(self._holds(record, part) for part in clauses)
            case Seen() | RefIn():
                return self._related(record, clause)
            case Child():
                return self.row is not None and self.faces.holds(self.entity, clause, self.row)
            case _:
                return self._told(record, clause)

    def _told(self, record: Record, clause: In | NotIn | Null | Active) -> bool:
        match clause:
            case In(name, values):
                return _value(record, name) in values
            case NotIn(name, values):
                return (found := _value(record, name)) is not None and found not in values
            case Null(name):
                return _value(record, name) is None
            case Active(begin, end):
                first = next((record[name] for name in begin if record.get(name) is not None), None)
                last = record.get(end)
                return first is not None and first <= self.faces.today and (last is None or last >= self.faces.today)

    def _related(self, record: Record, clause: Seen | RefIn) -> bool:
        target, to = self._target(clause.ref, record), fields_of(self.entity)[clause.ref].to
        if target < 0:
            return False
        match clause:
            case Seen():
                visible = self.faces.visible(to)
                return visible is None or bool(visible[target])
            case RefIn(_, names, values):
                return any(self.faces.holds(to, In(name, values), target) for name in names)


def _value(record: Record, name: str) -> Any:
    if name == "key":
        key = record.get("key", ())
        return key[0] if len(key) == 1 else None
    return record.get(name)
