"""Callers: a bearer token, or the signature of a request, authenticates a client, or nobody."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from gateway.auth import tokens
from gateway.auth.scopes import administers, mixes_transfers
from gateway.storage.registry import ENABLED, REFUSE
from standards.errors import Unauthenticated

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from gateway.storage.registry import Store
    from gateway.storage.shared_memory import Memory

VERDICT_TTL_SECONDS = 1.0
MAX_VERDICTS = 10_000


@dataclass(frozen=True, slots=True)
class Caller:
    """The authenticated client of a request, with its scopes; *epoch* changes when cached answers must not be used.

    It *refuses_unknown* where members of its Ed-Fi bodies that do not exist for it are errors. Its token may name the
    one *purpose* for which it asks.
    """

    client: str
    org: str
    scopes: frozenset[str]
    epoch: int
    refuses_unknown: bool = False
    purpose: str = ""


class ClientShutOut(Unauthenticated):
    """The token is one of a known *client* that may not come in now; the answer does not tell that it is known."""

    def __init__(self, client: str) -> None:
        super().__init__("Invalid Authorization header.")
        self.client = client


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """The parts of a request covered by its OAuth 1.0a signature; *root* and *path* are the address as sent."""

    method: str
    root: str
    path: str
    query: bytes
    authorization: str
    address: str


class SignatureVerifier(Protocol):
    """Authenticates clients by the signatures of their requests."""

    def verify(self, asked: SignedRequest) -> Caller:
        """Return the caller who signed the request."""


class Callers:
    """Authenticates callers; every worker notices within a second that a token is revoked."""

    def __init__(
        self,
        store: Store,
        memory: Memory,
        clock: Callable[[], datetime],
        verifier: SignatureVerifier,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store, self._memory, self._clock, self._verifier = store, memory, clock, verifier
        self._monotonic = monotonic
        self._verdicts: dict[str, tuple[float, Caller]] = {}
        self._lock = threading.Lock()

    def authenticate(self, authorization: str | None, signed: SignedRequest | None = None) -> Caller:
        """Authenticate the caller by its bearer token, or by its signature where that is accepted."""
        if signed is not None:
            return self._verifier.verify(signed)
        text = _bearer(authorization)
        now, passed = self._clock(), self._monotonic()
        name = tokens.fingerprint(text)
        kept = self._verdicts.get(name)
        if kept and passed - kept[0] < VERDICT_TTL_SECONDS:
            return kept[1]
        caller = self._recognise(text, now)
        with self._lock:
            if len(self._verdicts) >= MAX_VERDICTS:
                self._verdicts.clear()
            self._verdicts[name] = (passed, caller)
        return caller

    def _recognise(self, text: str, now: datetime) -> Caller:
        token = tokens.find(self._memory, text, now)
        client = self._store.find_client(token.client) if token else None
        if not token or not client:
            raise Unauthenticated("Invalid Authorization header.")
        if client.status != ENABLED or client.epoch != token.epoch:
            raise ClientShutOut(client.client_id)
        if administers((*token.scopes, *client.scopes)):
            raise Unauthenticated("The token is of the administration API, which alone it opens.")
        if mixes_transfers((*token.scopes, *client.scopes)):
            raise Unauthenticated("The client has scopes of transfers and others, and is served by neither.")
        scopes = frozenset(token.scopes) & frozenset(client.scopes)
        refuses = client.unknown_members == REFUSE
        return Caller(client.client_id, client.org, scopes, client.epoch, refuses, token.purpose)


def _bearer(authorization: str | None) -> str:
    if authorization is None or not authorization.strip():
        raise Unauthenticated("Authorization header is missing.")
    scheme, _, text = authorization.strip().partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthenticated("Unknown Authorization header scheme.")
    if not text.strip():
        raise Unauthenticated("Missing Authorization header bearer token value.")
    return text.strip()
