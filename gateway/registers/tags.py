"""Register tags: keyed hashes under a key of the district that does not change with the school year.

A student has several: by the id in the district's system, by the state's id, and by name with birth date. An entry of a
register holds for whoever any of its tags matches, so that a system that gives out new ids does not undo it.
"""

from __future__ import annotations

import hmac
import re
import unicodedata
from typing import Final

from gateway.storage.cipher import Cipher
from gateway.storage.secrets import derive_subkey

PURPOSE: Final = "registers"
ID, STATE_ID, NAME = "id", "stateId", "name"
KINDS: Final = (ID, STATE_ID, NAME)
CONTACT: Final = "contact"
"""The kind of tag of a contact, by its id in the district's system."""
TAG_BYTES: Final = 16
GENERATION: Final = re.compile(r"(?<=\w)[\s,]+(?:jr|sr|ii|iii|iv)\.?\Z", re.IGNORECASE)


class RegisterKeys:
    """The keys of all districts' registers, derived from the region's key for *registers*."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._tagging: dict[str, bytes] = {}

    def tag(self, district: str, kind: str, text: str) -> str:
        """Return the tag of what a student, or a contact, is known by, as hex digits."""
        key = self._tagging.get(district)
        if key is None:
            key = self._tagging[district] = derive_subkey(self._key, b"tags\x00" + district.encode())
        message = f"{kind}\x00{text}".encode("utf-8", "surrogatepass")
        return hmac.digest(key, message, "sha256")[:TAG_BYTES].hex()

    def cipher(self, district: str) -> Cipher:
        """Return the cipher that seals the values that a register must keep, such as a substitute address."""
        return Cipher(derive_subkey(self._key, b"values\x00" + district.encode()))


def spelt_name(family: str, given: str, birth_date: str) -> str:
    """Write a name with its birth date in one spelling: without case, accents, spaces and punctuation.

    A generation after the family name is left out: some systems write it there, others apart.
    """
    family = GENERATION.sub("", family.strip())
    return "\x1f".join([*(_plain(part) for part in (family, given)), birth_date.strip()[:10]])


def _plain(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in letters if unicodedata.category(letter)[0] in "LN")
