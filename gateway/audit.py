"""The record of disclosures: an event is durable here before what it tells of leaves."""

from __future__ import annotations

import fcntl
import os
import threading
from typing import TYPE_CHECKING, Any, NoReturn

import orjson

from gateway import chain
from gateway.chain import GENESIS, Head
from gateway.subjects import Subjects
from standards.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from gateway import settings
    from gateway.vault import Keys

PURPOSE = "audit"
# What an event may tell. No value of a student is among it, and nothing else is ever written.
KEYS = frozenset(
    {
        "actor",
        "agreement",
        "agreements",
        "api",
        "at",
        "basis",
        "client",
        "district",
        "fields",
        "from",
        "loss",
        "operation",
        "org",
        "purpose",
        "rows",
        "set",
        "shape",
        "status",
        "to",
        "trace",
        "version",
        "view",
    }
)
SEGMENT_BYTES = 2**26
EVENTS_PER_HEAD = 1000

_sync = getattr(os, "fdatasync", os.fsync)


def open_record(place: settings.Audit, keys: Keys) -> Record:
    """The region's record, under the key that its master key gives for it."""
    return Record(place.folder, keys.derive(PURPOSE), place.segment_bytes)


def verify(folder: Path, key: bytes) -> list[str]:
    """Every edit, deletion, reordering and truncation that *folder* shows; nothing when the record is whole."""
    problems = chain.verify_chain(folder, key)
    subjects = Subjects(folder / "subjects")
    for place, line in chain.read_lines(folder):
        try:
            event = orjson.loads(line)
            fault = subjects.fault(event["set"], event["to"]) if event.get("set") else None
        except (ValueError, KeyError, TypeError, AttributeError):
            continue  # the chain has complained about this line already
        if fault:
            problems.append(f"{place}: the set of students {event['set'][:12]} {fault}")
    return problems


