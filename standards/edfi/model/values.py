"""Single values as clients write them, converted to the model's form, as an ODS accepts them in bodies and filters."""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from standards.edfi.model.model import Property

WHOLE = re.compile(r"\s*(-?[0-9]{1,19})\s*")
DECIMAL = re.compile(r"\s*[+-]?[0-9]{1,20}(\.[0-9]{1,20})?\s*")
MIDNIGHT = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]00:00(:00(\.0{1,9})?)?(Z|[+-][0-9]{2}:[0-9]{2})?")
SLASHED = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})")
"""A date in the order of the United States, which an ODS also accepts."""

DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,7})?)?)?(Z|[+-][0-9]{2}:[0-9]{2})?"
)
CLOCK = re.compile(r"([0-9]{1,2}):([0-9]{2})(:[0-9]{2})?")
TRUTHS = {"true": True, "false": False}
BITS = {"1": "true", "0": "false"}


def scalar(one: Property, value: Any) -> Any:
    """Convert a value of a body to the type of the member *one*; any other value stays as it is, to be refused."""
    match one.type:
        case "boolean":
            return _truth(value)
        case "integer" if isinstance(value, str) and (whole := WHOLE.fullmatch(value)):
            return int(whole[1])
        case "number" if isinstance(value, str) and DECIMAL.fullmatch(value):
            return float(value)
        case "string":
            return _text(one.format, value)
        case _:
            return value


def wanted(kind: str, text: str) -> str | None:
    """Return what a filter by a member of this *kind* compares with; None where *text* is no such value."""
    match kind:
        case "date":
            found = day(text) or (moment(text) or "")[:10]
            return found or None
        case "datetime":
            return moment(text)
        case "boolean":
            told = BITS.get(text, text.lower())
            return told if told in TRUTHS else None
        case "integer":
            return str(int(whole[1])) if (whole := WHOLE.fullmatch(text)) and abs(int(whole[1])) < 1 << 63 else None
        case "number":
            return text.strip() if DECIMAL.fullmatch(text) and math.isfinite(float(text)) else None
        case _:
            return text


def day(text: str) -> str:
    """Return the day that *text* names: alone, as its midnight, or with slashes; empty where it names none."""
    if slashed := SLASHED.fullmatch(text):
        text = f"{slashed[3]}-{slashed[1]:0>2}-{slashed[2]:0>2}"
    elif midnight := MIDNIGHT.fullmatch(text):
        text = midnight[1]
    try:
        return date.fromisoformat(text).isoformat() if DAY.fullmatch(text) else ""
    except ValueError:
        return ""


def moment(text: str) -> str | None:
    """Return the moment that *text* names, in UTC where it names no zone; a day is its first moment."""
    if not MOMENT.fullmatch(text):
        found = day(text)
        return f"{found}T00:00:00Z" if found else None
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return None
    if read.tzinfo is not None:
        return text
    return read.replace(tzinfo=UTC).isoformat().replace("+00:00", "Z")


def _text(form: str, value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    return _of_format(form, value) if isinstance(value, str) else value


def _truth(value: Any) -> Any:
    if isinstance(value, str):
        return TRUTHS.get(value.strip().lower(), value)
    return bool(value) if type(value) is int and value in {0, 1} else value


def _of_format(form: str, text: str) -> str:
    match form:
        case "date":
            return day(text) or text
        case "date-time":
            return moment(text) or text
        case "time":
            return _clock(text)
        case _:
            return text


def _clock(text: str) -> str:
    """Write a time of day with its hour in two digits and its seconds."""
    found = CLOCK.fullmatch(text)
    return f"{found[1]:0>2}:{found[2]}{found[3] or ':00'}" if found else text
