"""The audit log of disclosures: an event is durable here before the data it describes are sent."""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NoReturn

from gateway import telemetry
from gateway.audit import chain, tree_heads
from gateway.audit import keys as audit_keys
from gateway.audit.chain import list_segments, read_events, segment_number
from gateway.audit.keys import KeyState, PresentKey
from gateway.audit.opening import open_tree, prepare
from gateway.audit.proofs.merkle import leaf_hash
from gateway.audit.refusals import Refusals
from gateway.audit.subjects import Allowance, Subjects
from gateway.audit.tail import check
from gateway.audit.tree_heads import TreeFile
from gateway.audit.verification import FOLDERS, SUBJECTS, field_sets, texts, verify
from gateway.storage import signed_heads
from gateway.storage.durable_files import cut, lock, sync_folder, write_all
from gateway.storage.signed_heads import NAME, AuditHead, Checkpoint
from standards.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from gateway.audit.proofs.signing import TreeHead
    from gateway.config import settings
    from gateway.storage.content_store import Contents
    from gateway.storage.secrets import Keys
    from gateway.storage.signed_heads import Registry

__all__ = ["KEYS", "PURPOSE", "Record", "open_record", "verify"]

PURPOSE = "audit"
# The fields that an event may have. No value of a student is among it, and nothing else is ever written.
KEYS = frozenset(
    {
        "act", "action", "actor", "agreement", "agreements", "api", "at", "basis", "break", "client", "content",
        "district", "elements", "fields", "from", "loss", "operation", "org", "purpose", "reason", "rows", "set",
        "shape", "status", "texts", "to", "trace", "version", "view",
    }
)  # fmt: skip
SEGMENT_BYTES = 2**26
EVENTS_PER_HEAD = 1000
SECONDS_PER_HEAD = 60.0

_sync = getattr(os, "fdatasync", os.fsync)


def open_record(place: settings.AuditSettings, keys: Keys, registry: Registry | None = None) -> Record:
    """Open the region's audit log, under the key derived from its master key."""
    return Record(place.folder, keys.derive(PURPOSE), place.segment_bytes, registry=registry)


