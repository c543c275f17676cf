"""Change versions in Ed-Fi queries: the window that is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standards.errors import MalformedQuery
from standards.query import Window

if TYPE_CHECKING:
    from collections.abc import MutableMapping

MAX_VERSION = 2**63 - 1
ENDS = {"minchangeversion": "MinChangeVersion", "maxchangeversion": "MaxChangeVersion"}
"""The parameters that bound a window, by their names in small letters."""

BAD_VERSION = "{} must be a numeric value greater than or equal to 0."
INVERTED = "MinChangeVersion must be less than or equal to MaxChangeVersion."


def window(values: MutableMapping[str, tuple[str, str]]) -> Window | None:
    """Read the window that parameters ask for, taking them out of *values*; None where they name none.

    Raises:
        MalformedQuery: an end is no version, or the window ends before it begins.
    """
    since, until = (_version(name, values.pop(name)) if name in values else None for name in ENDS)
    if since is None and until is None:
        return None
    if since is not None and until is not None and since > until:
        raise MalformedQuery("minChangeVersion", INVERTED)
    return Window(since, until)


def _version(name: str, given: tuple[str, str]) -> int:
    parameter, text = given
    digits = text.isascii() and text.isdigit() and len(text) <= len(str(MAX_VERSION))
    if not digits or int(text) > MAX_VERSION:
        raise MalformedQuery(parameter, BAD_VERSION.format(ENDS[name]))
    return int(text)
