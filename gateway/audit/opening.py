"""The beginning of an audit log, the upgrade of an older one, and the continuation of one that does not verify."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from gateway.audit import chain, keys
from gateway.audit.chain import GENESIS, list_segments, read_entries, segment_number
from gateway.audit.keys import KeyState, PresentKey
from gateway.audit.tail import REOPEN, ChainWalk, RecordDamaged, anchors, check
from gateway.audit.tree_heads import TreeFile, deleted_before, examine, grow, hold, whole_tree
from gateway.storage import signed_heads
from gateway.storage.durable_files import lock, sync_folder
from gateway.storage.signed_heads import HEAD, NAME, AuditHead, Checkpoint
from standards.errors import CallerError, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gateway.audit.proofs.merkle import GrowingTree
    from gateway.audit.tree_heads import SignedTree
    from gateway.storage.signed_heads import Registry

MAX_SEQUENCE_GAP = 1_000_000
"""The most by which an entry's number may exceed all that is known and still be believed."""


def prepare(folder: Path, key: bytes, held: Checkpoint | None) -> None:
    """Create a log where there is none yet, and upgrade one whose entries have no MAC.

    Raises:
        RecordDamaged: the log to be upgraded is not whole.
    """
    head, present = signed_heads.read_head(folder, key), PresentKey(folder, key).read()
    if head and head.checkpoint and present:
        return
    empty = not any(path.stat().st_size for path in list_segments(folder))
    if empty and not any(one.seq for one in anchors(head, present, held)):
        keys.begin(folder, key, 1)
        signed_heads.write_head(folder, AuditHead(0, GENESIS.hex(), checkpoint=1), key)
    elif head and not head.checkpoint:
        walk, problems = ChainWalk(anchors(head, present, held)), list[str]()
        for place, line, seq in read_entries(folder):
            problems += (f"{place}: {problem}" for problem in walk.step(line, seq))
            if line and line.mac:
                problems.append(f"{HEAD}: was put back to an earlier state")
        if problems := [*problems, *walk.missing()]:
            raise RecordDamaged(problems)
        keys.begin(folder, key, walk.expected, walk.end)
        signed_heads.write_head(folder, AuditHead(walk.expected - 1, walk.end.hex(), checkpoint=walk.expected), key)


def open_tree(folder: Path, key: bytes, registry: Registry | None) -> GrowingTree:
    """Return the tree over the log: grown on from its last head, or made anew for a log that never had one.

    Raises:
        RecordDamaged: the head is missing, or not as it was written.
    """
    found, faults = examine(TreeFile(folder, key), registry)
    if faults:
        raise RecordDamaged(faults)
    if found is None:
        return whole_tree(folder, _begun(folder, key))
    return grow(folder, found.tree.copy(), found.head.seq)


def _begun(folder: Path, key: bytes) -> SignedTree | None:
    try:
        return deleted_before(folder, key)
    except ValueError as error:
        raise RecordDamaged([str(error)]) from None


def go_on(folder: Path, key: bytes, registry: Registry | None, actor: str, reason: str) -> int:
    """Begin a new segment behind a log that does not verify, with an entry that says who continued it, and why.

    What is there stays as it is. The entry holds a hash of it; its number is beyond all that anybody knows of.

    Raises:
        CallerError: the log's end verifies, so that the gateway continues it by itself.
        StoreUnavailable: the log is being written, or cannot be.
    """
    told = {"actor": actor, "at": datetime.now(UTC).isoformat(timespec="milliseconds"), "reason": reason}
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        taken = lock(folder)
        try:
            return _go_on(folder, key, registry, told)
        finally:
            os.close(taken)
    except OSError:
        raise StoreUnavailable("The record of disclosures cannot be written.") from None


def _go_on(folder: Path, key: bytes, registry: Registry | None, told: Mapping[str, str]) -> int:
    held = registry.read_checkpoint(NAME) if registry else None
    with suppress(RecordDamaged):
        prepare(folder, key, held)
        check(folder, key, held, registered=registry is not None)
        open_tree(folder, key, registry)
        raise CallerError("The record's end verifies: the gateway goes on by itself.")
    head, present = signed_heads.read_head(folder, key), PresentKey(folder, key).read()
    seq = _last(folder, max((one.seq for one in anchors(head, present, held)), default=0)) + 1
    if present and present.seq <= seq:
        present = KeyState(seq, chain.next_key(present.key, seq - present.seq))
    else:
        present = keys.begin(folder, key, seq)
    entry = chain.encode({**told, "operation": REOPEN, "break": digest_of(folder)}, seq)
    digest = chain.link(GENESIS, entry)
    mac = chain.mark(present.key, digest)
    _write_segment(folder, chain.write_line(entry, digest, mac))
    after = KeyState(seq + 1, chain.next_key(present.key), digest + mac)
    PresentKey(folder, key).create(after)
    marked = head.checkpoint if head and head.checkpoint else _first_marked(folder, seq)
    agreements = head.agreements if head else ""
    fresh = AuditHead(seq, after.end.hex(), marked, agreements, in_registry=registry is not None)
    tree = TreeFile(folder, key).write(whole_tree(folder, _begun(folder, key)), seq, after.end)
    if registry:
        registry.write_checkpoint(NAME, Checkpoint(seq, after.end.hex()))
        hold(registry, tree.head)
    signed_heads.write_head(folder, fresh, key)
    return seq


def digest_of(folder: Path, before: str = "") -> str:
    """Hash every segment, or those *before* the one of that name, with its name and size."""
    digest = hashlib.sha256()
    for path in list_segments(folder):
        if not before or path.name < before:
            digest.update(b"%s %d\n" % (path.name.encode(), path.stat().st_size))
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _last(folder: Path, known: int) -> int:
    """Return the number of the last entry that exists, or is known of."""
    found = (seq for _, _, seq in read_entries(folder) if seq <= known + MAX_SEQUENCE_GAP)
    return max(known, max(found, default=0))


def _first_marked(folder: Path, seq: int) -> int:
    """Return the entry from which on all have a MAC, as far as the entries themselves say."""
    return min((number for _, line, number in read_entries(folder) if line and line.mac), default=seq)


def _write_segment(folder: Path, line: bytes) -> None:
    number = max(map(segment_number, list_segments(folder)), default=0) + 1
    path = folder / f"record-{number:06}.jsonl"
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(line)
        file.flush()
        os.fsync(file.fileno())
    sync_folder(folder)
