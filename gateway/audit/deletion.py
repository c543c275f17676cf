"""Deletion of old segments of the audit log: what is left of them is a signed tree head, on which the rest builds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.audit.chain import list_segments, read_behind, read_entries
from gateway.audit.keys import PresentKey
from gateway.audit.proofs.merkle import GrowingTree, leaf_hash
from gateway.audit.tail import anchors
from gateway.audit.tree_heads import BEGUN, TreeFile, deleted_before
from gateway.audit.verification import verify
from gateway.storage import signed_heads
from gateway.storage.durable_files import sync_folder
from gateway.storage.signed_heads import NAME
from standards.errors import CallerError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

    from gateway.audit.proofs.signing import TreeHead
    from gateway.storage.signed_heads import Registry


def delete_segments(
    folder: Path, key: bytes, registry: Registry | None, names: Collection[str], tell: Callable[[TreeHead], object]
) -> TreeHead | None:
    """Delete the oldest segments, those of these *names*, and return the head of what was deleted so far.

    *tell* is called with it before anything is deleted, so that the act is on record. None where there are none.

    Raises:
        CallerError: the record does not verify, or these are not its oldest closed segments.
    """
    if problems := verify(folder, key, registry):
        raise CallerError(f"The record does not verify, and nothing of it is deleted: {problems[0]}")
    segments = list_segments(folder)[: len(names)]
    if not names:
        return None
    if {path.name for path in segments} != set(names) or len(segments) == len(list_segments(folder)):
        raise CallerError("Only the oldest files of the record are deleted, and never the one that is written.")
    begun = deleted_before(folder, key)
    tree = begun.tree.copy() if begun else GrowingTree()
    seq, end = (begun.head.seq, bytes.fromhex(begun.head.end)) if begun else (0, b"")
    for place, text, line, number in read_behind(folder, seq):
        if place.partition(":")[0] not in names:
            break
        tree.add(leaf_hash(text))
        if line is not None:
            seq, end = number, line.end
    if seq >= _first_known(folder, key, registry):
        raise CallerError("The end of the record is still checked by these files; delete them after the next head.")
    signed = TreeFile(folder, key, BEGUN).write(tree, seq, end)
    tell(signed.head)
    for path in segments:
        path.unlink()
    sync_folder(folder)
    return signed.head


def leftovers(folder: Path, key: bytes) -> list[Path]:
    """List segments that were to be deleted when a command was interrupted: nothing reads them any more.

    Each of their lines is an entry that the signed head of the deletion stands for; a damaged one is none of them.

    Raises:
        CallerError: the file that stands for what was deleted was changed.
    """
    try:
        begun = deleted_before(folder, key)
    except ValueError as error:
        raise CallerError(f"The record does not verify, and nothing of it is deleted: {error}") from None
    if begun is None:
        return []
    gone, kept = set[str](), set[str]()
    for place, _, seq in read_entries(folder):
        (gone if 0 < seq <= begun.head.seq else kept).add(place.partition(":")[0])
    return [path for path in list_segments(folder)[:-1] if path.name in gone - kept]


def _first_known(folder: Path, key: bytes, registry: Registry | None) -> int:
    """Return the earliest entry by which the end of the record is checked at a start."""
    held = registry.read_checkpoint(NAME) if registry else None
    known = anchors(signed_heads.read_head(folder, key), PresentKey(folder, key).read(), held)
    last = max((seq for _, _, seq in read_entries(folder, max((one.seq for one in known), default=0))), default=0)
    return min((one.seq for one in known), default=last)