class Record:
    """The audit log: a folder of append-only files, written by one process at a time.

    Whoever holds the lock writes for all who wait, so that many requests share one flush of the disk. Once a minute,
    where anything was written, and after so many events its head is signed and held by the *registry* too.
    """

    def __init__(
        self,
        folder: Path,
        key: bytes,
        segment_bytes: int = SEGMENT_BYTES,
        events_per_head: int = EVENTS_PER_HEAD,
        *,
        registry: Registry | None = None,
        seconds_per_head: float = SECONDS_PER_HEAD,
    ) -> None:
        self._folder, self._key, self._registry = folder, key, registry
        self._segment_bytes, self._events_per_head = segment_bytes, events_per_head
        self._queue, self._commit, self._signing = threading.Lock(), threading.Lock(), threading.Lock()
        self._pending: list[bytes] = []
        self._file = self._lock_file = -1
        self._size: int | None = None
        self._opening = self._last = self._durable = self._segment = 0
        self._refusing, self._unheld = True, False
        self._next, self._head = KeyState(1, b""), AuditHead(0, "")
        self._present_key, self._tree_file = PresentKey(folder, key), TreeFile(folder, key)
        self.head_signed: Callable[[], object] = lambda: None
        self.refusals, self._allowance = Refusals(), Allowance()
        self.reopen()
        self._due, self._ended = threading.Event(), False
        self._keeper = threading.Thread(target=self._keep, args=(seconds_per_head,), name="record", daemon=True)
        self._keeper.start()

    def append(self, event: Mapping[str, Any]) -> int:
        """Append *event*, which is on disk when this returns; return its number."""
        if unknown := event.keys() - KEYS:
            raise ValueError(f"an event cannot tell {', '.join(sorted(unknown))}")
        with self._queue:
            if self._refusing:
                self._refuse()
            seq = self._last + 1
            entry = chain.encode(event, seq)
            digest = chain.link(self._next.end, entry)
            mac = chain.mark(self._next.key, digest)
            self._pending.append(chain.write_line(entry, digest, mac))
            self._last, self._next = seq, KeyState(seq + 1, chain.next_key(self._next.key), digest + mac)
            opening = self._opening
        with self._commit:
            if self._opening != opening:
                self._refuse()
            if self._durable < seq:
                self._flush()
        return seq

    def subjects(self, tags: Sequence[bytes], client: str = "") -> str:
        """Store the tags of students in this order; return the name by which events refer to them."""
        with self._storing():
            return self._subjects.keep(tags, client)

    def fields(self, text: str, client: str) -> str:
        """Store the set of fields in *text*, which *client* chose; return the name by which events refer to it."""
        with self._storing():
            return self._allowance.keep(self._fields, text.encode(), client)

    def text(self, text: bytes) -> str:
        """Store an agreement's text, or what goes with it; return the name by which events refer to it."""
        with self._storing():
            return self._texts.keep(text)

    def seen(self, tag: bytes) -> Iterator[dict[str, Any]]:
        """Yield every event about the student behind *tag*, oldest first: who saw this child's record."""
        for event in read_events(self._folder):
            if event.get("set") and self._subjects.holds(event["set"], tag, event["from"], event["to"]):
                yield event

    @property
    def agreements(self) -> tuple[Contents, str]:
        """Return where agreement texts are stored, and the name of the list of those; empty where there is none."""
        return self._texts, self._head.agreements

    def note_agreements(self, name: str) -> None:
        """Sign a head that names another list of agreements."""
        self._sign(agreements=name)
        if self._refusing:
            self._refuse()

    def notes(self) -> list[str]:
        """List what an operator must know of the log."""
        unheld = ["the registry does not hold the record's last head: it could not be reached"] if self._unheld else []
        return [*audit_keys.notes(self._folder), *unheld]

    def reopen(self) -> None:
        """Open the log, or reopen it after a failure; a line that was never acknowledged is cut off.

        Raises:
            RecordDamaged: the log is not as it was written.
            StoreUnavailable: it cannot be opened, or the registry cannot.
        """
        with self._signing, self._commit, self._queue:
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
        """Check that the log can be written; after a failure, reopen it.

        Raises:
            StoreUnavailable: it cannot be.
        """
        if self._refusing:
            self.reopen()

    def close(self) -> None:
        """Sign how far the log reaches, and let another process open it."""
        self._ended = True
        self._due.set()
        if self._keeper is not threading.current_thread():
            self._keeper.join()
        self._tell_refusals()
        if not self._refusing:
            self._sign()
        with self._commit, self._queue:
            self._refusing = True
            self._close_files()

    def _open(self) -> None:
        for name in (self._folder, *(self._folder / name for name in FOLDERS)):
            name.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._subjects = Subjects(self._folder / SUBJECTS, self._allowance)
        self._fields, self._texts = field_sets(self._folder), texts(self._folder)
        self._lock_file = lock(self._folder)
        segments = list_segments(self._folder)
        if self._size is not None and segments and segment_number(segments[-1]) == self._segment:
            cut(segments[-1], self._size)
        held = self._registry.read_checkpoint(NAME) if self._registry else None
        prepare(self._folder, self._key, held)
        self._next = check(self._folder, self._key, held, registered=self._registry is not None)
        if segments:
            cut(segments[-1], None)
        self._tree = open_tree(self._folder, self._key, self._registry)
        self._last = self._durable = self._next.seq - 1
        self._durable_end, self._pending = self._next.end, []
        self._segment = segment_number(segments[-1]) if segments else 1
        self._open_segment()
        self._head = signed_heads.read_head(self._folder, self._key) or AuditHead(0, "")
        if self._registry and held is None:
            self._registry.write_checkpoint(
                NAME, Checkpoint(self._head.seq, self._head.hash)
            )  # before a head that says so
        self._present_key.create(self._next)
        signed = self._write_head(replace(self._head, in_registry=self._head.in_registry or self._registry is not None))
        if self._registry and not tree_heads.is_held(self._registry):
            tree_heads.hold(self._registry, signed)
        self._refusing = False

    def _open_segment(self) -> None:
        path = self._folder / f"record-{self._segment:06}.jsonl"
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._size = os.fstat(self._file).st_size
        sync_folder(self._folder)

    def _flush(self) -> None:
        """Write and flush for every thread that waits."""
        with self._queue:
            lines, self._pending = self._pending, []
            present = self._next
        if self._refusing:
            self._refuse()
        try:
            write_all(self._file, written := b"".join(lines))
            _sync(self._file)
        except OSError:
            self._refusing = True
            self._refuse()
        self._durable, self._durable_end = present.seq - 1, present.end
        self._size = (self._size or 0) + len(written)
        for line in lines:
            self._tree.add(leaf_hash(line[:-1]))
        try:
            self._present_key.write(present)
            self._move_on()
        except OSError:
            self._refusing = True  # these events are durable; the next would not be

    def _move_on(self) -> None:
        if self._durable - self._head.seq >= self._events_per_head:
            self._due.set()
        if (self._size or 0) >= self._segment_bytes:
            full, self._file = self._file, -1
            os.close(full)
            self._segment += 1
            self._open_segment()

    def _keep(self, seconds: float) -> None:
        """Sign heads and write down refusals until the log is closed."""
        while not self._ended:
            self._due.wait(seconds)
            self._due.clear()
            try:
                self._tell_refusals()
                if not self._refusing and (self._durable > self._head.seq or self._unheld):
                    self._sign()
                    self.head_signed()
            except Exception as error:  # noqa: BLE001  whatever it is, the next minute's head is signed
                telemetry.fault(error)

    def _tell_refusals(self) -> None:
        for event in self.refusals.take():
            try:
                self.append(event)
            except StoreUnavailable:
                self.refusals.put_back(event)

    def _sign(self, agreements: str = "") -> None:
        """Sign a head, with another list of *agreements* where one is given, and store it in the registry too.

        While there is no registry it is tried again with every head.
        """
        with self._signing:
            try:
                with self._commit:
                    tree = self._write_head(replace(self._head, agreements=agreements or self._head.agreements))
                self._unheld = self._registry is not None
                if self._registry:
                    self._registry.write_checkpoint(NAME, Checkpoint(self._head.seq, self._head.hash))
                    tree_heads.hold(self._registry, tree)
                    self._unheld = False
            except OSError as error:
                self._refusing = True
                telemetry.fault(error)
            except StoreUnavailable as error:
                telemetry.fault(error)

    def _write_head(self, head: AuditHead) -> TreeHead:
        """Sign how far the log reaches, and the tree over it; the tree first, which is never older than the head."""
        self._present_key.sync()
        signed = self._tree_file.write(self._tree, self._durable, self._durable_end)
        head = replace(head, seq=self._durable, hash=self._durable_end.hex())
        signed_heads.write_head(self._folder, head, self._key)
        self._head = head
        return signed.head

    @contextmanager
    def _storing(self) -> Iterator[None]:
        """Store something beside the events; a failure of the disk stops the log."""
        if self._refusing:
            self._refuse()
        try:
            yield
        except OSError:
            self._refusing = True
            self._refuse()

    def _refuse(self) -> NoReturn:
        raise StoreUnavailable("The record of disclosures cannot be written; nothing is sent.")

    def _close_files(self) -> None:
        self._present_key.close()
        for descriptor in (self._file, self._lock_file):
            if descriptor >= 0:
                os.close(descriptor)
        self._file = self._lock_file = -1
