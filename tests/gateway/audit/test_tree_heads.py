"""The tree over the record grows with it, survives restarts, and shows what is shorter or different."""

from __future__ import annotations

import json

import pytest

from gateway.audit import chain, tree_heads
from gateway.audit.log import Record, verify
from gateway.audit.opening import go_on
from gateway.audit.proofs.merkle import leaf_hash
from gateway.audit.proofs.signing import HeadKey, TreeHead, is_signed, read_head, read_public_key
from gateway.audit.tail import RecordDamaged
from gateway.audit.tree_heads import TREE, TreeFile, whole_tree
from gateway.storage.registry import open_store
from tests.gateway.audit.test_tampering import EVENT, KEY, fill, lines, own, put, rechain
from tests.support.regions import wait_until


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "audit"


@pytest.fixture
def registry(tmp_path):
    store = open_store(f"sqlite:///{tmp_path}/registry.db")
    yield store
    store.close()


def head(folder):
    return TreeFile(folder, KEY).read()


def test_the_head_is_that_of_every_line_and_signed_by_a_key_that_anybody_may_have(folder):
    fill(folder)
    found = head(folder)
    assert (found.head.size, found.head.seq) == (6, 6)
    assert found.head.root == whole_tree(folder, None).root.hex()
    assert found.head.end == chain.read_line(lines(folder)[-1].rstrip()).end.hex()
    public = read_public_key(HeadKey(KEY).pem().encode())
    assert is_signed(found.head, found.signature, public)
    other = TreeHead(**{**{name: getattr(found.head, name) for name in TreeHead.__slots__}, "size": 5})
    assert not is_signed(other, found.signature, public)
    assert not is_signed(found.head, found.signature, HeadKey(b"x" * 32).public)
    assert not is_signed(found.head, found.signature.upper(), public)


def test_a_head_is_signed_while_there_is_activity_and_at_the_end(folder):
    record = Record(folder, KEY, seconds_per_head=0.05)
    record.append(EVENT)
    wait_until(lambda: head(folder).head.size == 1)
    record.append(EVENT)
    record.close()
    assert head(folder).head.size == 2


def test_the_tree_grows_on_from_its_compact_range_and_the_log_is_not_read_again(folder, monkeypatch):
    fill(folder, segment_bytes=2000)
    hashed = []
    monkeypatch.setattr(tree_heads, "leaf_hash", lambda text: hashed.append(text) or leaf_hash(text))
    fill(folder, segment_bytes=2000)
    assert hashed == []
    assert head(folder).head.root == whole_tree(folder, None).root.hex()
    assert verify(folder, KEY) == []


def test_what_was_written_after_the_last_head_is_added_at_the_start(folder):
    fill(folder)
    kept = (folder / TREE).read_bytes()
    record = Record(folder, KEY)
    record.append(EVENT)
    record.close()
    (folder / TREE).write_bytes(kept)  # as after a crash
    fill(folder, events=1)
    assert head(folder).head.size == 8
    assert head(folder).head.root == whole_tree(folder, None).root.hex()


def test_a_record_of_before_gets_its_tree_at_the_next_start(folder, registry):
    fill(folder, registry)
    (folder / TREE).unlink()
    with registry.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM marks WHERE name = 'record tree'")
    assert verify(folder, KEY, registry) == []
    fill(folder, registry)
    assert head(folder).head.root == whole_tree(folder, None).root.hex()
    assert verify(folder, KEY, registry) == []


def removed(folder):
    (folder / TREE).unlink()


def resigned(folder):
    told = json.loads((folder / TREE).read_bytes())
    (folder / TREE).write_text(json.dumps({**told, "size": 5}))


@pytest.mark.parametrize(
    ("harm", "told"), [(removed, "tree.json: is missing"), (resigned, "tree.json: was not signed by this gateway")]
)
def test_a_tree_head_that_is_missing_or_changed_is_found_and_not_written_over(folder, registry, harm, told):
    fill(folder, registry)
    harm(folder)
    assert told in verify(folder, KEY, registry)
    with pytest.raises(RecordDamaged, match=told):
        Record(folder, KEY, registry=registry)
    go_on(folder, KEY, registry, "an operator", "a lost file")
    fill(folder, registry)
    assert head(folder).head.root == whole_tree(folder, None).root.hex()
    assert not any(TREE in problem for problem in verify(folder, KEY, registry))


def test_a_tree_head_that_was_put_back_is_found(folder, registry):
    fill(folder, registry)
    kept = (folder / TREE).read_bytes()
    fill(folder, registry)
    (folder / TREE).write_bytes(kept)
    assert "tree.json: was put back to an earlier state" in verify(folder, KEY, registry)


def test_lines_made_again_with_right_hashes_are_found_by_the_tree(folder):
    fill(folder)
    rechain(folder)
    assert any("the lines up to entry 6 are not those that tree.json knows" in one for one in verify(folder, KEY))


def witness(folder):
    return read_head(head(folder).told())


def test_a_record_that_is_shorter_than_a_witnessed_head_is_found_whoever_has_its_keys(folder, registry):
    fill(folder, registry)
    seen = witness(folder)
    put(folder, lines(folder)[:-2])
    own(folder, registry, chain.read_line(lines(folder)[-1].rstrip()).end, 4)
    assert verify(folder, KEY, registry) == []
    told = verify(folder, KEY, registry, witnessed=[seen])
    assert told == [f"the witness of {seen.at} knows 6 lines, and there are 4"]


def test_a_record_that_differs_from_a_witnessed_head_is_found_whoever_has_its_keys(folder, registry):
    fill(folder, registry)
    seen = witness(folder)
    fill(folder, registry)
    assert verify(folder, KEY, registry, witnessed=[seen]) == []
    own(folder, registry, rechain(folder), 12)
    assert verify(folder, KEY, registry) == []
    (told,) = verify(folder, KEY, registry, witnessed=[seen])
    assert "the lines up to entry 6 are not those that the witness of" in told
