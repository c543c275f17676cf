"""Types of simple values, and their form in JSON or as a cell of text."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Any, Final

from standards.days import day_after, day_before

if TYPE_CHECKING:
    from collections.abc import Callable

    Convert = Callable[[Any], Any]


class Wrong:
    """The answer for a value of a wrong kind; an exception would carry the value along."""


WRONG: Final = Wrong()
DATE_CHARACTERS = 10
TRUTHS = {"true": True, "false": False}


def reading(kind: str, textual: bool) -> Convert:
    """Make the function that reads a *kind*, as text in a file where *textual*; `WRONG` for another kind."""
    return (_FROM_TEXT if textual else _FROM_JSON)[kind]


def writing(kind: str, textual: bool) -> Convert:
    """Make the function that writes a *kind*, as text where *textual*; `WRONG` where the value cannot be one."""
    return (_TO_TEXT if textual else _TO_JSON).get(kind, _same)


def as_text(value: Any) -> str | None:
    """Return a member of a natural key as text; None where it is missing or no simple value."""
    if type(value) is str:
        return value or None
    return str(value) if type(value) is int else None


def _same(value: Any) -> Any:
    return value


def _text(value: Any) -> Any:
    return value if type(value) is str else WRONG


def _integer(value: Any) -> Any:
    return value if type(value) is int else WRONG


def _number(value: Any) -> Any:
    return value if type(value) is int or (type(value) is float and math.isfinite(value)) else WRONG


def _boolean(value: Any) -> Any:
    return value if type(value) is bool else WRONG


def _truth(value: Any) -> Any:
    return value if type(value) is bool else TRUTHS.get(value.lower(), WRONG) if type(value) is str else WRONG


def _date(value: Any) -> Any:
    if type(value) is not str or len(value) < DATE_CHARACTERS:
        return WRONG
    if len(value) > DATE_CHARACTERS:
        return (
            _date(value[:DATE_CHARACTERS])
            if value[DATE_CHARACTERS] in "T " and _datetime(value) is not WRONG
            else WRONG
        )
    try:
        date.fromisoformat(value)
    except ValueError:
        return WRONG
    return value if value[4] == value[7] == "-" else WRONG


def _until(value: Any) -> Any:
    """Return the last day before a stated exclusive end."""
    found = _date(value)
    return found if found is WRONG else day_before(found)


def _datetime(value: Any) -> Any:
    if type(value) is not str:
        return WRONG
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return WRONG
    if value[-1] == "Z":
        return value
    try:
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError:
        return WRONG
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _time(value: Any) -> Any:
    if type(value) is not str:
        return WRONG
    try:
        time.fromisoformat(value)
    except ValueError:
        return WRONG
    return value


def _digits(value: Any) -> Any:
    """Return the text of a whole number."""
    if type(value) is int:
        return str(value)
    return value if type(value) is str and _whole(value) is not WRONG else WRONG


def _whole(value: Any) -> Any:
    """Return the whole number in a text."""
    plain = type(value) is str and value.isascii() and value.removeprefix("-").isdigit()
    return int(value) if plain else WRONG


def _decimal(value: Any) -> Any:
    """Return the number in a text."""
    if (whole := _whole(value)) is not WRONG:
        return whole
    try:
        number = float(value)
    except (TypeError, ValueError):
        return WRONG
    return number if math.isfinite(number) else WRONG


def _letters(value: Any) -> Any:
    return "true" if value is True else "false" if value is False else WRONG


_FROM_JSON: dict[str, Convert] = {
    "text": _text,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "truth": _truth,
    "date": _date,
    "until": _until,
    "datetime": _datetime,
    "time": _time,
    "json": _same,
    "integer_text": _digits,
}
_FROM_TEXT: dict[str, Convert] = _FROM_JSON | {"integer": _whole, "number": _decimal, "boolean": _truth}
_TO_JSON: dict[str, Convert] = {"truth": _letters, "integer_text": _whole, "until": day_after}
_TO_TEXT: dict[str, Convert] = _TO_JSON | {"boolean": _letters, "integer": str, "number": str, "integer_text": _same}
