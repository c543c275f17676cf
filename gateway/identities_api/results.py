"""Results of finds and searches that are read later: sealed in memory under a token that the caller alone has."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING, Final

from gateway.storage.cipher import Cipher, NotSealed
from standards.errors import StoreUnavailable, TooManyRequests

if TYPE_CHECKING:
    from gateway.admin.administration import Administration
    from gateway.people.actor import Actor
    from gateway.storage.shared_memory import Memory

LIFE_SECONDS: Final = 600
MAX_WAITING: Final = 8
"""The results that one caller may leave in memory at a time."""

TOKEN_BYTES: Final = 32
PURPOSE: Final = "identity-results"


class IdentityResults:
    """The results that wait to be read.

    The memory may be Redis: what is there is sealed under a key that follows from the token and its caller, and is
    named by a hash of both, so that neither the memory nor another caller can read it.
    """

    def __init__(self, region: Administration) -> None:
        self._region, self._key = region, region.keys.derive(PURPOSE)

    def keep(self, actor: Actor, district: str, content: bytes) -> str:
        """Keep a result for ten minutes; return its token.

        Raises:
            TooManyRequests: the caller has left too many unread.
        """
        token = secrets.token_urlsafe(TOKEN_BYTES)
        self._take_place(actor)
        name, cipher = self._sealing(actor, district, token)
        self._memory().put(name, cipher.seal(content, name.encode()), LIFE_SECONDS)
        return token

    def find(self, actor: Actor, district: str, token: str) -> bytes | None:
        """Return the result of a *token*, to the caller to whom it was given alone."""
        name, cipher = self._sealing(actor, district, token)
        kept = self._memory().find(name)
        try:
            return None if kept is None else cipher.open(kept, name.encode())
        except NotSealed:
            return None

    def _sealing(self, actor: Actor, district: str, token: str) -> tuple[str, Cipher]:
        """Return the name in memory of a result, and what seals it."""
        whose = "\0".join((actor.kind, actor.person or actor.name, district, token)).encode("utf-8", "surrogatepass")
        name = hashlib.sha256(b"name\0" + whose).hexdigest()
        return f"identities:{name}", Cipher(hmac.new(self._key, whose, hashlib.sha256).digest())

    def _take_place(self, actor: Actor) -> None:
        whose = hashlib.sha256((actor.person or actor.name).encode("utf-8", "surrogatepass")).hexdigest()
        memory = self._memory()
        if not any(
            memory.put_if_absent(f"identities:{whose}:{number}", b"1", LIFE_SECONDS) for number in range(MAX_WAITING)
        ):
            raise TooManyRequests("Too many results wait to be read.", LIFE_SECONDS)

    def _memory(self) -> Memory:
        if self._region.memory is None:
            raise StoreUnavailable("There is no memory here in which a result could wait.")
        return self._region.memory
