"""Authentication at the simulated ODS: opaque tokens for clients with a secret."""

from __future__ import annotations

import json
import secrets
import time
from typing import TYPE_CHECKING, Any, Final

from adapters.simulators.edfi.problems import ProblemRefusal
from adapters.simulators.wire import EdFiReply, basic_credentials, form_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

NOT_KEPT: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}


class TokenDenied(Exception):
    """The system refuses a token, for a reason in the words of OAuth."""

    def __init__(self, status: int, error: str, description: str = "") -> None:
        super().__init__(error)
        self.status = status
        self.body = {"error": error} | ({"error_description": description} if description else {})


class IssuedTokens:
    """The tokens of *clients* with secrets; each may have *limit* live tokens (any number below zero)."""

    def __init__(
        self,
        clients: Mapping[str, str],
        *,
        lifetime: float = 1800,
        limit: int = 15,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.clients, self.lifetime, self.limit = dict(clients), lifetime, limit
        self._now = now
        self._live: dict[str, tuple[str, float]] = {}

    def expire(self) -> None:
        """Expire every token now."""
        self._live.clear()

    def live(self, client: str) -> int:
        """Count the tokens that *client* can use."""
        return sum(owner == client and end > self._now() for owner, end in self._live.values())

    def grant(self, method: str, headers: Mapping[str, str], body: bytes) -> EdFiReply:
        """Answer a request for a token."""
        try:
            client, scope = self._known(method, headers, body)
        except TokenDenied as denied:
            return EdFiReply(denied.status, denied.body, dict(NOT_KEPT))
        if 0 <= self.limit <= self.live(client):
            raise ProblemRefusal("security:authentication:too-many-tokens")
        return EdFiReply(200, self._given(client, scope), dict(NOT_KEPT))

    def client(self, header: str) -> str:
        """Return the client whose token is in an Authorization *header*; a `ProblemRefusal` where there is none."""
        scheme, _, token = header.partition(" ")
        if not header:
            raise ProblemRefusal("security:authentication", "Authorization header is missing.")
        if scheme.lower() != "bearer":
            raise ProblemRefusal("security:authentication", "Unknown Authorization header scheme.")
        if not token.strip():
            raise ProblemRefusal("security:authentication", "Missing Authorization header bearer token value.")
        owner, end = self._live.get(token.strip(), ("", 0.0))
        if not owner or end <= self._now():
            raise ProblemRefusal("security:authentication", "Invalid token.")
        return owner

    def _known(self, method: str, headers: Mapping[str, str], body: bytes) -> tuple[str, str]:
        """Return the client that asks for a token, and the scope that it wants."""
        if method != "POST":
            raise TokenDenied(405, "invalid_request")
        asked = read_form(headers, body)
        client, secret = _credentials(headers.get("authorization", ""), asked)
        if asked.get("grant_type") != "client_credentials":
            raise TokenDenied(400, "unsupported_grant_type")
        known = self.clients.get(client)
        if known is None or not secrets.compare_digest(known.encode(), secret.encode()):
            raise TokenDenied(401, "invalid_client")
        if asked.get("scope") and not asked["scope"].isdigit():
            raise TokenDenied(400, "invalid_scope")
        return client, asked.get("scope", "")

    def _given(self, client: str, scope: str) -> dict[str, Any]:
        token = secrets.token_hex(16)
        self._live[token] = (client, self._now() + self.lifetime)
        given = {"access_token": token, "expires_in": int(self.lifetime), "token_type": "bearer"}
        return given | ({"scope": scope} if scope else {})


def read_form(headers: Mapping[str, str], body: bytes) -> dict[str, str]:
    """Read the members of a form, or of a JSON object."""
    if "json" in headers.get("content-type", ""):
        try:
            found = json.loads(body.decode("utf-8", "replace"))
        except ValueError:
            return {}
        return {name: str(value) for name, value in found.items()} if isinstance(found, dict) else {}
    return form_of(body)


def _credentials(header: str, asked: Mapping[str, str]) -> tuple[str, str]:
    """Return the id and the secret of a client, from the *header* or from what it *asked*."""
    scheme, _, rest = header.partition(" ")
    client, secret = asked.get("client_id", ""), asked.get("client_secret", "")
    if scheme and scheme.lower() != "basic":
        raise TokenDenied(401, "invalid_client", "Only HTTP Basic is supported.")
    if scheme and (client or secret):
        raise TokenDenied(400, "invalid_client", "Credentials came in the header and in the body.")
    if scheme:
        client, secret = basic_credentials(rest)
        if not client or not secret:
            raise TokenDenied(400, "invalid_request", "The header is malformed.")
    if not client and not secret:
        raise TokenDenied(401, "invalid_request", "There are no credentials.")
    return client, secret
