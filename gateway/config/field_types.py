"""Types of settings: lengths of time, time zones and rates of requests."""

from __future__ import annotations

import re
from datetime import UTC, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from limits import parse as parse_limit
from marshmallow import ValidationError, fields

DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")

UNITS = {"d": 86_400, "h": 3600, "m": 60, "s": 1}


class Duration(fields.Field[timedelta]):
    """A length of time such as ``15m``, ``1h30m`` or ``0``."""

    kind = "duration"

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> timedelta:  # noqa: ARG002 -- marshmallow's signature
        if value in ("0", 0) and value is not False:
            return timedelta(0)
        found = DURATION.fullmatch(value) if isinstance(value, str) and value else None
        if not found:
            raise ValidationError("write a duration as 45s, 15m, 2h or 1d")
        days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
        return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def in_words(length: timedelta) -> str:
    """Return a length of time as settings say it, such as ``1h30m``."""
    seconds = round(length.total_seconds())
    parts = []
    for unit, size in UNITS.items():
        count, seconds = divmod(seconds, size)
        parts += [f"{count}{unit}"] if count else []
    return "".join(parts) or "0"


class Timezone(fields.Field[tzinfo]):
    """A name of the IANA time zone database."""

    kind = "time zone"

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> tzinfo:  # noqa: ARG002 -- marshmallow's signature
        if value == "UTC":
            return UTC
        try:
            return ZoneInfo(value)
        except (KeyError, ValueError, TypeError, OSError):
            raise ValidationError("write a time zone as America/Los_Angeles") from None


class Rate(fields.Field[str]):
    """A number of requests in a time such as ``100/minute``; empty for no limit."""

    kind = "rate"

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:  # noqa: ARG002 -- marshmallow's signature
        try:
            if value != "":
                parse_limit(value)
        except (ValueError, TypeError):
            raise ValidationError("write a rate as 100/minute") from None
        return str(value)
