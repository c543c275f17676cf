"""The tree over the record is the one of RFC 6962, and its proofs prove nothing but what is so."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.audit.proofs.merkle import (
    EMPTY,
    GrowingTree,
    WholeTree,
    continues,
    leaf_hash,
    root_of_inclusion,
)

# The test vectors of the RFC's reference implementation.
ENTRIES = [
    bytes.fromhex(one)
    for one in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
    )
]  # fmt: skip
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
# Of the same: inclusion by index and size, consistency by the two sizes.
AB, EF, GH = (
    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
    "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
)
B = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
E = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
EFGH = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
INCLUSION = {
    (0, 1): [],
    (0, 8): [B, AB, EFGH],
    (5, 8): [E, GH, ROOTS[3]],
    (2, 3): [ROOTS[1]],
    (1, 5): [ROOTS[0], AB, E],
}
CONSISTENCY = {(1, 1): [], (1, 8): [B, AB, EFGH], (6, 8): [EF, GH, ROOTS[3]], (2, 5): [AB, E]}
SIZES = st.integers(1, 130)
MAX_SIZE = 70


def leaves(number):
    return [leaf_hash(b"%d" % at) for at in range(number)]


def plain_root(some):
    """The definition of RFC 6962, section 2.1, as it is written there."""
    if len(some) <= 1:
        return some[0] if some else EMPTY
    half = 1
    while 2 * half < len(some):
        half *= 2
    return hashlib.sha256(b"\x01" + plain_root(some[:half]) + plain_root(some[half:])).digest()


def grown(some):
    tree = GrowingTree()
    for leaf in some:
        tree.add(leaf)
    return tree


def test_the_roots_are_those_of_the_published_vectors():
    tree = GrowingTree()
    assert tree.root.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    for entry, root in zip(ENTRIES, ROOTS, strict=True):
        tree.add(leaf_hash(entry))
        assert tree.root.hex() == root


@given(SIZES, st.integers(0, 130))
def test_a_tree_that_grows_has_the_root_of_the_definition_wherever_it_was_taken_up_again(size, at):
    some, begun = leaves(size), grown(leaves(min(at, size)))
    again = GrowingTree(begun.size, begun.nodes)
    for leaf in some[begun.size :]:
        again.add(leaf)
    assert again.root == plain_root(some) == WholeTree(some).root()


@given(st.data(), SIZES)
def test_an_entry_is_proved_to_be_in_the_tree_and_no_other_one(data, size):
    some = leaves(size)
    index = data.draw(st.integers(0, size - 1))
    path = WholeTree(some).inclusion(index, size)
    assert root_of_inclusion(some[index], index, size, path) == plain_root(some)
    assert len(path) <= size.bit_length()
    other = data.draw(st.integers(0, size - 1).filter(lambda one: one != index)) if size > 1 else None
    if other is not None:
        assert root_of_inclusion(some[other], index, size, path) != plain_root(some)
        with pytest.raises(ValueError, match="the path is none"):
            root_of_inclusion(some[index], index, size, [*path, path[0]])


@given(st.data(), SIZES)
def test_an_earlier_tree_is_proved_to_be_continued_and_a_changed_one_is_not(data, size):
    some = leaves(size)
    before = data.draw(st.integers(1, size))
    path = WholeTree(some).consistency(before, size)
    after = size, plain_root(some)
    assert continues((before, plain_root(some[:before])), after, path)
    at = data.draw(st.integers(0, before - 1))
    changed = [*some[:at], leaf_hash(b"another"), *some[at + 1 : before]]
    assert not continues((before, plain_root(changed)), after, path)
    if path:
        assert not continues((before, plain_root(some[:before])), after, path[:-1])


@given(st.data(), SIZES)
def test_proofs_of_what_is_left_need_nothing_of_what_was_deleted_but_its_compact_range(data, size):
    some = leaves(size)
    first = data.draw(st.integers(0, size - 1))
    index = data.draw(st.integers(first, size - 1))
    before = data.draw(st.integers(max(first, 1), size))
    rest = WholeTree(some[first:], grown(some[:first]))
    assert rest.root() == plain_root(some)
    assert rest.inclusion(index, size) == WholeTree(some).inclusion(index, size)
    assert rest.consistency(before, size) == WholeTree(some).consistency(before, size)
    with pytest.raises(LookupError):
        rest.inclusion(first - 1, size)


def test_the_proofs_are_those_of_the_published_vectors():
    tree = WholeTree(list(map(leaf_hash, ENTRIES)))
    for (index, size), path in INCLUSION.items():
        assert [one.hex() for one in tree.inclusion(index, size)] == path
        found = root_of_inclusion(leaf_hash(ENTRIES[index]), index, size, list(map(bytes.fromhex, path)))
        assert found.hex() == ROOTS[size - 1]
    for (before, size), path in CONSISTENCY.items():
        assert [one.hex() for one in tree.consistency(before, size)] == path
        trees = (before, bytes.fromhex(ROOTS[before - 1])), (size, bytes.fromhex(ROOTS[size - 1]))
        assert continues(*trees, list(map(bytes.fromhex, path)))


def half(count):
    found = 1
    while 2 * found < count:
        found *= 2
    return found


@cache
def defined_hash(start, stop):
    """The hash of the entries from *start* to *stop*, by the recursive definition of RFC 6962, section 2.1."""
    if start == stop:
        return hashlib.sha256().digest()
    if stop - start == 1:
        return hashlib.sha256(b"\x00" + b"%d" % start).digest()
    middle = start + half(stop - start)
    return hashlib.sha256(b"\x01" + defined_hash(start, middle) + defined_hash(middle, stop)).digest()


def defined_path(index, start, stop):
    """The audit path of section 2.1.1."""
    if stop - start == 1:
        return []
    middle = start + half(stop - start)
    if index < middle:
        return [*defined_path(index, start, middle), defined_hash(middle, stop)]
    return [*defined_path(index, middle, stop), defined_hash(start, middle)]


def defined_proof(before, start, stop, *, whole):
    """The consistency proof of section 2.1.2."""
    if before == stop:
        return [] if whole else [defined_hash(start, stop)]
    middle = start + half(stop - start)
    if before <= middle:
        return [*defined_proof(before, start, middle, whole=whole), defined_hash(middle, stop)]
    return [*defined_proof(before, middle, stop, whole=False), defined_hash(start, middle)]


@pytest.mark.parametrize("size", range(MAX_SIZE + 1))
def test_every_tree_and_every_proof_is_that_of_the_definition_and_no_other_is_taken(size):
    some, root = leaves(size), defined_hash(0, size)
    tree = WholeTree(some)
    assert grown(some).root == tree.root() == root
    for index in range(size):
        path = tree.inclusion(index, size)
        assert path == defined_path(index, 0, size)
        assert root_of_inclusion(some[index], index, size, path) == root
        for other in {*range(-1, size + 2)} - {index}:
            with suppress(ValueError):
                assert root_of_inclusion(some[index], other, size, path) != root
    for before in range(1, size + 1):
        first, path = defined_hash(0, before), tree.consistency(before, size)
        assert path == defined_proof(before, 0, size, whole=True)
        assert continues((before, first), (size, root), path)
        assert not any(continues((one, first), (size, root), path) for one in range(-1, size + 2) if one != before)
        assert not continues((before, first), (size, root), [*path, root])
        for at, one in enumerate(path):
            assert not continues((before, first), (size, root), [*path[:at], *path[at + 1 :]])
            assert not continues((before, first), (size, root), [*path[:at], leaf_hash(one), *path[at + 1 :]])
