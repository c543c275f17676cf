"""Windows: the field that dates a record of each entity, by which a window of days in an agreement is judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from standards import native
from standards.edfi import catalogue
from standards.fields import fields_of

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class DateWindow:
    """The days, both included, that a record must be dated for an element of it to leave; None is no bound."""

    since: str | None = None
    until: str | None = None


VOCABULARY: Mapping[str, str] = MappingProxyType({
    "session": "begin", "calendarDay": "date", "enrollment": "entry", "placement": "begin", "teaching": "begin",
    "studentInvolvement": "begin", "staffInvolvement": "begin", "contactInvolvement": "begin", "employment": "begin",
    "programParticipation": "begin", "attendance": "date", "grade": "asOf", "assessmentResult": "date",
    "incident": "date", "action": "date", "lineItem": "assigned", "result": "date", "healthRecord": "asOf",
})  # fmt: skip
"""The field that dates the records of an entity of the vocabulary; people, classes and schools are not dated."""


class DatedBy(Mapping[str, str]):
    """The field that dates the records of each entity that has one.

    A native record is dated by the first date of its natural key, else by the first date that it must have. Only the
    day counts, and a record without one is outside every window.
    """

    def __getitem__(self, entity: str) -> str:
        """Return the field of one entity."""
        return _dated()[entity]

    def __iter__(self) -> Iterator[str]:
        """Iterate over the entities."""
        return iter(_dated())

    def __len__(self) -> int:
        """Return how many entities are dated."""
        return len(_dated())


DATED_BY: Mapping[str, str] = DatedBy()
"""By entity; looked up at first use, since a source may bring native entities of its own."""


@cache
def _dated() -> Mapping[str, str]:
    return {**VOCABULARY, **{name: day for name in native.entities() if (day := _first_date(name))}}


def _first_date(entity: str) -> str:
    """Return the member that dates the records of a native entity; empty where there is none."""
    resource = catalogue.native().get(entity.removeprefix("edfi."))
    if resource is None or resource.is_descriptor:
        return ""
    days = {name for name, field in fields_of(entity).items() if field.type in {"date", "datetime"}}
    required = [name for name, one in resource.properties.items() if one.required]
    return next((name for name in (*resource.identity, *required) if name in days), "")
