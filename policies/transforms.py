"""Transforms: the actions of agreements on values, each a total function whose result has the value's own type."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    Hasher = Callable[[str], str]

ACTIONS = ("allow", "year", "month", "zip3", "last4", "initial", "hash", "pseudonym", "deny")
MASKS = frozenset(ACTIONS) - {"allow", "deny"}
MIN_LAST4_CHARACTERS = 5

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_POSTAL = re.compile(r"[0-9]{5}(?:-?[0-9]{4})?")


def transform(action: str, hasher: Hasher) -> Callable[[Any], Any]:
    """Make the function of *action* on one value; a value that does not fit it becomes None, which is absent.

    *hasher* makes the keyed hash of a text. Ids become pseudonyms where ids are made, not here.
    """
    if action == "hash":
        return lambda value: _hashed(value, hasher)
    return _PLAIN.get(action, _nothing)


def holds_others(value: Any) -> bool:
    """Tell whether a value, as a free member may be, has values of its own inside."""
    return not (value is None or isinstance(value, str | int | float))


def year(value: Any) -> str | None:
    """Reduce a date to the first day of its year."""
    return f"{value[:4]}-01-01" if _is_date(value) else None


def month(value: Any) -> str | None:
    """Reduce a date to the first day of its month."""
    return f"{value[:7]}-01" if _is_date(value) else None


def zip3(value: Any) -> str | None:
    """Return the first three digits of a United States postal code."""
    return value.strip()[:3] if isinstance(value, str) and _POSTAL.fullmatch(value.strip()) else None


def last4(value: Any) -> str | None:
    """Return the last four characters of a text that is longer than that."""
    if not isinstance(value, str):
        return None
    text = value.strip()
    return text[-4:] if len(text) >= MIN_LAST4_CHARACTERS else None


def initial(value: Any) -> str | None:
    """Return the first letter or digit of a text, without its accents."""
    if not isinstance(value, str):
        return None
    for letter in unicodedata.normalize("NFC", value):
        if unicodedata.category(letter)[0] in "LN":
            plain = unicodedata.normalize("NFD", letter)
            return plain[0] if all(map(unicodedata.combining, plain[1:])) else letter
    return None


def meet(actions: Iterable[str]) -> str:
    """Return the result of several actions on one element: the lowest, or deny where they are not ordered."""
    lowest = "allow"
    for action in actions:
        if not ordered(lowest, action):
            return "deny"
        lowest = action if below(action, lowest) else lowest
    return lowest


def ordered(one: str, other: str) -> bool:
    """Tell whether one of two actions reveals nothing that the other hides."""
    return one == other or below(one, other) or below(other, one)


def below(lower: str, upper: str) -> bool:
    """Tell whether *lower* releases strictly less than *upper*."""
    if lower == upper:
        return False
    return lower == "deny" or upper == "allow" or (lower, upper) == ("year", "month")


def _allow(value: Any) -> Any:
    return value


def _nothing(_value: Any) -> None:
    """Return None for an unknown action: nothing is released."""


def _hashed(value: Any, hasher: Hasher) -> str | None:
    if not isinstance(value, str) or not value:
        return None
    try:
        value.encode()
    except UnicodeEncodeError:
        return None
    return hasher(value)


def _is_date(value: Any) -> bool:
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


_PLAIN: Mapping[str, Callable[[Any], Any]] = {
    "allow": _allow, "year": year, "month": month, "zip3": zip3, "last4": last4, "initial": initial,
}  # fmt: skip
