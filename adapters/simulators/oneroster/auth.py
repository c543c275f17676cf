"""Authentication at the simulated OneRoster system: a token that it gave, or an OAuth 1.0a signature."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from adapters.simulators.wire import basic_credentials, form_of
from adapters.transport.oauth1 import ALGORITHMS, signature

if TYPE_CHECKING:
    from collections.abc import Mapping


class Auth:
    """One *client* and its secret; *token* is one that does not expire, where there is one."""

    def __init__(self, client: str, secret: str, token: str = "") -> None:
        self._client, self._secret = client, secret
        self._tokens = {token} if token else set()
        self._nonces: set[str] = set()

    def revoke(self) -> None:
        """Expire every token now."""
        self._tokens.clear()

    def grant(self, method: str, headers: Mapping[str, str], body: bytes) -> Mapping[str, Any] | None:
        """Answer a good request for a token; None for any other."""
        kind, _, rest = headers.get("Authorization", "").partition(" ")
        asked, known = form_of(body), basic_credentials(rest) == (self._client, self._secret)
        if method != "POST" or kind != "Basic" or not known or asked.get("grant_type") != "client_credentials":
            return None
        token = secrets.token_urlsafe(24)
        self._tokens.add(token)
        return {"access_token": token, "token_type": "Bearer", "expires_in": 3600, "scope": asked.get("scope", "")}

    def knows(self, method: str, url: str, header: str) -> bool:
        """Tell whether a request has a token that was given, or a good signature."""
        kind, _, rest = header.partition(" ")
        if kind == "Bearer":
            return rest in self._tokens
        return kind == "OAuth" and self._signed(method, url, rest)

    def _signed(self, method: str, url: str, rest: str) -> bool:
        given = {name: unquote(value) for name, value in re.findall(r'(\w+)="([^"]*)"', rest)}
        stated, nonce = given.pop("oauth_signature", ""), given.get("oauth_nonce", "")
        algorithm = given.get("oauth_signature_method", "")
        if given.get("oauth_consumer_key") != self._client or algorithm not in ALGORITHMS:
            return False
        if not nonce or nonce in self._nonces:
            return False
        self._nonces.add(nonce)
        own = [(name, value) for name, value in given.items() if name != "realm"]
        return secrets.compare_digest(stated, signature(method, url, own, self._secret, algorithm))
