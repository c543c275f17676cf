"""End dates of OneRoster sources: exclusive in the standard, the last day in some systems."""

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
    """Make the setting that says which of the two a source's end dates are; *profiled* if a profile may say it."""
    return fields.String(
        load_default=None if profiled else EXCLUSIVE,
        validate=validate.OneOf((EXCLUSIVE, INCLUSIVE)),
        metadata={"description": f"{MEANING}{'; without it the profile says so' if profiled else ''}."},
    )
