"""Forms of vocabulary values in an answer: one small function per form."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any


def integer(value: Any) -> int | None:
    """Return a whole number, where the vocabulary keeps digits; None where it keeps something else."""
    digits = str(value)
    return int(digits) if digits.isascii() and digits.removeprefix("-").isdigit() else None


def trimmed(value: Any) -> str | None:
    """Return a text without surrounding blanks; None where only blanks are there."""
    return str(value).strip() or None


def truth(value: Any) -> str:
    """Write a boolean as OneRoster does, in letters."""
    return "true" if value else "false"


def year(value: Any) -> str:
    """Write a school year as the four digits of the year it ends in."""
    return f"{int(value):04d}"


def code_value(value: Any) -> str:
    """Return the last part of a descriptor's URI, or the value itself where it is none."""
    return str(value).rpartition("#")[2]


def day(value: Any) -> str:
    """Return the day of a moment; what is no moment stays as it is."""
    return str(value)[:10]


def moment(value: Any) -> str:
    """Write a day or a moment in full, in UTC; anything else, as a year that a policy left, stays as it is."""
    try:
        found = datetime.fromisoformat(str(value))
        found = found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return str(value)
    return found.isoformat(timespec="milliseconds").replace("+00:00", "Z")
