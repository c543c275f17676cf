"""The keys of the audit log's chain: the first one, handed out once, and the present one, which is derived from it.

Both are sealed under the region's keys. The present one is stored with the number of its entry and the end of
the entry before it: it is a signature of how far the log reaches, made again at every flush, and who has it can forge
nothing about what was before. It is in two slots that are written together, so that no earlier key stays, and a
write that was torn leaves one that opens.
"""

from __future__ import annotations

import os
import secrets
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.audit import chain
from gateway.audit.chain import GENESIS, HASH_BYTES
from gateway.storage.cipher import SEAL_BYTES, Cipher, NotSealed
from gateway.storage.durable_files import replace_file
from gateway.storage.secrets import derive_subkey
from standards.keys import KEY_BYTES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

STATE = "present.key"
SLOT_BYTES = 512
SLOTS = 2
NUMBERS = struct.Struct(">QB")
WORD = "crossing-audit-key"
HANDED = b"handed out"
HANDED_BYTES = SEAL_BYTES + len(HANDED)


@dataclass(frozen=True, slots=True)
class KeyState:
    """The *key* for entry *seq*, and the *end* of the entry before it."""

    seq: int
    key: bytes
    end: bytes = GENESIS


class PresentKey:
    """The file with the present key, written at every flush; the flush of the disk is the head's."""

    def __init__(self, folder: Path, key: bytes) -> None:
        self._path, self._cipher, self._file = folder / STATE, _cipher(key, b"present"), -1

    def read(self) -> KeyState | None:
        """Read the present key; None where there is none that opens."""
        found = [one for one in self.slots() if one is not None]
        return max(found, key=lambda one: one.seq, default=None)

    def slots(self) -> list[KeyState | None]:
        """Read each slot that was written; None for one that does not open."""
        try:
            content = self._path.read_bytes()
        except OSError:
            return []
        written = [content[at : at + SLOT_BYTES] for at in range(0, len(content), SLOT_BYTES)]
        if len(content) != SLOTS * SLOT_BYTES:
            return [None]
        return [self._opened(slot, place) for place, slot in enumerate(written) if slot.strip(b"\x00")]

    def create(self, present: KeyState) -> None:
        """Create the file anew, durably."""
        self.close()
        replace_file(self._path, self._slots(present))

    def write(self, present: KeyState) -> None:
        """Write the present key in place of the one before."""
        if self._file < 0:
            self._file = os.open(self._path, os.O_WRONLY)
        os.pwrite(self._file, self._slots(present), 0)

    def sync(self) -> None:
        """Flush what was written to disk; after a failure of the machine an earlier key is there, which is moved on."""
        if self._file >= 0:
            os.fdatasync(self._file)

    def close(self) -> None:
        """Close the file."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _slots(self, present: KeyState) -> bytes:
        text = NUMBERS.pack(present.seq, len(present.end)) + present.key + present.end
        sealed = (self._cipher.seal(text, b"%d" % place) for place in range(SLOTS))
        return b"".join(one.ljust(SLOT_BYTES, b"\x00") for one in sealed)

    def _opened(self, slot: bytes, place: int) -> KeyState | None:
        for length in (HASH_BYTES, 2 * HASH_BYTES):
            size = SEAL_BYTES + NUMBERS.size + KEY_BYTES + length
            try:
                text = self._cipher.open(slot[:size], b"%d" % place)
            except NotSealed:
                continue
            seq, told = NUMBERS.unpack_from(text)
            rest = text[NUMBERS.size :]
            if told == length and not slot[size:].strip(b"\x00"):
                return KeyState(seq, rest[:KEY_BYTES], rest[KEY_BYTES:])
        return None


def begin(folder: Path, key: bytes, seq: int, end: bytes = GENESIS) -> KeyState:
    """Generate a first key for the entries from *seq* on; it is sealed until it is handed out."""
    first = secrets.token_bytes(KEY_BYTES)
    text = f"{WORD}:{seq}:{first.hex()}".encode()
    replace_file(_first(folder, seq), _cipher(key, b"first").seal(text, b"%d" % seq))
    present = KeyState(seq, first, end)
    PresentKey(folder, key).create(present)
    return present


def sealed(folder: Path, key: bytes) -> Mapping[int, str]:
    """Return the first keys that were not handed out yet, by the entry that each begins with."""
    return {seq: text.decode() for seq, text in _firsts(folder, key).items() if text not in {HANDED, b""}}


def hand_out(folder: Path, key: bytes, seq: int) -> None:
    """Erase a first key, noting that it was handed out."""
    replace_file(_first(folder, seq), _cipher(key, b"first").seal(HANDED, b"%d" % seq))


def notes(folder: Path) -> list[str]:
    """List what an operator must know of the first keys; they can be told apart by their size alone."""
    waiting = [path.name for path in sorted(folder.glob("first-*.key")) if path.stat().st_size > HANDED_BYTES]
    return [f"the record's first key lies here until `crossing audit key` prints it ({name})" for name in waiting]


def problems(folder: Path, key: bytes) -> list[str]:
    """List what is wrong with the files of keys."""
    found = [f"{_first(folder, seq).name}: was changed" for seq, text in _firsts(folder, key).items() if not text]
    if not found and not any(folder.glob("first-*.key")):
        found.append("first-1.key: is missing")
    slots = PresentKey(folder, key).slots()
    if not slots or None in slots:
        found.append(f"{STATE}: was changed, or is missing")
    return found


def read_keys(text: str) -> dict[int, bytes]:
    """Parse the first keys in a *text*, by the entry that each begins with.

    Raises:
        ValueError: there is none, or something else.
    """
    found = {}
    for line in text.split():
        word, seq, digits = line.split(":")
        if word != WORD or len(bytes.fromhex(digits)) != KEY_BYTES:
            raise ValueError
        found[int(seq)] = bytes.fromhex(digits)
    if not found:
        raise ValueError
    return found


def at(keys: Mapping[int, bytes], seq: int) -> bytes | None:
    """Derive the key for entry *seq*, from the last first key that begins before it."""
    first = max((one for one in keys if one <= seq), default=None)
    return None if first is None else chain.next_key(keys[first], seq - first)


def covers(keys: Mapping[int, bytes], seq: int) -> bool:
    """Tell whether one of *keys* is the first of, or before, entry *seq*."""
    return any(first <= seq for first in keys)


def _firsts(folder: Path, key: bytes) -> dict[int, bytes]:
    """Read each file of a first key; nothing where it does not open."""
    found = {}
    for path in sorted(folder.glob("first-*.key")):
        seq = int(path.stem.removeprefix("first-"))
        try:
            found[seq] = _cipher(key, b"first").open(path.read_bytes(), b"%d" % seq)
        except NotSealed:
            found[seq] = b""
    return found


def _first(folder: Path, seq: int) -> Path:
    return folder / f"first-{seq}.key"


def _cipher(key: bytes, what: bytes) -> Cipher:
    return Cipher(derive_subkey(key, b"record of disclosures: " + what))
