"""Real keys of parties, one of each kind that is allowed."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from joserfc.jwk import generate_key

if TYPE_CHECKING:
    from joserfc.jwk import Key

KINDS = {"EC P-256": ("EC", "P-256"), "EC P-384": ("EC", "P-384"), "RSA": ("RSA", 2048), "Ed25519": ("OKP", "Ed25519")}


def key_of(kind: str, whose: str = "maple") -> Key:
    """Make the private key of somebody, once in a run."""
    return _made(kind, whose)


@cache
def _made(kind: str, _whose: str) -> Key:
    return generate_key(*KINDS[kind])  # type: ignore[arg-type]


def public(kind: str, whose: str = "maple") -> bytes:
    """Return the public key as a PEM file."""
    return key_of(kind, whose).as_pem(private=False)
