"""Secrets of OAuth 1.0a: whoever checks a signature must know them, so they are kept sealed and for a time only."""

from __future__ import annotations

import secrets
from datetime import UTC
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.auth.client_secrets import secret_text
from gateway.storage.registry import SharedSecret

if TYPE_CHECKING:
    from datetime import datetime

PURPOSE = "oauth1"
_NONCE_BYTES = 12


def new_shared_secret(key: bytes, client_id: str, not_after: datetime) -> tuple[str, SharedSecret]:
    """A fresh secret, to be shown once, and what to keep of it: only *key* opens that, for that client and time."""
    secret, nonce = secret_text(), secrets.token_bytes(_NONCE_BYTES)
    sealed = AESGCM(key).encrypt(nonce, secret.encode(), _bound_to(client_id, not_after))
    return secret, SharedSecret(nonce + sealed, not_after)


def open_shared_secret(key: bytes, client_id: str, kept: SharedSecret) -> str | None:
    """The secret behind *kept*, unless it was sealed by another key, for another client or for another time."""
    nonce, sealed = kept.sealed[:_NONCE_BYTES], kept.sealed[_NONCE_BYTES:]
    try:
        return AESGCM(key).decrypt(nonce, sealed, _bound_to(client_id, kept.not_after)).decode()
    except (InvalidTag, ValueError):
        return None


def _bound_to(client_id: str, not_after: datetime) -> bytes:
    return f"{client_id} {not_after.astimezone(UTC).isoformat()}".encode()
