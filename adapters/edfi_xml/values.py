"""Texts of an interchange file read as the types of the API; errors name what is wrong, never the text."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from math import isfinite
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from standards.edfi.model.model import Property

INTEGER = re.compile(r"[+-]?[0-9]{1,19}")
DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
SCHOOL_YEAR = re.compile(r"([0-9]{4})-([0-9]{4})")
YEAR = re.compile(r"[0-9]{4}")
TIME = re.compile(r"([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.[0-9]+)?(?:Z|[+-][0-9]{2}:[0-9]{2})?")
ZONE = re.compile(r"Z|[+-][0-9]{2}:[0-9]{2}")
DATE_CHARACTERS = len("2021-08-31")
INTEGER_LIMIT = 2**63
TRUTHS = {"true": True, "1": True, "false": False, "0": False}

Scalar = str | int | float | bool


def reader(known: Property) -> Callable[[str], Scalar]:
    """Make the function that reads a trimmed text as *known*; its ValueError has a text that may be shown to anyone."""
    if known.type == "boolean":
        return truth
    if known.type == "integer":
        return school_year if known.name.lower().endswith("schoolyear") else integer
    if known.type == "number":
        return number
    if known.descriptor:
        return descriptor
    return FORMATS.get(known.format, str)


def truth(text: str) -> bool:
    """Read ``true``, ``false``, ``1`` or ``0``."""
    if text not in TRUTHS:
        raise ValueError("is neither true nor false")
    return TRUTHS[text]


def integer(text: str) -> int:
    """Read a whole number; education organization ids among them."""
    if not INTEGER.fullmatch(text) or not -INTEGER_LIMIT <= int(text) < INTEGER_LIMIT:
        raise ValueError("is not a whole number")
    return int(text)


def number(text: str) -> float:
    """Read a decimal number; a whole one stays whole."""
    if INTEGER.fullmatch(text):
        return int(text)
    if not DECIMAL.fullmatch(text) or not isfinite(value := float(text)):
        raise ValueError("is not a number")
    return value


def school_year(text: str) -> int:
    """Read ``2021-2022`` or ``2022`` as the year in which the school year ends."""
    if match := SCHOOL_YEAR.fullmatch(text):
        begin, end = int(match[1]), int(match[2])
        if end == begin + 1:
            return end
    elif YEAR.fullmatch(text):
        return int(text)
    raise ValueError("is not a school year")


def descriptor(text: str) -> str:
    """Read the URI of a descriptor value."""
    if not text.startswith("uri://") or "#" not in text:
        raise ValueError("is not the URI of a descriptor value")
    return text


def day(text: str) -> str:
    """Read a date; a time zone, which XML allows here, has no meaning and is dropped."""
    if len(text) != DATE_CHARACTERS and ZONE.fullmatch(text, DATE_CHARACTERS):
        text = text[:DATE_CHARACTERS]
    if len(text) != DATE_CHARACTERS or text[4] != "-" or text[7] != "-":
        raise ValueError("is not a date")
    try:
        date.fromisoformat(text)
    except ValueError:
        raise ValueError("is not a date") from None
    return text


def clock(text: str) -> str:
    """Read a time of day to the second."""
    found = TIME.fullmatch(text)
    try:
        return time.fromisoformat(found[1] if found else "").isoformat()
    except ValueError:
        raise ValueError("is not a time") from None


def instant(text: str) -> str:
    """Read a moment, in UTC; without a time zone it is taken to be in UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("is not a date with a time") from None
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    return f"{moment.isoformat()}Z"


FORMATS: dict[str, Callable[[str], Scalar]] = {"date": day, "time": clock, "date-time": instant}
