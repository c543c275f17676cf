"""Query strings: written percent-encoded in one way, and read into parameters in their order."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

if TYPE_CHECKING:
    from collections.abc import Sequence

    Parameters = Sequence[tuple[str, str]]


def percent_encoded(text: str) -> str:
    """Write *text* percent-encoded: only letters, digits and ``_.-~`` stand for themselves."""
    return quote(text, safe="")


def with_query(url: str, parameters: Parameters) -> str:
    """Add *parameters* to an address that has no query, with spaces as ``%20``."""
    return f"{url}?{urlencode(parameters, quote_via=quote)}" if parameters else url


def parameters_of(url: str) -> list[tuple[str, str]]:
    """Read the query parameters of an address, empty ones included."""
    return parse_qsl(urlsplit(url).query, keep_blank_values=True)


def read_query(
    query: bytes, max_parameters: int | None = None, *, encoding: str = "ascii", errors: str = "strict"
) -> list[tuple[str, str]]:
    """Read the parameters of a request's query string, empty ones and repetitions included.

    *encoding* is that of bytes that stand there unencoded; *errors* is the treatment of encoded ones that are not
    UTF-8.

    Raises:
        ValueError: it cannot be read, or has more than *max_parameters*.
    """
    text = query.decode(encoding)
    return parse_qsl(text, keep_blank_values=True, errors=errors, max_num_fields=max_parameters)
