"""End dates of OneRoster sources: the standard's are exclusive, some systems write the last day."""

from __future__ import annotations

from typing import Final

from marshmallow import fields, validate

EXCLUSIVE: Final = "exclusive"
INCLUSIVE: Final = "inclusive"
MEANING: Final = (
    "What an end date of a session, an enrollment or a role is: `exclusive`, the day after the last day, as OneRoster"
    " says, or `inclusive`, the last day itself"
)


def end_dates(*, profiled: bool = False) -> fields.String:
    """The setting of a source that says which of the two its end dates are; *profiled* where its vendor may tell."""
    return fields.String(
        load_default=None if profiled else EXCLUSIVE,
        validate=validate.OneOf((EXCLUSIVE, INCLUSIVE)),
        metadata={"description": f"{MEANING}{'; without it the profile says so' if profiled else ''}."},
    )
