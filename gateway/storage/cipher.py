"""Ciphers: bytes sealed under a key and bound to what they are about; without the key nobody reads or changes them."""

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
"""By how much a sealed text is longer than the text."""


class NotSealed(ValueError):
    """Bytes do not open: they were sealed under another key or about something else, or have been changed."""


class Cipher:
    """Seals what is kept: AES-GCM under a random nonce, which stands in front; no two seals of a text are alike."""

    def __init__(self, key: bytes) -> None:
        self._aead = AESGCM(key)

    def seal(self, text: bytes, about: bytes = b"") -> bytes:
        """Seal *text*; it opens only for who says the same *about* it."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._aead.encrypt(nonce, text, about)

    def open(self, sealed: bytes, about: bytes = b"") -> bytes:
        """Read the text that was sealed.

        Raises:
            NotSealed: it was not, under this key and about this.
        """
        try:
            return self._aead.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], about)
        except (InvalidTag, ValueError):
            raise NotSealed from None


class TokenCipher:
    """Seals what is given away: AES-SIV, which seals the same text about the same things into the same token."""

    def __init__(self, key: bytes) -> None:
        self._aead = AESSIV(key)

    def seal(self, text: bytes, about: Sequence[bytes]) -> bytes:
        """Seal *text*; it opens only for who says the same things *about* it, in the same order."""
        return self._aead.encrypt(text, list(about))

    def open(self, sealed: bytes, about: Sequence[bytes]) -> bytes:
        """Read the text that was sealed.

        Raises:
            NotSealed: it was not, under this key and about this.
        """
        try:
            return self._aead.decrypt(sealed, list(about))
        except (InvalidTag, ValueError):
            raise NotSealed from None
