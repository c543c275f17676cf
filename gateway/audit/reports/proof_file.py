"""Proof files: entries of the record, each with its path to a signed tree head, and all texts that the entries name.

Whoever has the region's public key verifies one with a few lines of Python, without this program and the record.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import orjson

from gateway.audit.chain import read_behind
from gateway.audit.proofs.merkle import WholeTree, leaf_hash
from gateway.audit.tail import RecordDamaged
from gateway.audit.tree_heads import TREE, TreeFile, deleted_before
from gateway.audit.verification import field_sets, texts
from standards.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

FORM = "crossing-proof/1"


def proof(folder: Path, key: bytes, wanted: Collection[int]) -> dict[str, Any]:
    """Prove that the entries of the *wanted* numbers are in the record, beneath its last signed head.

    Raises:
        NotFound: there is no such entry, or it is not beneath a signed head yet.
        RecordDamaged: the record is not the one that the head was signed over.
    """
    signed = TreeFile(folder, key).read()
    if signed is None:
        raise NotFound("The record has no signed tree head yet: the gateway signs one a minute, and when it ends.")
    try:
        begun = deleted_before(folder, key)
    except ValueError as error:
        raise RecordDamaged([str(error)]) from None
    leaves, found = list[bytes](), dict[int, tuple[int, str]]()
    first = begun.head.size if begun else 0
    for _, text, line, seq in read_behind(folder, begun.head.seq if begun else 0):
        if first + len(leaves) == signed.head.size:
            break
        if line is not None and seq in wanted:
            found[seq] = first + len(leaves), text.decode()
        leaves.append(leaf_hash(text))
    tree = WholeTree(leaves, begun.tree if begun else None)
    if tree.size < signed.head.size or tree.root(signed.head.size).hex() != signed.head.root:
        raise RecordDamaged([f"its lines are not those that {TREE} knows"])
    if missing := sorted(set(wanted) - found.keys()):
        raise NotFound(f"There is no event {missing[0]} beneath the last signed head; a new one is signed each minute.")
    entries = [
        {"text": text, "index": index, "path": [one.hex() for one in tree.inclusion(index, signed.head.size)]}
        for index, text in (found[seq] for seq in sorted(found))
    ]
    named = _contents(folder, [text for _, text in found.values()])
    return {"form": FORM, "head": signed.told(), "entries": entries, "contents": named}


def _contents(folder: Path, entries: Collection[str]) -> dict[str, str]:
    """Return the sets of fields and the texts that entries name, each by its hash."""
    found = {}
    for entry in entries:
        event = orjson.loads(entry)
        for store, names in (
            (field_sets(folder), [event.get("fields")]),
            (texts(folder), [*event.get("texts", ()), *event.get("elements", ())]),
        ):
            for name in filter(None, names):
                with suppress(OSError):
                    found[name] = store.read(name).decode()
    return found
