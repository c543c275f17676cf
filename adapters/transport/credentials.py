"""Credentials of requests to a district's system: bearer tokens, OAuth 1.0a signatures, OAuth 2 client credentials."""

from __future__ import annotations

import base64
import secrets
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import quote_plus, urlencode

from adapters.transport.error_codes import word
from adapters.transport.http import refuse
from adapters.transport.oauth1 import authorization
from standards.errors import SourceBroken, SourceRefused

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from adapters.transport.http import Deadline, Http, SourceResponse

RENEW_BEFORE_SECONDS: Final = 30.0
MIN_LIFE_SECONDS: Final = 60.0
PLACE: Final = "token"
FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}


class Credentials(Protocol):
    """The credentials that authenticate a request."""

    def header(self, method: str, url: str, parameters: Sequence[tuple[str, str]], deadline: Deadline) -> str:
        """Return the Authorization header of a request."""

    def renew(self, refused: str) -> bool:
        """Discard the token that made the header *refused*; tell whether another attempt can help."""


@dataclass(frozen=True, slots=True)
class Bearer:
    """A bearer token that does not expire."""

    token: str = field(repr=False)

    def header(self, method: str, url: str, parameters: Sequence[tuple[str, str]], deadline: Deadline) -> str:  # noqa: ARG002  it is always the same
        """Return the Authorization header of a request."""
        return f"Bearer {self.token}"

    def renew(self, refused: str) -> bool:  # noqa: ARG002  there is no other
        """Tell whether another attempt can help: never."""
        return False


@dataclass(frozen=True, slots=True)
class Signed:
    """A signature over each request (OAuth 1.0a without a token, as OneRoster 1.1 has it)."""

    key: str
    secret: str = field(repr=False)
    algorithm: str

    def header(self, method: str, url: str, parameters: Sequence[tuple[str, str]], deadline: Deadline) -> str:  # noqa: ARG002  nothing is asked for it
        """Return the Authorization header of a request."""
        nonce, now = secrets.token_hex(16), int(time.time())
        return authorization(method, url, parameters, self.key, self.secret, self.algorithm, nonce, now)

    def renew(self, refused: str) -> bool:  # noqa: ARG002  each request has its own
        """Tell whether another attempt can help: never."""
        return False


class Granted:
    """A token from the system's authorization server (OAuth 2 client credentials).

    *reason* finds in a refusal the error code that may be repeated.
    """

    def __init__(
        self,
        http: Http,
        token_url: str,
        client: str,
        secret: str,
        scope: str,
        reason: Callable[[SourceResponse], str] = word,
    ) -> None:
        self._http, self._url, self._scope, self._reason = http, token_url, scope, reason
        pair = f"{quote_plus(client)}:{quote_plus(secret)}"
        self._basic = f"Basic {base64.b64encode(pair.encode()).decode()}"
        self._header, self._until = "", 0.0
        self._lock = threading.Lock()

    def header(self, method: str, url: str, parameters: Sequence[tuple[str, str]], deadline: Deadline) -> str:  # noqa: ARG002  a token is for every request
        """Return the Authorization header of a request."""
        with self._lock:
            if not self._header or time.monotonic() >= self._until:
                self._fetch(deadline)
            return self._header

    def renew(self, refused: str) -> bool:
        """Discard the token that was *refused*; the next request asks for another."""
        with self._lock:
            if self._header == refused:
                self._header = ""
        return True

    def _fetch(self, deadline: Deadline) -> None:
        asked = {"grant_type": "client_credentials"} | ({"scope": self._scope} if self._scope else {})
        headers = {"Authorization": self._basic, **FORM}
        answer = self._http.send("POST", self._url, PLACE, deadline, headers, urlencode(asked).encode())
        refuse(answer, self._reason(answer))
        token, seconds = _token(answer.json())
        self._header = f"Bearer {token}"
        self._until = time.monotonic() + max(seconds - RENEW_BEFORE_SECONDS, min(seconds, MIN_LIFE_SECONDS) / 2)


def _token(document: Any) -> tuple[str, float]:
    if not isinstance(document, dict) or not isinstance(token := document.get("access_token"), str) or not token:
        raise SourceBroken("The answer holds no access_token.", PLACE)
    if not token.isascii() or not token.isprintable():
        raise SourceBroken("The access_token holds characters that no header can.", PLACE)
    if str(document.get("token_type", "bearer")).lower() != "bearer":
        raise SourceRefused("the source gives a token that is no bearer token.", PLACE)
    life = document.get("expires_in", 300)
    try:
        return token, float(life)
    except (TypeError, ValueError):
        raise SourceBroken("expires_in is no number.", PLACE) from None
