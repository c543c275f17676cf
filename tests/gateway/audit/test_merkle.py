"""The tree over the record is the one of RFC 6962, and its proofs prove nothing but what is so."""

from __future__ import annotations

import hashlib

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
SIZES = st.integers(1, 130)


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
