"""Settings of transfers of students' records: who takes part, when what a rule releases leaves, and the limits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time, timedelta
from typing import TYPE_CHECKING, Any, Final

from marshmallow import Schema, ValidationError, fields, validate

from gateway.config.field_types import Duration
from standards.errors import suggestion

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

BATCH_TIMES: Final = ("10:00", "14:00")
CLOCK_TIME: Final = r"([01][0-9]|2[0-3]):[0-5][0-9]\Z"
MAX_PACKAGE_DAYS: Final = 14


@dataclass(frozen=True, slots=True)
class TransferSettings:
    """How records are transferred between the *districts* that take part; without any, none is.

    What a rule releases leaves in batches, at *batch_times* of the sending district's school days, or every
    *batch_every* at any hour.
    """

    districts: tuple[str, ...] = ()
    batch_times: tuple[time, ...] = tuple(map(time.fromisoformat, BATCH_TIMES))
    batch_every: timedelta = timedelta(0)
    requests_per_day: int = 500
    requests_per_person: int = 100
    open_requests: int = 1000
    misses_per_day: int = 20
    near_matches: int = 5
    package_days: int = MAX_PACKAGE_DAYS
    supplement_days: int = 60

    def takes_part(self, district: str) -> bool:
        """Tell whether a *district* asks for records and sends them."""
        return district in self.districts


def _once(values: list[str]) -> None:
    if again := next((one for number, one in enumerate(values) if one in values[:number]), ""):
        message = f"{again} is here twice"
        raise ValidationError(message)


def _number(default: int, least: int, most: int, about: str) -> fields.Integer:
    limits = validate.Range(least, most, error=f"must be between {least} and {most}")
    return fields.Integer(strict=True, load_default=default, validate=limits, metadata={"about": about})


class TransfersSchema(Schema):
    """Transfers of the record of a student who moves from one district of the region to another."""

    districts = fields.List(
        fields.String(
            validate=validate.Regexp(r"[a-z][a-z0-9-]{0,39}\Z", error="write a district as the settings call it")
        ),
        load_default=list,
        validate=_once,
        metadata={
            "about": "The districts that take part: each may ask another one for a record, where an agreement between"
            " them is in force. Without any, no record is transferred.",
            "item": "text",
        },
    )
    batch_times = fields.List(
        fields.String(validate=validate.Regexp(CLOCK_TIME, error="write a time of day as 10:00")),
        load_default=lambda: list(BATCH_TIMES),
        validate=(validate.Length(min=1, error="name at least one time"), _once),
        metadata={
            "about": "The times of a school day, in the sending district's time zone, at which records leave that a"
            " rule releases: nobody can tell by the hour whether a rule or a person did.",
            "default": ", ".join(BATCH_TIMES),
            "item": "times",
        },
    )
    batch_every = Duration(
        load_default=timedelta(0),
        metadata={"about": "Instead of `batch_times` so often, at any hour; for demonstrations. `0` is for never so."},
    )
    requests_per_day = _number(
        500, 1, 100_000, "How many records a district may ask for in 24 hours, whatever comes of it."
    )
    requests_per_person = _number(
        100,
        1,
        100_000,
        "How many of them one person of the district may ask for; its programs have no limit of their own.",
    )
    open_requests = _number(1000, 1, 100_000, "How many requests of one district to one other may be open at once.")
    misses_per_day = _number(
        20,
        1,
        1000,
        "After so many requests in 24 hours that name no student of the other district, or after half as many of one"
        " person, a search that does not find the student by the rule waits until they are a day old. Nothing is"
        " refused for it: that would tell who is there.",
    )
    near_matches = _number(
        5, 1, 50, "How many of its own students the sending district is shown at most where none matches exactly."
    )
    package_days = _number(
        MAX_PACKAGE_DAYS, 1, MAX_PACKAGE_DAYS, "Days after which a sealed package that nobody fetched is deleted."
    )
    supplement_days = _number(
        60, 0, 60, "Days after delivery in which the sending district may send what was missing or has changed."
    )


def transfer_settings(loaded: Mapping[str, Any]) -> TransferSettings:
    """Return the settings of transfers as they were loaded."""
    times = tuple(sorted(map(time.fromisoformat, loaded["batch_times"])))
    return TransferSettings(**{**loaded, "districts": tuple(loaded["districts"]), "batch_times": times})


def strangers(transfers: TransferSettings, districts: Collection[str]) -> Iterator[str]:
    """Yield a warning for each district that is to take part in transfers and is none of the *districts*."""
    for one in transfers.districts:
        if one not in districts:
            yield f"transfers.districts: there is no district {one}{suggestion(one, districts)}"
