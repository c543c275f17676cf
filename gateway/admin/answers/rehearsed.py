"""Rehearsed requests: what somebody pasted as an address, and the steps it took up to the first that said no."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote_to_bytes, urlsplit

from gateway.auth.request_steps import ADDRESS
from standards import registry
from standards.errors import CallerError

if TYPE_CHECKING:
    from standards.errors import GatewayError

MAX_CHARACTERS: Final = 8192
"""The length of an address that is looked at; servers take no longer one."""

APIS: Final = ("oneroster", "edfi")
CLOSE: Final = 0.8
"""How alike a part of an address and a collection must be for the one to be taken for a slip of the pen."""

METHODS: Final = ("GET", "POST", "PUT", "DELETE")
SCHEMES: Final = frozenset({"", "http", "https"})
HOST: Final = re.compile(r"[A-Za-z0-9._:\[\]-]*")
PROTOCOL: Final = re.compile(r"\s+HTTP/[0-9.]+$")
UNREADABLE: Final = "This is no address of the data APIs: paste it as it was sent, from its path on or with its host."


@dataclass(frozen=True, slots=True)
class AskedAddress:
    """A request to rehearse: its method, its path without percent signs, its query as it was sent.

    It is never printed: an id or a name may stand in it.
    """

    method: str
    path: str
    query: str

    def __repr__(self) -> str:
        return f"AskedAddress({self.method})"


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What came of a rehearsal: the route and the view it found, the steps *begun*, and the *error*, if one came.

    *near* is the collection that the address may have meant, where there is none of its name.
    """

    endpoint: str
    view: str
    district: str
    begun: tuple[tuple[str, tuple[Any, ...]], ...]
    error: GatewayError | None
    refusal: str = ""
    near: str = ""

    @property
    def code(self) -> str:
        """The code of the refusal; empty where nothing refused."""
        return self.refusal or (self.error.code if self.error is not None else "")

    @property
    def last(self) -> str:
        """The step that was begun last."""
        return self.begun[-1][0] if self.begun else ADDRESS

    def known(self, step: str) -> tuple[Any, ...]:
        """Return what a *step* looked at; empty where it was not begun."""
        return next((known for name, known in reversed(self.begun) if name == step and known), ())


def read_address(method: str, pasted: str) -> AskedAddress:
    """Read an address as somebody pasted it: of any host or none, perhaps with the method before it.

    Raises:
        CallerError: it is none; what was pasted is not repeated.
    """
    text = pasted.strip()
    if not text or len(text) > MAX_CHARACTERS or not text.isprintable():
        raise CallerError(UNREADABLE)
    first, _, rest = text.partition(" ")
    if rest and first.upper() in METHODS:
        method, text = first.upper(), PROTOCOL.sub("", rest.strip())
    if method not in METHODS:
        raise CallerError(UNREADABLE)
    if not text.startswith("/") and "://" not in text.partition("?")[0]:
        text = f"//{text}"
    return _split(method, text.replace(" ", "%20"))


def nearest(path: str) -> str:
    """Return the collection of a standard whose name is nearest to a part of a *path* that no standard has, or nothing.

    The standards alone are asked: what is suggested tells nothing of agreements, nor of what a district has.
    """
    known = {name for api in APIS for name in registry.views(api)}
    parts = [part for part in path.split("/")[-3:] if part]
    if any(part in known for part in parts):
        return ""
    folded = {name.casefold(): name for name in sorted(known)}
    for part in reversed(parts):
        if found := get_close_matches(part.casefold(), folded, 1, CLOSE):
            return folded[found[0]]
    return ""


def _split(method: str, text: str) -> AskedAddress:
    try:
        found = urlsplit(text)
        path, _ = unquote_to_bytes(found.path).decode("utf-8"), found.port
    except ValueError:
        raise CallerError(UNREADABLE) from None
    if (
        found.scheme.lower() not in SCHEMES
        or not HOST.fullmatch(found.netloc)
        or not path.startswith("/")
        or not path.isprintable()
    ):
        raise CallerError(UNREADABLE)
    return AskedAddress(method, path, found.query)