class Record:
    """The record in a folder of files that only grow, written by one process at a time.

    Whoever holds the lock writes for all who wait, so that many requests share one flush of the disk.
    """

    def __init__(
        self, folder: Path, key: bytes, segment_bytes: int = SEGMENT_BYTES, events_per_head: int = EVENTS_PER_HEAD
    ) -> None:
        self._folder, self._key = folder, key
        self._segment_bytes, self._events_per_head = segment_bytes, events_per_head
        self._queue, self._commit = threading.Lock(), threading.Lock()
        self._pending: list[bytes] = []
        self._file = self._lock_file = -1
        self._size: int | None = None
        self._opening = self._last = self._durable = 0
        self._hash = self._durable_hash = GENESIS
        self._refusing = True
        self.reopen()

    def append(self, event: Mapping[str, Any]) -> int:
        """The number of *event*, which is on disk when this returns."""
        if unknown := event.keys() - KEYS:
            raise ValueError(f"an event cannot tell {', '.join(sorted(unknown))}")
        with self._queue:
            if self._refusing:
                self._refuse()
            self._last += 1
            seq = self._last
            entry = chain.encode(event, seq)
            self._hash = chain.link(self._hash, entry)
            self._pending.append(chain.write_line(entry, self._hash))
            opening = self._opening
        with self._commit:
            if self._opening != opening:
                self._refuse()
            if self._durable < seq:
                self._flush()
        return seq

    def subjects(self, tags: Sequence[bytes]) -> str:
        """The name under which events can tell of the students behind *tags*, in this order."""
        if self._refusing:
            self._refuse()
        try:
            return self._subjects.keep(tags)
        except OSError:
            self._refusing = True
            self._refuse()

    def seen(self, tag: bytes) -> Iterator[dict[str, Any]]:
        """Every event that tells of the student behind *tag*, oldest first: who saw this child's record."""
        for event in chain.read_events(self._folder):
            if event.get("set") and self._subjects.holds(event["set"], tag, event["from"], event["to"]):
                yield event

    def reopen(self) -> None:
        """Begin, or begin again after a failure; what was never promised to anybody is cut off."""
        with self._commit, self._queue:
            self._refusing = True
            self._opening += 1
            try:
                self._close_files()
                self._open()
            except OSError:
                raise StoreUnavailable("The record of disclosures cannot be opened.") from None
            finally:
                if self._refusing:
                    self._close_files()

    def check(self) -> None:
        """See that the record can be written; after a failure, begin it again.

        Raises:
            StoreUnavailable: it cannot be.
        """
        if self._refusing:
            self.reopen()

    def close(self) -> None:
        """Sign how far the record reaches, and let another process have it."""
        with self._commit, self._queue:
            if not self._refusing:
                self._refusing = True
                chain.write_head(self._folder, Head(self._durable, self._durable_hash.hex()), self._key)
            self._close_files()

    def _open(self) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (self._folder / "subjects").mkdir(mode=0o700, exist_ok=True)
        self._subjects = Subjects(self._folder / "subjects")
        self._take_folder()
        segments = chain.list_segments(self._folder)
        self._last, self._hash = 0, GENESIS
        for path in reversed(segments):
            size = _cut(path, self._size if path == segments[-1] else None)
            if size:
                self._last, self._hash = _last_entry(path)
                break
        self._check_head()
        self._pending, self._durable, self._durable_hash = [], self._last, self._hash
        self._segment = int(segments[-1].stem.removeprefix("record-")) if segments else 1
        self._open_segment()
        chain.write_head(self._folder, Head(self._last, self._hash.hex()), self._key)
        self._signed, self._refusing = self._last, False

    def _take_folder(self) -> None:
        self._lock_file = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StoreUnavailable("Another process is writing this record of disclosures.") from None

    def _check_head(self) -> None:
        head = chain.read_head(self._folder, self._key)
        known = head or Head(0, "")
        moved = known.seq == self._last and known.seq > 0 and known.hash != self._hash.hex()
        if (head is None and self._last) or known.seq > self._last or moved:
            raise StoreUnavailable("The record of disclosures was cut short, or its head is not this gateway's.")

    def _open_segment(self) -> None:
        path = self._folder / f"record-{self._segment:06}.jsonl"
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._size = os.fstat(self._file).st_size
        chain.sync_folder(self._folder)

    def _flush(self) -> None:
        """Write for everybody who waits."""
        with self._queue:
            lines, self._pending = b"".join(self._pending), []
            last, digest = self._last, self._hash
        if self._refusing:
            self._refuse()
        try:
            _write(self._file, lines)
            _sync(self._file)
            self._durable, self._durable_hash = last, digest
            self._size = (self._size or 0) + len(lines)
        except OSError:
            self._refusing = True
            self._refuse()
        try:
            self._move_on()
        except OSError:
            self._refusing = True  # this event is durable; the next one would not be

    def _move_on(self) -> None:
        if self._durable - self._signed >= self._events_per_head:
            chain.write_head(self._folder, Head(self._durable, self._durable_hash.hex()), self._key)
            self._signed = self._durable
        if (self._size or 0) >= self._segment_bytes:
            full, self._file = self._file, -1
            os.close(full)
            self._segment += 1
            self._open_segment()

    def _refuse(self) -> NoReturn:
        raise StoreUnavailable("The record of disclosures cannot be written; nothing is sent.")

    def _close_files(self) -> None:
        for descriptor in (self._file, self._lock_file):
            if descriptor >= 0:
                os.close(descriptor)
        self._file = self._lock_file = -1


def _write(descriptor: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]


def _cut(path: Path, promised: int | None) -> int:
    """The size of a segment, without what follows its last promised byte or its last finished line."""
    with path.open("r+b") as file:
        content = file.read(promised) if promised is not None else file.read()
        size = content.rfind(b"\n") + 1
        if size != file.seek(0, os.SEEK_END):
            file.truncate(size)
            file.flush()
            os.fsync(file.fileno())
    return size


def _last_entry(path: Path) -> tuple[int, bytes]:
    """The number and hash of the last entry of a segment; its own link is checked where the line before is there."""
    *_, before, last = [b"", *path.read_bytes().splitlines()]
    try:
        entry, digest = chain.read_line(last)
        seq = int(orjson.loads(entry)["seq"])
        previous = chain.read_line(before)[1] if before else GENESIS
    except (ValueError, KeyError, TypeError):
        seq = 0
    if seq == 0 or ((before or seq == 1) and chain.link(previous, entry) != digest):
        raise StoreUnavailable("The last entry of the record of disclosures was changed.")
    return seq, digest
