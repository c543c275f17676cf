"""Windows: the field that dates a record of each entity, by which a window of days in an agreement is judged."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

DATED_BY: Final[Mapping[str, str]] = MappingProxyType(
    {
        "calendarDay": "date",
        "enrollment": "entry",
        "placement": "begin",
        "studentInvolvement": "begin",
        "contactInvolvement": "begin",
        "staffInvolvement": "begin",
        "teaching": "begin",
        "programParticipation": "begin",
        "attendance": "date",
        "grade": "asOf",
        "assessmentResult": "date",
        "incident": "date",
        "action": "date",
        "result": "date",
        "healthRecord": "asOf",
    }
)
"""The date of a record, by its entity; a record of another entity has none, and is inside no window."""
