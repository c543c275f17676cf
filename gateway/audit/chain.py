"""The hash chain of the audit log: every entry seals all before it, under a key that is erased once it has been used.

An entry is one line: the event, the hash that links it to the line before, and a keyed mark (MAC). Entry *n* is marked
with key *n*, and the next key is made from it by a one-way function: who gets the present key can mark what is
to come, and nothing of what has been.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

HASH_BYTES = 32
GENESIS = bytes(HASH_BYTES)
HASH, MAC = b',"hash":"', b'","mac":"'
END = b'"}'
DIGITS = 2 * HASH_BYTES


@dataclass(frozen=True, slots=True)
class ChainLine:
    """A line of the log: the *entry*, the *digest* it claims, and its *mac*, which entries of older versions lack."""

    entry: bytes
    digest: bytes
    mac: bytes

    @property
    def end(self) -> bytes:
        """Return what the next entry seals."""
        return self.digest + self.mac

    @property
    def event(self) -> dict[str, Any]:
        """Return the event in the entry."""
        event: dict[str, Any] = orjson.loads(self.entry)
        return event


def encode(event: Mapping[str, Any], seq: int) -> bytes:
    """Encode an event in its one canonical spelling."""
    return orjson.dumps({**event, "seq": seq}, option=orjson.OPT_SORT_KEYS)


def link(previous: bytes, entry: bytes) -> bytes:
    """Hash *entry* together with the end of the line before it, and so with everything before it."""
    return hashlib.sha256(b"\x00" + previous + entry).digest()


def mark(key: bytes, digest: bytes) -> bytes:
    """Make the MAC of the entry with a *digest*, under its own key."""
    return hmac.digest(key, b"entry\x00" + digest, "sha256")


def next_key(key: bytes, steps: int = 1) -> bytes:
    """Move a key on by as many entries; there is no way back."""
    for _ in range(steps):
        key = hmac.digest(key, b"next", "sha256")
    return key


def write_line(entry: bytes, digest: bytes, mac: bytes = b"") -> bytes:
    """Write an entry with its hash and its MAC, as it stands in the file."""
    marked = MAC + mac.hex().encode() if mac else b""
    return entry[:-1] + HASH + digest.hex().encode() + marked + END + b"\n"


def read_line(line: bytes) -> ChainLine:
    """Parse a line without its newline.

    Raises:
        ValueError: it is not an entry.
    """
    if not line.endswith(END):
        raise ValueError
    rest, mac = line[: -len(END)], b""
    if rest[-DIGITS - len(MAC) : -DIGITS] == MAC:
        rest, mac = rest[: -DIGITS - len(MAC)], _bytes(rest[-DIGITS:])
    if rest[-DIGITS - len(HASH) : -DIGITS] != HASH:
        raise ValueError
    return ChainLine(rest[: -DIGITS - len(HASH)] + b"}", _bytes(rest[-DIGITS:]), mac)


UNFINISHED: Final = b"\xff"
"""What stands for the newline that a line lacks: no text has it, so that the line is no entry."""


def list_segments(folder: Path) -> list[Path]:
    """List the segments of the log, oldest first."""
    return sorted(folder.glob("record-*.jsonl"))


def segment_number(path: Path) -> int:
    """Return the number in the name of a segment."""
    return int(path.stem.removeprefix("record-"))


def read_lines(folder: Path, seq: int = 0) -> Iterator[tuple[str, bytes]]:
    """Read every finished line with its place, oldest first, from the segment on that holds entry *seq*.

    An unfinished last line was never acknowledged; elsewhere it is a line like the others, and no entry, even where all
    but its newline is there: other readers of the file would leave it out.
    """
    segments = list_segments(folder)
    first = _segment_of(segments, seq) if seq else 0
    for at, path in enumerate(segments[first:], start=first):
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if line.endswith(b"\n"):
                    yield f"{path.name}:{number}", line.removesuffix(b"\n")
                elif at < len(segments) - 1:
                    yield f"{path.name}:{number}", line + UNFINISHED


def read_texts(folder: Path, seq: int = 0) -> Iterator[tuple[str, bytes, ChainLine | None, int]]:
    """Read every line as its place, its text, its content and its number; what is not an entry is None, number 0."""
    for place, text in read_lines(folder, seq):
        try:
            line = read_line(text)
            yield place, text, line, int(line.event["seq"])
        except (ValueError, KeyError, TypeError):
            yield place, text, None, 0


def read_behind(folder: Path, seq: int) -> Iterator[tuple[str, bytes, ChainLine | None, int]]:
    """Read every line behind entry *seq* in the same way; all of them behind entry 0."""
    reached = seq == 0
    for place, text, line, number in read_texts(folder, seq):
        reached = reached or number > seq
        if reached:
            yield place, text, line, number
        reached = reached or number == seq


def read_entries(folder: Path, seq: int = 0) -> Iterator[tuple[str, ChainLine | None, int]]:
    """Read every line as its place, its content and its number; what is not an entry is None with number 0."""
    for place, _, line, number in read_texts(folder, seq):
        yield place, line, number


def read_events(folder: Path) -> Iterator[dict[str, Any]]:
    """Read every event of the log, oldest first."""
    for _, line, _ in read_entries(folder):
        if line is not None:
            yield line.event


def _segment_of(segments: list[Path], seq: int) -> int:
    """Return the place of the last segment that begins with entry *seq* or one before it."""
    for at in range(len(segments) - 1, 0, -1):
        with segments[at].open("rb") as file:
            first = file.readline().removesuffix(b"\n")
        try:
            if int(orjson.loads(first)["seq"]) <= seq:
                return at
        except (ValueError, KeyError, TypeError):
            continue
    return 0


def _bytes(digits: bytes) -> bytes:
    """Decode hexadecimal *digits*, in the one spelling that is written."""
    found = bytes.fromhex(digits.decode("ascii"))
    if len(found) != HASH_BYTES or found.hex().encode() != digits:
        raise ValueError
    return found
