"""Merkle trees as RFC 6962 defines them: one hash over all entries, and short proofs about a single one.

A tree that grows is kept as its compact range: the roots of its largest whole subtrees, one for each bit of its size.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LEAF, NODE = b"\x00", b"\x01"
NO_PATH: Final = "the path is none of a tree of that size"
EMPTY: Final = hashlib.sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    """Hash an *entry* to its leaf."""
    return hashlib.sha256(LEAF + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two subtrees to the one above them."""
    return hashlib.sha256(NODE + left + right).digest()


class GrowingTree:
    """A tree known by its *size* and its compact range of *nodes*, to which leaves are added at the end."""

    def __init__(self, size: int = 0, nodes: Iterable[bytes] = ()) -> None:
        self.size, self.nodes = size, list(nodes)
        if len(self.nodes) != size.bit_count():
            raise ValueError("a tree has one subtree for each bit of its size")

    def add(self, leaf: bytes) -> None:
        """Add a leaf, joining subtrees of the same size."""
        size = self.size
        while size & 1:
            leaf = node_hash(self.nodes.pop(), leaf)
            size >>= 1
        self.nodes.append(leaf)
        self.size += 1

    @property
    def root(self) -> bytes:
        """The hash of the whole tree."""
        if not self.nodes:
            return EMPTY
        *above, found = self.nodes
        for node in reversed(above):
            found = node_hash(node, found)
        return found

    def copy(self) -> GrowingTree:
        """Return the same tree, to be grown apart."""
        return GrowingTree(self.size, self.nodes)


class WholeTree:
    """A tree with all its leaves, those apart that were deleted: of these only the compact range is left (*begun*)."""

    def __init__(self, leaves: Sequence[bytes], begun: GrowingTree | None = None) -> None:
        self._begun = begun or GrowingTree()
        self._first, self._leaves = self._begun.size, leaves
        self._kept: dict[tuple[int, int], bytes] = {}
        start = 0
        for level in range(self._first.bit_length() - 1, -1, -1):
            if self._first >> level & 1:
                self._kept[start, start + (1 << level)] = self._begun.nodes[len(self._kept)]
                start += 1 << level

    @property
    def size(self) -> int:
        """The number of leaves, the deleted ones included."""
        return self._first + len(self._leaves)

    def root(self, size: int | None = None) -> bytes:
        """Return the root of the first *size* leaves, of all unless told otherwise."""
        stop = self.size if size is None else size
        return self._hash(0, stop) if stop else EMPTY

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """Prove that the leaf at *index* is in the tree of that *size*: the subtrees beside it, from below.

        Raises:
            LookupError: there is no such leaf, or it was deleted.
        """
        if not self._first <= index < size <= self.size:
            raise LookupError(index)
        return self._path(index, 0, size)

    def consistency(self, before: int, size: int) -> list[bytes]:
        """Prove that the tree of *size* continues that of the size *before*.

        Raises:
            LookupError: the trees are not of these leaves, or what is needed of them was deleted.
        """
        if not 0 < before <= size <= self.size:
            raise LookupError(before)
        return self._subproof(before, 0, size, whole=True)

    def _hash(self, start: int, stop: int) -> bytes:
        if (start, stop) in self._kept:
            return self._kept[start, stop]
        if stop - start == 1:
            if start < self._first:
                raise LookupError(start)
            return self._leaves[start - self._first]
        middle = start + _split(stop - start)
        found = node_hash(self._hash(start, middle), self._hash(middle, stop))
        if stop - start > MIN_KEPT_LEAVES:
            self._kept[start, stop] = found
        return found

    def _path(self, index: int, start: int, stop: int) -> list[bytes]:
        if stop - start == 1:
            return []
        middle = start + _split(stop - start)
        if index < middle:
            return [*self._path(index, start, middle), self._hash(middle, stop)]
        return [*self._path(index, middle, stop), self._hash(start, middle)]

    def _subproof(self, before: int, start: int, stop: int, *, whole: bool) -> list[bytes]:
        if before == stop:
            return [] if whole else [self._hash(start, stop)]
        middle = start + _split(stop - start)
        if before <= middle:
            return [*self._subproof(before, start, middle, whole=whole), self._hash(middle, stop)]
        return [*self._subproof(before, middle, stop, whole=False), self._hash(start, middle)]


MIN_KEPT_LEAVES = 64
"""The least subtree whose root is kept once it was computed."""


def root_of_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """Compute the root of a tree of that *size* from a *leaf*, its *index* and the *path* of subtrees beside it.

    Raises:
        ValueError: the path is not one of such a tree.
    """
    if not 0 <= index < size:
        raise ValueError("there is no such leaf")
    place, last, found = index, size - 1, leaf
    for beside in path:
        if not last:
            raise ValueError(NO_PATH)
        if place & 1 or place == last:
            found = node_hash(beside, found)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = node_hash(found, beside)
        place, last = place >> 1, last >> 1
    if last:
        raise ValueError(NO_PATH)
    return found


def continues(before: tuple[int, bytes], after: tuple[int, bytes], path: Sequence[bytes]) -> bool:
    """Tell whether a *path* proves that the tree *after* (its size and root) continues the one *before*."""
    (first, first_root), (size, root) = before, after
    if first == size:
        return not path and first_root == root
    if not 0 < first < size:
        return False
    rest = list(path) if first & (first - 1) else [first_root, *path]
    place, last = first - 1, size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    if not rest:
        return False
    old = new = rest[0]
    for beside in rest[1:]:
        if not last:
            return False
        if place & 1 or place == last:
            old, new = node_hash(beside, old), node_hash(beside, new)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            new = node_hash(new, beside)
        place, last = place >> 1, last >> 1
    return not last and old == first_root and new == root


def _split(count: int) -> int:
    """Return the largest power of two below *count*: where RFC 6962 divides that many leaves."""
    return 1 << (count - 1).bit_length() - 1
