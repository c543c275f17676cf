"""The way back: the page of the console to which a browser returns after signing in."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote, urlsplit

HOME: Final = "/console"
PATH: Final = re.compile(r"/console(?:/[A-Za-z0-9._~!$&'()*+,;=:@%-]+)*/?(?:\?[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*)?")
"""A page of the console: an absolute path in the letters of RFC 3986, so that no browser reads another host in it."""


def own_path(asked: str | None) -> str:
    """Return the path *asked* for where it is a page of the console, else the console's first page."""
    wanted = (asked or "").removesuffix("?")
    if not PATH.fullmatch(wanted) or "/../" in f"{unquote(urlsplit(wanted).path)}/":
        return HOME
    return wanted
