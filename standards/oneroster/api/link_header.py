"""Link headers that clients and proxies accept: a request whose links would be longer is refused before it is read.

Each of the four links of a page repeats the filter, the sort and the fields, percent-encoded: one byte of a query may
be three in each of them, and many clients and proxies take no header of more than 8 kB.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from standards.errors import MalformedQuery
from standards.oneroster.api.envelope import REPEATED, links
from standards.oneroster.api.request import MAX_NUMBER
from standards.query_strings import percent_encoded

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_LINK_BYTES = 8_000
"""The length allowed to the Link header of an answer."""

LINKS_PER_HEADER = 4


def check_links(address: str, arguments: Mapping[str, str]) -> None:
    """Refuse a query that the links of a page would repeat beyond their limit, whatever the answer.

    Raises:
        MalformedQuery: a parameter, the longest of those repeated, is too long.
    """
    longest = len(links(address, arguments, MAX_NUMBER, MAX_NUMBER, MAX_NUMBER * LINKS_PER_HEADER))
    if longest <= MAX_LINK_BYTES:
        return
    sizes = {name: len(percent_encoded(arguments.get(name, ""))) for name in REPEATED}
    name = max(sizes, key=sizes.__getitem__)
    most = max(0, sum(sizes.values()) - -(-(longest - MAX_LINK_BYTES) // LINKS_PER_HEADER))
    raise MalformedQuery(
        name,
        f"{', '.join(REPEATED)} may have {most} bytes here together, percent-encoded: each link of an answer repeats"
        f" them, and a Link header may have {MAX_LINK_BYTES}.",
    )
