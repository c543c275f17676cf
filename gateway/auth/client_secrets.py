"""Client secrets: made here, shown once, and kept only as a hash that is slow to try."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

if TYPE_CHECKING:
    from datetime import datetime

    from gateway.storage.registry import Client

SECRET_BYTES = 32
LONGEST_SECRET = 200
HINT = 4

# A secret has 256 random bits, so nobody can guess it; more memory would only help those who flood the endpoint.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1, type=Type.ID)
_NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$cuviSwpvRNeK+0cKznjzow$z6s3duB1MQux1E9RRBCLrRHNCd3TpTq8DBhBFWt69fY"


def new_secret() -> tuple[str, str]:
    """A fresh secret, to be shown once, and the trace to keep of it."""
    secret = secret_text()
    return secret, secret[:HINT] + _HASHER.hash(secret)


def secret_text() -> str:
    """A random secret that can be pasted behind any command: none begins with a dash, which would make it an option."""
    while (text := secrets.token_urlsafe(SECRET_BYTES)).startswith("-"):
        pass
    return text


def meant(secret: str, client: Client | None, now: datetime) -> str | None:
    """The trace of the one secret of *client*'s that *secret* can be; None where it can be none of them."""
    traces = client.secrets if client else ()
    kept = [trace.hash for trace in traces if trace.not_after is None or now < trace.not_after]
    return next((trace[HINT:] for trace in kept if trace.startswith(secret[:HINT])), None)


def proves(secret: str, client: Client | None, now: datetime) -> bool:
    """Whether *secret* is one of *client*'s; one hash is tried in every case, so that the time tells nothing."""
    trace = meant(secret, client, now)
    return _matches(trace or _NOBODY, secret) and trace is not None


def _matches(trace: str, secret: str) -> bool:
    try:
        return _HASHER.verify(trace, secret[:LONGEST_SECRET])
    except (VerificationError, InvalidHashError):
        return False
