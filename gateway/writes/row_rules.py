"""Row rules at a write: whether a record about to be written, or just read from the source, exists for the writer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gateway.engine.row_filter import RecordInHand, owner_counts, row_filter
from standards.fields import fields_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.engine.visibility import Visibility
    from standards.vocabulary import Field


@dataclass(frozen=True, slots=True)
class Admission:
    """The row rules of a grant applied to one record of *entity*, over the present data.

    *row* is the row that the record has, or had; other records' data about it is read there.
    """

    visibility: Visibility
    entity: str
    row: int | None = None

    def sees(self, record: Mapping[str, Any]) -> bool:
        """Tell whether *record* exists for the consumer: by its row rules, and with everything that owns it."""
        if self.visibility.parts:
            return any(Admission(part, self.entity, self.row).sees(record) for part in self.visibility.parts)
        reader = RecordInHand(self.visibility.snapshot, self.entity, self.row)
        owners = (field for field in fields_of(self.entity).values() if field.owner)
        if not all(self._owned(owner, reader.target(owner.name)(record)) for owner in owners):
            return False
        clause = self.visibility.grant.rows.get(self.entity)
        return clause is None or row_filter(clause, reader, self.visibility)(record)

    def _owned(self, owner: Field, target: int) -> bool:
        if target < 0:
            return owner_counts(owner, target, self.visibility.grant)
        visible = self.visibility.visible(owner.to)
        return visible is None or bool(visible[target])
