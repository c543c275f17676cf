"""The signed tree head of the audit log: one hash over all its lines, kept up as the log grows and never made anew.

The file has the head, its signature and the compact range of the tree, from which the tree grows on after a restart.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import orjson

from gateway.audit.chain import GENESIS, read_behind
from gateway.audit.proofs.merkle import GrowingTree, leaf_hash
from gateway.audit.proofs.signing import HeadKey, TreeHead, is_signed, read_head
from gateway.storage.durable_files import replace_file
from gateway.storage.signed_heads import Checkpoint

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from gateway.storage.signed_heads import Registry

TREE = "tree.json"
TREE_NAME = "record tree"
"""The name under which the registry holds the last tree head: the tree's size and its root."""
BEGUN = "record-begun.json"
"""The file that stands for segments that were deleted; its compact range is what is left of them."""


@dataclass(frozen=True, slots=True)
class SignedTree:
    """A signed *head*, and the *tree* that it is the head of."""

    head: TreeHead
    signature: str
    tree: GrowingTree

    def told(self) -> dict[str, object]:
        """Return the head with its signature, as it is handed out."""
        return {**asdict(self.head), "signature": self.signature}


class TreeFile:
    """The file of the tree head in the *folder* of a log, signed by the region's *key*."""

    def __init__(self, folder: Path, key: bytes, name: str = TREE) -> None:
        self._path, self.head_key = folder / name, HeadKey(key)

    def exists(self) -> bool:
        """Tell whether a head was ever written here."""
        return self._path.exists()

    def read(self) -> SignedTree | None:
        """Read the head; None where it is missing, or not as this gateway signed it."""
        try:
            content = self._path.read_bytes()
            told = orjson.loads(content)
            head, signature = read_head(told), str(told["signature"])
            tree = GrowingTree(head.size, map(bytes.fromhex, told["nodes"]))
            found = SignedTree(head, signature, tree)
        except (OSError, ValueError, KeyError, TypeError):
            return None
        if content != _text(found) or tree.root.hex() != head.root:
            return None
        return found if is_signed(head, signature, self.head_key.public) else None

    def write(self, tree: GrowingTree, seq: int, end: bytes) -> SignedTree:
        """Sign and write the head of a *tree* whose last line is entry *seq*, with that *end*."""
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        head = TreeHead(at, seq, tree.size, tree.root.hex(), end.hex())
        fresh = SignedTree(head, self.head_key.sign(head), tree.copy())
        replace_file(self._path, _text(fresh))
        return fresh


def deleted_before(folder: Path, key: bytes) -> SignedTree | None:
    """Return what is left of segments that were deleted: the tree over their lines, and the end of the last one.

    Raises:
        ValueError: the file that stands for them was changed.
    """
    file = TreeFile(folder, key, BEGUN)
    found = file.read()
    if found is None and file.exists():
        raise ValueError(f"{BEGUN}: was changed")
    return found


def grow(folder: Path, tree: GrowingTree, seq: int) -> GrowingTree:
    """Add to a *tree* every line of the log behind entry *seq*."""
    for _, text, _, _ in read_behind(folder, seq):
        tree.add(leaf_hash(text))
    return tree


def whole_tree(folder: Path, begun: SignedTree | None) -> GrowingTree:
    """Make the tree over the whole log anew, beginning with what is left of segments that were *begun*."""
    return grow(folder, begun.tree.copy() if begun else GrowingTree(), begun.head.seq if begun else 0)


def hold(registry: Registry, head: TreeHead) -> None:
    """Note a *head* in the registry."""
    registry.write_checkpoint(TREE_NAME, Checkpoint(head.size, head.root))


def is_held(registry: Registry) -> bool:
    """Tell whether the registry holds a tree head."""
    return registry.read_checkpoint(TREE_NAME) is not None


def examine(file: TreeFile, registry: Registry | None) -> tuple[SignedTree | None, list[str]]:
    """Return the tree head, and what is wrong with it by itself and beside what the registry holds."""
    held = registry.read_checkpoint(TREE_NAME) if registry else None  # first: the file is never older
    found, there = file.read(), file.exists()
    if found is None and there:
        return None, [f"{TREE}: was not signed by this gateway"]
    if found is None:
        return None, [f"{TREE}: is missing"] if held else []
    if held and found.head.size < held.number:
        return found, [f"{TREE}: was put back to an earlier state"]
    if held and found.head.size == held.number and found.head.root != held.digest:
        return found, [f"{TREE}: is not the one that the registry knows"]
    return found, []


class RootsWalk:
    """A walk along the log that compares the tree as it grows with roots that are known of it."""

    def __init__(self, begun: SignedTree | None, known: Iterable[tuple[int, str, str]]) -> None:
        self.tree = begun.tree.copy() if begun else GrowingTree()
        self._known: dict[int, list[tuple[str, str]]] = {}
        for size, root, who in known:
            self._known.setdefault(size, []).append((root, who))
        self._begun = self.tree.size
        self._seq = begun.head.seq if begun else 0

    def step(self, text: bytes, seq: int) -> Iterator[str]:
        """Return the known roots that are not that of the lines up to this one."""
        self.tree.add(leaf_hash(text))
        self._seq = seq or self._seq
        yield from self.differing()

    def differing(self) -> Iterator[str]:
        """Return the known roots of trees of the present size that are not that of the lines up to here."""
        for root, who in self._known.get(self.tree.size, ()):
            if root != self.tree.root.hex():
                yield f"the lines up to entry {self._seq} are not those that {who} knows"

    def missing(self) -> Iterator[str]:
        """Return the known trees that have more lines than there are."""
        for size, told in sorted(self._known.items()):
            if size > self.tree.size:
                yield from (f"{who} knows {size} lines, and there are {self.tree.size}" for _, who in told)

    def unreachable(self) -> bool:
        """Tell whether trees are known, but none that can be compared: of all of them, lines were deleted."""
        return bool(self._known) and max(self._known) < self._begun


def _text(signed: SignedTree) -> bytes:
    told = {**signed.told(), "nodes": [node.hex() for node in signed.tree.nodes]}
    return orjson.dumps(told, option=orjson.OPT_SORT_KEYS) + b"\n"


def end_of(signed: SignedTree | None) -> bytes:
    """Return what the entry after a head seals."""
    return bytes.fromhex(signed.head.end) if signed else GENESIS
