"""Ciphers: bytes sealed under a key and bound to associated data; without the key nobody can read or change them."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESSIV

if TYPE_CHECKING:
    from collections.abc import Sequence

NONCE_BYTES: Final = 12
TAG_BYTES: Final = 16
SEAL_BYTES: Final = NONCE_BYTES + TAG_BYTES
"""The bytes by which a sealed text is longer than the text."""


class NotSealed(ValueError):
    """Bytes that do not open: sealed under another key or with other associated data, or changed since."""


class Cipher:
    """AES-GCM for stored data, with a random nonce in front: two seals of one text differ."""

    def __init__(self, key: bytes) -> None:
        self._aead = AESGCM(key)

    def seal(self, text: bytes, about: bytes = b"") -> bytes:
        """Encrypt *text*; it opens only with the same associated data *about* it."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._aead.encrypt(nonce, text, about)

    def open(self, sealed: bytes, about: bytes = b"") -> bytes:
        """Decrypt a sealed text.

        Raises:
            NotSealed: it was not, under this key and about this.
        """
        try:
            return self._aead.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], about)
        except (InvalidTag, ValueError):
            raise NotSealed from None


class TokenCipher:
    """AES-SIV for tokens given away: the same text with the same associated data gives the same token."""

    def __init__(self, key: bytes) -> None:
        self._aead = AESSIV(key)

    def seal(self, text: bytes, about: Sequence[bytes]) -> bytes:
        """Encrypt *text*; it opens only with the same associated data *about* it, in the same order."""
        return self._aead.encrypt(text, list(about))

    def open(self, sealed: bytes, about: Sequence[bytes]) -> bytes:
        """Decrypt a sealed text.

        Raises:
            NotSealed: it was not, under this key and about this.
        """
        try:
            return self._aead.decrypt(sealed, list(about))
        except (InvalidTag, ValueError):
            raise NotSealed from None
