"""Correlation ids: the id that a caller gives its own request, in a header or in the query."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from flask import request

from standards.query_strings import read_query

if TYPE_CHECKING:
    from collections.abc import Iterable

HEADER = "correlation-id"
"""The header in which the Ed-Fi ODS/API takes a caller's id, and in which an error of either standard has it."""

PARAMETER = "correlationid"
"""The query parameter in which it takes one too, at any address and in any case."""

MAX_CHARACTERS = 200
MAX_QUERY_BYTES = 65_536
PRINTABLE = re.compile(r"[ -~]+")
"""The characters of an id, so that it can stand in a header."""


def given() -> str:
    """Return the id that the caller gives the present request: the header's, or else the query's; empty without one."""
    asked = request.headers.get(HEADER) or _in_query()
    cut = asked[:MAX_CHARACTERS].strip()
    return cut if PRINTABLE.fullmatch(cut) else ""


def without(arguments: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the *arguments* without the correlation id."""
    return [(name, value) for name, value in arguments if name.lower() != PARAMETER]


def _in_query() -> str:
    text = request.query_string[:MAX_QUERY_BYTES]
    if PARAMETER.encode() not in text.lower():
        return ""
    found = read_query(text, encoding="latin-1", errors="replace")
    return next((value for name, value in found if name.lower() == PARAMETER and value), "")
