"""Keys: every outward id and every pseudonym is made from keys alone; nothing is stored, only the gateway can invert.

An id is sixteen bytes, printed as 32 hex digits. A single block under AES is a permutation of all sixteen-byte values
that nobody without the key can tell from a random one: two records never share an id, equal records always do, and an
id reveals nothing about its record. That is exactly what an id needs. The usual warning about ECB is about messages of
several blocks, whose repetitions show; here every message is one block, and that equal records show as equal is the
purpose. One call enciphers a whole column, since ECB treats each block by itself.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Key = tuple[str, ...]

BLOCK_BYTES: Final = 16
TAG_BYTES: Final = 8
PRINTED_CHARACTERS: Final = 2 * BLOCK_BYTES
KEY_BYTES: Final = 32
_HEX = re.compile(r"[0-9a-f]{32}")

# The first byte of a block. Numbers are never reused: an id must mean the same record for ever.
TAGS: Final = {
    "organization": 1, "session": 2, "course": 3, "offering": 4, "section": 5, "student": 6, "profile": 7,
    "staff": 8, "contact": 9, "guardianship": 10, "enrollment": 11, "placement": 12, "teaching": 13,
    "employment": 14, "resource": 15, "calendarDay": 16, "program": 17, "programParticipation": 18,
    "attendance": 19, "grade": 20, "transcriptEntry": 21, "academicRecord": 22, "assessment": 23,
    "assessmentResult": 24, "incident": 25, "action": 26, "gradebookCategory": 27, "lineItem": 28, "result": 29,
    "scoreScale": 30, "healthRecord": 31, "transportation": 32,
    "schoolSession": 33, "studentInvolvement": 34, "staffInvolvement": 35, "contactInvolvement": 36,
}  # fmt: skip
_ENTITIES = {tag: entity for entity, tag in TAGS.items()}


def derive_key(master: bytes, purpose: bytes) -> bytes:
    """Derive the key for one *purpose*, from which neither *master* nor any other can be learned (HKDF, SHA-256)."""
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=purpose).derive(master)


class Keyring:
    """All keys of a gateway, derived from one *master* secret of at least 32 random bytes."""

    def __init__(self, master: bytes) -> None:
        if len(master) < KEY_BYTES:
            msg = f"The master key is shorter than {KEY_BYTES} bytes."
            raise ValueError(msg)
        self._master = master
        self.derive = lru_cache(maxsize=4096)(self._derive)

    def _derive(self, purpose: str, name: str) -> bytes:
        """Derive the key for one *purpose* and one party's *name*."""
        return derive_key(self._master, _netstring((purpose, name)))

    def outward_ids(self, district: str, entity: str, keys: Sequence[Key]) -> list[str]:
        """Make the outward id of each natural key in *keys*: enciphered, or hashed where the key is too long."""
        tag = TAGS.get(entity)
        plain = [packed(tag, key) if tag else None for key in keys]
        sealed = _encipher(self.derive("ids", district), b"".join([block or bytes(BLOCK_BYTES) for block in plain]))
        ids = _printed(sealed)
        if None in plain:
            digest = _Digest(self.derive("long ids", district), entity)
            for row, block in enumerate(plain):
                if block is None:
                    ids[row] = digest(_netstring(keys[row])).hex()
        return ids

    def natural_key(self, district: str, outward: str) -> tuple[str, Key] | None:
        """Decipher the entity and natural key inside an id; None where the id is a hash.

        A hash can look like a key by chance: the caller must still find the record.
        """
        if not _HEX.fullmatch(outward):
            return None
        return unpacked(_decipher(self.derive("ids", district), bytes.fromhex(outward)))

    def blocks(self, district: str, entity: str, ids: Sequence[str]) -> bytes:
        """Return sixteen bytes for each id: our own are their digits, a source's own become a keyed hash."""
        if all(map(_HEX.fullmatch, ids)):
            return bytes.fromhex("".join(ids))
        digest = _Digest(self.derive("source ids", district), entity)
        known = _HEX.fullmatch
        return b"".join(
            [bytes.fromhex(own) if known(own) else digest(own.encode("utf-8", "surrogatepass")) for own in ids]
        )

    def unique_ids(self, district: str, entity: str, ids: Sequence[str], stated: list[Any] | None) -> list[Any]:
        """Return the unique ids of persons: as *stated*, else their own *ids*, or a hash of one that is too long."""
        told = stated or [None] * len(ids)
        if None not in told:
            return told
        blocks = self.blocks(district, entity, ids)
        hashes = (blocks[at : at + BLOCK_BYTES].hex() for at in range(0, len(blocks), BLOCK_BYTES))
        return [
            value or (own if len(own) <= PRINTED_CHARACTERS else made)
            for value, own, made in zip(told, ids, hashes, strict=True)
        ]

    def pseudonyms(self, consumer: str, blocks: bytes) -> list[str]:
        """Encipher each of *blocks* to its pseudonym for one consumer."""
        return _printed(_encipher(self.derive("pseudonyms", consumer), blocks))

    def invert(self, consumer: str, pseudonym: str) -> str | None:
        """Decipher the id behind a pseudonym of *consumer*, as 32 hex digits; None where the text cannot be one."""
        if not _HEX.fullmatch(pseudonym):
            return None
        return _decipher(self.derive("pseudonyms", consumer), bytes.fromhex(pseudonym)).hex()

    def student_tag(self, district: str, outward: str) -> bytes:
        """Hash a student to the 8 bytes that the audit log keeps, which name nobody without the key."""
        digest = _Digest(self.derive("student tags", district), "student")
        return digest(outward.encode("utf-8", "surrogatepass"))[:TAG_BYTES]

    def hash_value(self, agreement: str, name: str, text: str) -> str:
        """Hash a value of the field *name* to 32 hex digits that can be compared under one agreement only."""
        message = _netstring((name, text))
        return hmac.digest(self.derive("values", agreement), message, "sha256")[:BLOCK_BYTES].hex()


