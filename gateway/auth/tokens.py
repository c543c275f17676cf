"""Access tokens: random strings, valid only while the shared memory has them."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson

from standards.errors import TooManyRequests

if TYPE_CHECKING:
    from datetime import datetime

    from gateway.config.settings import TokenSettings
    from gateway.storage.registry import Client
    from gateway.storage.shared_memory import Memory

PREFIX = "cg_at_"
TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class Token:
    """The stored facts of one token; the token itself is not stored."""

    client: str
    epoch: int
    scopes: tuple[str, ...]
    issued: int
    expires: int
    place: int
    purpose: str = ""


def new_token() -> str:
    """Generate a token that nobody can guess, with a prefix by which scanners recognise a leaked one."""
    return PREFIX + secrets.token_urlsafe(TOKEN_BYTES)


def fingerprint(text: str) -> str:
    """Return the SHA-256 hash under which a token is kept; the token itself is not."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def keep(
    memory: Memory,
    text: str,
    client: Client,
    scopes: tuple[str, ...],
    now: datetime,
    tokens: TokenSettings,
    purpose: str = "",
) -> None:
    """Store the token *text* for *client*, for a *purpose* where it names one, unless it has too many valid ones."""
    life = tokens.life.total_seconds()
    issued = int(now.timestamp())
    expires = issued + int(life)
    place = _free_place(memory, client, tokens.per_client, expires, life, issued)
    known = {"c": client.client_id, "e": client.epoch, "s": scopes, "i": issued, "x": expires, "p": place}
    known |= {"u": purpose} if purpose else {}
    memory.put(f"token:{fingerprint(text)}", orjson.dumps(known), life)


def find(memory: Memory, text: str, now: datetime) -> Token | None:
    """Find what *text* stands for, if it is a valid token."""
    if not text.startswith(PREFIX):
        return None
    kept = memory.find(f"token:{fingerprint(text)}")
    if kept is None:
        return None
    known = orjson.loads(kept)
    token = Token(known["c"], known["e"], tuple(known["s"]), known["i"], known["x"], known["p"], known.get("u", ""))
    return token if now.timestamp() < token.expires else None


def revoke(memory: Memory, text: str, token: Token) -> None:
    """Revoke a token, and free its client's place."""
    memory.delete(f"token:{fingerprint(text)}")
    memory.delete(_place(token.client, token.epoch, token.place))


def _place(client_id: str, epoch: int, number: int) -> str:
    return f"tokens:{client_id}:{epoch}:{number}"


def _free_place(memory: Memory, client: Client, places: int, expires: int, life: float, now: int) -> int:
    """Return one of the client's places, each of which is free again when its token expires."""
    mark = str(expires).encode()
    for number in range(places):
        if memory.put_if_absent(_place(client.client_id, client.epoch, number), mark, life):
            return number
    ends = [memory.find(_place(client.client_id, client.epoch, number)) for number in range(places)]
    wait = min((int(end) - now for end in ends if end), default=1)
    raise TooManyRequests(f"The client has {places} living tokens, which is the most it may have.", max(1, wait))
