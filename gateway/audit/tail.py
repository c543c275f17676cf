"""The end of the audit log, checked before it is written on: from the last signed head to its last line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.audit import chain
from gateway.audit.chain import GENESIS, read_entries
from gateway.audit.keys import STATE, KeyState, PresentKey
from gateway.storage import signed_heads
from gateway.storage.signed_heads import HEAD, AuditHead, Checkpoint
from standards.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from gateway.audit.chain import ChainLine

REOPEN = "reopen"
"""The operation of the entry that continues a log which did not verify."""
HOW = "`crossing audit verify` tells more; `crossing audit reopen --reason TEXT` goes on over it, which stays told."


class RecordDamaged(StoreUnavailable):
    """The record is not as it was written: it is not written on until an operator says so."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(f"The record of disclosures does not verify: {problems[0]}. {HOW}")
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Anchor:
    """An entry whose end is known: its number, its *end* in digits, and who knows it (*what*)."""

    seq: int
    end: str
    what: str


def anchors(head: AuditHead | None, present: KeyState | None, held: Checkpoint | None) -> list[Anchor]:
    """Return what the signed head, the present key and the registry know of the log's end."""
    found = [Anchor(head.seq, head.hash, HEAD)] if head else []
    found += [Anchor(present.seq - 1, present.end.hex(), STATE)] if present else []
    return found + ([Anchor(held.number, held.digest, "the registry")] if held else [])


def put_back(head: AuditHead | None, present: KeyState | None, held: Checkpoint | None) -> Iterator[str]:
    """Return what is older than it can be: the present key is written before a head, that before the registry's."""
    if head and present and not head.checkpoint:
        yield f"{HEAD}: was put back to an earlier state"
    if head and present and present.seq <= head.seq:
        yield f"{STATE}: was put back to an earlier state"
    if head and held and head.seq < held.number:
        yield f"{HEAD}: was put back to an earlier state"


class ChainWalk:
    """A walk along the chain that checks of every line whether it belongs where it stands."""

    def __init__(self, known: Sequence[Anchor], marked: int = 0, keys: Mapping[int, bytes] | None = None) -> None:
        self._known, self._marked, self._keys = known, marked, keys or {}
        self.end, self.expected, self.key = GENESIS, 1, self._keys.get(1)

    def begin(self, seq: int, end: bytes, key: bytes | None = None) -> None:
        """Begin with entry *seq*, which follows a line with that *end*; its *key* where it is not among the first."""
        self.end, self.expected, self.key = end, seq, key or self._keys.get(seq)

    def step(self, line: ChainLine | None, seq: int) -> Iterator[str]:
        """Return what is wrong with the next line."""
        if line is None:
            yield "is not an entry"
            return
        broken = line.event.get("operation") == REOPEN
        yield from self._order(seq)
        if chain.link(GENESIS if broken else self.end, line.entry) != line.digest and seq == self.expected:
            yield f"entry {seq} was changed, or the one before it was"
        yield from self._mark(line, seq)
        yield from self._known_end(line, seq)
        self.end, self.expected = line.end, seq + 1
        self.key = self._keys.get(seq + 1) or (chain.next_key(self.key) if self.key else None)

    def missing(self) -> Iterator[str]:
        """Return what is missing at the end."""
        for one in self._known:
            if one.seq >= self.expected:
                yield f"{one.what}: entries {self.expected} to {one.seq} are missing at the end"

    def _order(self, seq: int) -> Iterator[str]:
        if seq > self.expected:
            yield f"entries {self.expected} to {seq - 1} are missing before it"
        elif seq < self.expected:
            yield f"entry {seq} is out of order"
        self.key = self.key if seq == self.expected else self._keys.get(seq)

    def _known_end(self, line: ChainLine, seq: int) -> Iterator[str]:
        for one in self._known:
            if one.seq == seq and one.end != line.end.hex():
                yield f"entry {seq} is not the one that {one.what} knows"

    def _mark(self, line: ChainLine, seq: int) -> Iterator[str]:
        if self._marked and seq >= self._marked and not line.mac:
            yield f"entry {seq} bears no MAC"
        elif self.key and chain.mark(self.key, line.digest) != line.mac:
            yield f"entry {seq} bears a MAC that is not of its key"


def check(folder: Path, key: bytes, held: Checkpoint | None, *, registered: bool = False) -> KeyState:
    """Return the key to continue with, if all after the earliest known end of the log is in order.

    Raises:
        RecordDamaged: it is not.
    """
    head, present = signed_heads.read_head(folder, key), PresentKey(folder, key).read()
    if head is None:
        raise RecordDamaged([f"{HEAD}: is missing, or was not signed by this gateway"])
    if present is None:
        raise RecordDamaged([f"{STATE}: is missing, or was changed"])
    if registered and head.in_registry and held is None:
        raise RecordDamaged(["the registry holds no head of it any more"])
    known = anchors(head, present, held)
    walk = ChainWalk(known, head.checkpoint, {present.seq: present.key})
    if problems := [
        *put_back(head, present, held),
        *_walked(folder, walk, min(one.seq for one in known)),
        *walk.missing(),
    ]:
        raise RecordDamaged(problems)
    assert walk.key is not None
    return KeyState(walk.expected, walk.key, walk.end)


def _walked(folder: Path, walk: ChainWalk, first: int) -> Iterator[str]:
    """Return what is wrong with entry *first* and those behind it."""
    reached, end = first == 0, GENESIS
    for place, line, seq in read_entries(folder, max(first - 1, 0)):
        if not reached and seq == first:
            walk.begin(seq, end)
            reached = True
        if reached:
            yield from (f"{place}: {problem}" for problem in walk.step(line, seq))
        end = line.end if line else end
