"""Page tokens of the Ed-Fi API: the position in a walk, sealed so that only the gateway can read or make one."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from hashlib import blake2b
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from gateway.engine.rows import ROW_BITS, ROW_MASK
from gateway.paging.walks import policy
from gateway.storage.cipher import TokenCipher
from standards.edfi.api.request import BAD_TOKEN
from standards.errors import MalformedQuery, WalkInterrupted
from standards.query import Condition, Item

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.auth.callers import Caller
    from gateway.engine.row_index import RowIndex
    from gateway.engine.rows import Rows
    from gateway.request import PageRequest
    from standards.keys import Keyring
    from standards.query import Filter, Query

STATE_BYTES: Final = 8
ID_BYTES: Final = 16
NOWHERE: Final = bytes(ID_BYTES)
ALL_WITH_ONE_ID: Final = 255
"""More records with one id than there can be: a cursor past so many is past all of them."""

MAX_TOKEN_CHARACTERS: Final = 128
VERSION: Final = b"\1"
TOKEN_BYTES: Final = len(VERSION) + STATE_BYTES + ID_BYTES + 1 + ID_BYTES


@dataclass(frozen=True, slots=True)
class Cursor:
    """A range of released ids: behind the first *met* records that bear *after*, up to and including *until*.

    An empty id is no bound. *state* is a hash of what the consumer was allowed to see when it was made.
    """

    after: str = ""
    met: int = 0
    until: str = ""
    state: bytes = b""

    def span(self, rows: RowIndex, limit: int) -> tuple[int, int]:
        """Return the first position of the page in *rows*, and the one behind its last."""
        name = _naming(rows)
        first, last = 0, rows.total
        if self.after:
            start = bisect_left(rows.codes, self.after, key=name)
            first = min(start + self.met, bisect_right(rows.codes, self.after, lo=start, key=name))
        if self.until:
            last = bisect_right(rows.codes, self.until, key=name)
        return first, max(first, min(first + limit, last))

    def behind(self, rows: RowIndex, place: int) -> Cursor:
        """Return the cursor of the range behind the record at *place*."""
        name = _naming(rows)
        bearer = name(rows.codes[place])
        met = place + 1 - bisect_left(rows.codes, bearer, key=name)
        return Cursor(bearer, min(met, ALL_WITH_ONE_ID), self.until, policy_mark(rows.shown))


class Cursors:
    """A sealer of cursors for one consumer and one query.

    The same position of the same walk always gets the same token, and a token reveals nothing without the key. It
    outlives a restart if the keys do.
    """

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    def seal(self, caller: Caller, request: PageRequest, query: Query, cursor: Cursor) -> str:
        """Return the token for *cursor*, valid for *caller* and this query."""
        plain = VERSION + cursor.state + _packed(cursor.after) + bytes([cursor.met]) + _packed(cursor.until)
        sealed = self._cipher(caller).seal(plain, _question(request, query))
        return urlsafe_b64encode(sealed).rstrip(b"=").decode("ascii")

    def open(self, caller: Caller, request: PageRequest, query: Query) -> Cursor:
        """Return the cursor in the token of *query*; without a token, one without bounds.

        Raises:
            MalformedQuery: the token was not made for this consumer and this query.
        """
        if not query.token:
            return Cursor()
        try:
            sealed = urlsafe_b64decode(_padded(query.token))
            if urlsafe_b64encode(sealed).rstrip(b"=").decode("ascii") != query.token:
                raise MalformedQuery("pageToken", BAD_TOKEN)
            plain = self._cipher(caller).open(sealed, _question(request, query))
        except ValueError:
            raise MalformedQuery("pageToken", BAD_TOKEN) from None
        if len(plain) != TOKEN_BYTES or not plain.startswith(VERSION):
            raise MalformedQuery("pageToken", BAD_TOKEN)
        state, rest = plain[1 : 1 + STATE_BYTES], plain[1 + STATE_BYTES :]
        return Cursor(_printed(rest[:ID_BYTES]), rest[ID_BYTES], _printed(rest[ID_BYTES + 1 :]), state)

    def _cipher(self, caller: Caller) -> TokenCipher:
        if caller.purpose:
            return TokenCipher(self._keyring.derive("page tokens for a purpose", f"{caller.client}\n{caller.purpose}"))
        return TokenCipher(self._keyring.derive("page tokens", caller.client))


def check(cursor: Cursor, shown: tuple[Rows, ...]) -> None:
    """Refuse to continue where what the consumer may see has changed.

    Raises:
        WalkInterrupted: it has.
    """
    if cursor.state and cursor.state != policy_mark(shown):
        raise WalkInterrupted("What this client may see has changed since the first page; start again there.")


def span(cursor: Cursor, rows: RowIndex, query: Query) -> tuple[int, int]:
    """Return the first position of the page in *rows*, by token or by offset, and the one behind its last."""
    return cursor.span(rows, query.limit) if query.token else (query.offset, query.offset + query.limit)


def partitions(rows: RowIndex, number: int) -> list[Cursor]:
    """Split *rows* into at most *number* ranges, each row in exactly one, even if new ids come in between."""
    name, state = _naming(rows), policy_mark(rows.shown)
    parts = min(number, rows.total)
    ends = sorted({name(rows.codes[rows.total * part // parts - 1]) for part in range(1, parts)})
    if ends and ends[-1] == name(rows.codes[-1]):
        ends.pop()
    bounds = ["", *ends, ""]
    found = [Cursor(after, ALL_WITH_ONE_ID if after else 0, until, state) for after, until in pairwise(bounds)]
    return found if rows.total else []


def policy_mark(shown: tuple[Rows, ...]) -> bytes:
    """Hash what the consumer may see to a few bytes."""
    return blake2b(repr(policy(shown)).encode(), digest_size=STATE_BYTES).digest()


def _question(request: PageRequest, query: Query) -> list[bytes]:
    """Return what a token is bound to: one resource of one district or of all, one filter and window."""
    window = repr(query.window) if query.window else ""
    parts = (request.view.api, request.view.name, request.district or "*", _canonical(query.filter), window)
    return [part.encode("utf-8", "surrogatepass") for part in parts]


def _canonical(condition: Filter | None) -> str:
    """Return a filter as text that does not depend on the order of its parts or the spelling of names."""
    if condition is None:
        return ""
    if isinstance(condition, Condition):
        return repr((condition.path, condition.operator, condition.value))
    if isinstance(condition, Item):
        return repr((condition.path, sorted(condition.members)))
    return repr((type(condition).__name__, sorted(map(_canonical, condition.parts))))


def _naming(rows: RowIndex) -> Callable[[int], str]:
    ids = [part.ids for part in rows.shown]
    return lambda code: ids[code >> ROW_BITS][code & ROW_MASK]


def _packed(identifier: str) -> bytes:
    return bytes.fromhex(identifier) if identifier else NOWHERE


def _printed(block: bytes) -> str:
    return "" if block == NOWHERE else block.hex()


def _padded(token: str) -> bytes:
    if len(token) > MAX_TOKEN_CHARACTERS:
        raise MalformedQuery("pageToken", BAD_TOKEN)
    return token.encode("ascii") + b"=" * (-len(token) % 4)
