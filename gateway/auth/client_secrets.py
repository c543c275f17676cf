"""Client secrets: generated here, shown once, and kept only as a slow hash."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

if TYPE_CHECKING:
    from datetime import datetime

    from gateway.storage.registry import Client

SECRET_BYTES = 32
MAX_SECRET_CHARACTERS = 200
HINT_CHARACTERS = 4

# A secret has 256 random bits, so nobody can guess it; more memory would only help those who flood the endpoint.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1, type=Type.ID)
_NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$cuviSwpvRNeK+0cKznjzow$z6s3duB1MQux1E9RRBCLrRHNCd3TpTq8DBhBFWt69fY"


def new_secret() -> tuple[str, str]:
    """Generate a secret, to be shown once, and the hash of it to store."""
    secret = secret_text()
    return secret, secret[:HINT_CHARACTERS] + _HASHER.hash(secret)


def secret_text() -> str:
    """Generate a random secret that can be pasted behind any command: none begins with a dash, as an option would."""
    while (text := secrets.token_urlsafe(SECRET_BYTES)).startswith("-"):
        pass
    return text


def meant(secret: str, client: Client | None, now: datetime) -> str | None:
    """Return the hash of the one secret of *client*'s that *secret* can be; None where it can be none of them."""
    secret_hashes = client.secrets if client else ()
    kept = [
        secret_hash.hash
        for secret_hash in secret_hashes
        if secret_hash.not_after is None or now < secret_hash.not_after
    ]
    return next(
        (secret_hash[HINT_CHARACTERS:] for secret_hash in kept if secret_hash.startswith(secret[:HINT_CHARACTERS])),
        None,
    )


def proves(secret: str, client: Client | None, now: datetime) -> bool:
    """Tell whether *secret* is one of *client*'s; one hash is tried in every case, so that the time tells nothing."""
    secret_hash = meant(secret, client, now)
    return _matches(secret_hash or _NOBODY, secret) and secret_hash is not None


def _matches(secret_hash: str, secret: str) -> bool:
    try:
        return _HASHER.verify(secret_hash, secret[:MAX_SECRET_CHARACTERS])
    except (VerificationError, InvalidHashError):
        return False