def packed(tag: int, key: Key) -> bytes | None:
    """Pack a natural key into one block: the tag, each part after its length, then zeros; None where it is too long."""
    if len(key) == 1:
        part = key[0].encode("utf-8", "surrogatepass")
        if 0 < len(part) <= BLOCK_BYTES - 2:
            return (b"%c%c" % (tag, len(part)) + part).ljust(BLOCK_BYTES, b"\0")
        return None
    parts = [part.encode("utf-8", "surrogatepass") for part in key]
    if 1 + len(parts) + sum(map(len, parts)) > BLOCK_BYTES or not all(parts):
        return None
    return (b"%c" % tag + b"".join([b"%c" % len(part) + part for part in parts])).ljust(BLOCK_BYTES, b"\0")


def unpacked(block: bytes) -> tuple[str, Key] | None:
    """Unpack the entity and natural key that `packed` put into a block; None for any other block."""
    entity, place, parts = _ENTITIES.get(block[0]), 1, []
    while entity and place < BLOCK_BYTES and (length := block[place]):
        parts.append(block[place + 1 : place + 1 + length])
        place += 1 + length
    if not entity or not parts:
        return None
    try:
        key = tuple(part.decode("utf-8", "surrogatepass") for part in parts)
    except UnicodeDecodeError:
        return None
    return (entity, key) if packed(block[0], key) == block else None


def compatible_id(entity: str, key: Key, scope: str = "") -> str:
    """Return the id that the Ed-Fi Alliance's OneRoster service gives a record, for districts that migrate from it.

    *scope* is what that service adds: the school of a person, the agency of a school year.
    """
    text = "-".join(_compatible_parts(entity, key, scope))
    return hashlib.md5(text.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()


def _compatible_parts(entity: str, key: Key, scope: str) -> tuple[str, ...]:
    match entity, key:
        case "student" | "staff" | "contact", (unique,):
            kind = {"student": "STU", "staff": "STA", "contact": "PAR"}[entity]
            return (kind, unique, scope) if scope else (kind, unique)
        case "session", ("sy", year):
            return (scope, year)
        case "course", (code, organization):
            return (organization, code)
        case "section", (code, school, year, identifier, session):
            return (code.lower(), school, year, identifier.lower(), session.lower())
        case "placement" | "teaching", (begin, *section, unique):
            return (unique.lower(), *_compatible_parts("section", tuple(section), ""), begin)
    return key


class _Digest:
    """A keyed hash of sixteen bytes, apart for every entity."""

    def __init__(self, key: bytes, entity: str) -> None:
        self._started = hashlib.blake2b(_netstring((entity,)), key=key, digest_size=BLOCK_BYTES)

    def __call__(self, message: bytes) -> bytes:
        copy = self._started.copy()
        copy.update(message)
        return copy.digest()


def _netstring(parts: Iterable[str]) -> bytes:
    """Join the parts, each after its length, so that no two sequences of parts look alike."""
    return "".join([f"{len(part)}:{part}" for part in parts]).encode("utf-8", "surrogatepass")


def _encipher(key: bytes, blocks: bytes) -> bytes:
    return Cipher(algorithms.AES(key), modes.ECB()).encryptor().update(blocks)  # noqa: S305  one block is one message


def _decipher(key: bytes, block: bytes) -> bytes:
    return Cipher(algorithms.AES(key), modes.ECB()).decryptor().update(block)  # noqa: S305  one block is one message


def _printed(blocks: bytes) -> list[str]:
    digits = blocks.hex()
    return [digits[start : start + PRINTED_CHARACTERS] for start in range(0, len(digits), PRINTED_CHARACTERS)]
