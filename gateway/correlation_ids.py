"""Correlation ids: the text by which a caller finds its own request again, in a header or in the query."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from flask import request

if TYPE_CHECKING:
    from collections.abc import Iterable

HEADER = "correlation-id"
"""The header in which the Ed-Fi ODS/API takes a caller's id, and in which an error of either standard carries it."""

PARAMETER = "correlationid"
"""The parameter in which it takes one too, in any address and in any case."""

LONGEST_CHARACTERS = 200
LONGEST_QUERY_BYTES = 65_536
PRINTABLE = re.compile(r"[ -~]+")
"""What an id may consist of, so that it can stand in a header."""


def given() -> str:
    """The id that the caller gives the present request: the header's, or else the query's; empty without one."""
    asked = request.headers.get(HEADER) or _in_query()
    cut = asked[:LONGEST_CHARACTERS].strip()
    return cut if PRINTABLE.fullmatch(cut) else ""


def without(arguments: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """The *arguments* that say what is asked for, and not by which id."""
    return [(name, value) for name, value in arguments if name.lower() != PARAMETER]


def _in_query() -> str:
    text = request.query_string[:LONGEST_QUERY_BYTES]
    if PARAMETER.encode() not in text.lower():
        return ""
    found = (value for name, value in parse_qsl(text.decode("latin-1")) if name.lower() == PARAMETER)
    return next(found, "")
