"""Shared secrets of OAuth 1.0a: whoever verifies a signature must know them, so they are sealed and expire."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from gateway.auth.client_secrets import secret_text
from gateway.storage.cipher import Cipher
from gateway.storage.registry import SharedSecret

if TYPE_CHECKING:
    from datetime import datetime

PURPOSE = "oauth1"


def new_shared_secret(key: bytes, client_id: str, not_after: datetime) -> tuple[str, SharedSecret]:
    """Generate a secret, to be shown once, and what to store of it: only *key* opens that, for that client and time."""
    secret = secret_text()
    return secret, SharedSecret(Cipher(key).seal(secret.encode(), _bound_to(client_id, not_after)), not_after)


def open_shared_secret(key: bytes, client_id: str, kept: SharedSecret) -> str | None:
    """Open the secret behind *kept*, unless it was sealed by another key, for another client or for another time."""
    try:
        return Cipher(key).open(kept.sealed, _bound_to(client_id, kept.not_after)).decode()
    except ValueError:
        return None


def _bound_to(client_id: str, not_after: datetime) -> bytes:
    return f"{client_id} {not_after.astimezone(UTC).isoformat()}".encode()
