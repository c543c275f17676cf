"""The chain in which every entry of the record seals all entries before it, and how to find a broken link."""

from __future__ import annotations

import hashlib
import hmac
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

GENESIS = bytes(32)
SEAL = len(b',"hash":""}') + 64
HEAD = "head.json"


@dataclass(frozen=True, slots=True)
class Head:
    """How far the record reached when this was signed; whoever cuts it shorter is found out."""

    seq: int
    hash: str


def encode(event: Mapping[str, Any], seq: int) -> bytes:
    """An event as the chain sees it: one spelling only."""
    return orjson.dumps({**event, "seq": seq}, option=orjson.OPT_SORT_KEYS)


def link(previous: bytes, entry: bytes) -> bytes:
    """The hash of *entry*, which also depends on everything before it."""
    return hashlib.sha256(b"\x00" + previous + entry).digest()


def write_line(entry: bytes, digest: bytes) -> bytes:
    """An entry with its hash, as it stands in the file."""
    return b'%s,"hash":"%s"}\n' % (entry[:-1], digest.hex().encode())


def read_line(line: bytes) -> tuple[bytes, bytes]:
    """The entry of a line without its newline, and the hash it claims; ValueError if it is no entry."""
    seal = line[-SEAL:]
    if not (seal.startswith(b',"hash":"') and seal.endswith(b'"}')):
        raise ValueError
    return line[:-SEAL] + b"}", bytes.fromhex(seal[9:-2].decode("ascii"))


def list_segments(folder: Path) -> list[Path]:
    """The files of the record, oldest first."""
    return sorted(folder.glob("record-*.jsonl"))


def read_lines(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every finished line of the record with its place; an unfinished last one was never promised to anybody."""
    for path in list_segments(folder):
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if line.endswith(b"\n"):
                    yield f"{path.name}:{number}", line[:-1]


def read_events(folder: Path) -> Iterator[dict[str, Any]]:
    """Every event of the record, oldest first."""
    for _, line in read_lines(folder):
        yield orjson.loads(line)


def write_head(folder: Path, head: Head, key: bytes) -> None:
    """Sign how far the record reaches now."""
    draft = folder / f".{HEAD}"
    signed = orjson.dumps({"seq": head.seq, "hash": head.hash, "signature": _signature(head, key)})
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(signed + b"\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(folder / HEAD)
    sync_folder(folder)


def read_head(folder: Path, key: bytes) -> Head | None:
    """How far the record reached when it was last signed; nothing if nobody with *key* signed it."""
    try:
        read = orjson.loads((folder / HEAD).read_bytes())
        head = Head(int(read["seq"]), str(read["hash"]))
        signed = hmac.compare_digest(str(read["signature"]).encode(), _signature(head, key).encode())
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
    return head if signed else None


def sync_folder(folder: Path) -> None:
    """Make the names in *folder* durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def verify_chain(folder: Path, key: bytes) -> list[str]:
    """What was edited, removed, moved or cut off, in words; nothing when the record is whole."""
    problems: list[str] = []
    head = read_head(folder, key)
    if head is None:
        problems.append(f"{HEAD}: is missing, or was not signed by this gateway")
    previous, expected = GENESIS, 1
    for place, line in read_lines(folder):
        try:
            entry, claimed = read_line(line)
            seq = int(orjson.loads(entry)["seq"])
        except (ValueError, KeyError, TypeError):
            problems.append(f"{place}: is not an entry")
            continue
        problems += [f"{place}: {problem}" for problem in _faults(seq, expected, link(previous, entry) == claimed)]
        if head and seq == head.seq and claimed.hex() != head.hash:
            problems.append(f"{place}: entry {seq} is not the one that was signed")
        previous, expected = claimed, seq + 1
    if head and head.seq >= expected:
        problems.append(f"{HEAD}: entries {expected} to {head.seq} are missing at the end")
    return problems


def _faults(seq: int, expected: int, linked: bool) -> Iterator[str]:
    if seq > expected:
        yield f"entries {expected} to {seq - 1} are missing before it"
    elif seq < expected:
        yield f"entry {seq} is out of order"
    elif not linked:
        yield f"entry {seq} was changed, or the one before it was"


def _signature(head: Head, key: bytes) -> str:
    return hmac.new(key, b"head\x00%d\x00%s" % (head.seq, head.hash.encode()), hashlib.sha256).hexdigest()
