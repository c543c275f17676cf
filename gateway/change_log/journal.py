"""What one consumer knows of one resource: since which change version each record is as it was shown, and what is gone.

A version is the moment at which a difference was found: a matter of the clock and of the consumer's own questions. It
is found by comparing what is shown now with keyed hashes of what was shown before: a change that the consumer may not
see is no difference, and who leaves its sight is gone, whatever the reason.
"""

from __future__ import annotations

import zlib
from array import array
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

ID = 16
MOST = 200_000
"""How many departures and new keys are remembered of one resource for one consumer."""


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """A record that is gone or goes by another key since *version*; *mark* is a keyed hash of the key it had.

    *sealed* is what was known of its key: the line of before and, where it is still there, of after.
    """

    id: bytes
    version: int
    mark: int
    sealed: bytes


class Journal(msgspec.Struct, frozen=True, array_like=True):
    """The *ids* shown, in order, sixteen bytes each, with the *hashes* and *versions* of their records.

    *lines* tells the key of each, sealed. *gone* and *rekeyed* tell what happened, oldest first; what happened
    before the version *floor* is not known whole. *count* numbers what was written down of the consumer.
    """

    ids: bytes
    hashes: bytes
    versions: bytes
    lines: bytes
    gone: tuple[Entry, ...] = ()
    rekeyed: tuple[Entry, ...] = ()
    floor: int = 0
    count: int = 0

    def known(self) -> Iterator[tuple[bytes, int, int]]:
        """The id, the hash and the version of every record shown."""
        hashes, versions = array("Q", self.hashes), array("q", self.versions)
        for at, (digest, version) in enumerate(zip(hashes, versions, strict=True)):
            yield self.ids[ID * at : ID * at + ID], digest, version

    def at(self) -> Sequence[int]:
        """The versions alone, in the order of the ids."""
        return array("q", self.versions)


@dataclass(frozen=True, slots=True)
class Sight:
    """What is shown now: *ids* in order, the hash of each record, and how to tell the keys of some as *lines* of bytes.

    The records are named by their places. *mark* tells a key apart from others by its line; 0 where not enough of
    it is released to do so.
    """

    ids: Sequence[bytes]
    hashes: Sequence[int]
    lines: Callable[[Sequence[int]], Sequence[bytes]]
    mark: Callable[[bytes], int]


@dataclass(frozen=True, slots=True)
class Seal:
    """How what is known of keys is kept: unreadable without a key that is not beside it."""

    close: Callable[[bytes], bytes]
    open: Callable[[bytes], bytes]


def begin(sight: Sight, seal: Seal, version: int) -> Journal:
    """A journal of a resource of which nothing is known yet: everything counts as changed at *version*."""
    return Journal(
        b"".join(sight.ids), array("Q", sight.hashes).tobytes(), array("q", [version] * len(sight.ids)).tobytes(),
        _closed(sight.lines(range(len(sight.ids))), seal),
    )  # fmt: skip


def settle(journal: Journal, sight: Sight, seal: Seal, version: int) -> Journal:
    """*journal* with every difference to what is shown now, found at *version*; itself where there is none."""
    before = {identifier: (digest, since) for identifier, digest, since in journal.known()}
    versions, fresh = array("q"), []
    for place, (identifier, digest) in enumerate(zip(sight.ids, sight.hashes, strict=True)):
        known = before.get(identifier)
        same = known is not None and known[0] == digest
        versions.append(known[1] if known is not None and same else version)
        if not same:
            fresh.append(place)
    left = before.keys() - set(sight.ids)
    if not left and not fresh:
        return journal
    told = dict(zip(_split(journal.ids), _opened(journal.lines, seal), strict=True))
    changed = dict(zip([sight.ids[place] for place in fresh], sight.lines(fresh), strict=True))
    now = told | changed
    gone = [Entry(one, version, sight.mark(told[one]), seal.close(told[one])) for one in sorted(left)]
    rekeyed = [
        Entry(one, version, 0, seal.close(told[one] + b"\n" + line))
        for one, line in changed.items()
        if one in told and key_of(told[one]) != key_of(line)
    ]
    return _bounded(
        replace_fields(
            journal,
            ids=b"".join(sight.ids), hashes=array("Q", sight.hashes).tobytes(), versions=versions.tobytes(),
            lines=_closed([now[one] for one in sight.ids], seal), gone=_left((*journal.gone, *gone), changed, sight),
            rekeyed=(*journal.rekeyed, *rekeyed),
        )
    )  # fmt: skip


def note(journal: Journal, sight: Sight, seal: Seal, version: int) -> Journal:
    """*journal* with what is shown of some records now, found at *version*; no other is gone for that."""
    hashes = {identifier: digest for identifier, digest, _ in journal.known()}
    hashes |= dict(zip(sight.ids, sight.hashes, strict=True))
    ids, places = list(hashes), {identifier: at for at, identifier in enumerate(sight.ids)}

    def lines(chosen: Sequence[int]) -> Sequence[bytes]:
        return sight.lines([places[ids[at]] for at in chosen])

    return settle(journal, Sight(ids, list(hashes.values()), lines, sight.mark), seal, version)


def holding(journal: Journal, sight: Sight, held: set[bytes]) -> Sight:
    """A *sight* with the records of a *journal* that are *held* back, as they were shown."""
    kept = {identifier: digest for identifier, digest, _ in journal.known() if identifier in held}
    return Sight([*sight.ids, *kept], [*sight.hashes, *kept.values()], sight.lines, sight.mark) if kept else sight


def replace_fields(journal: Journal, **fields: object) -> Journal:
    """*journal* with other *fields*."""
    return msgspec.structs.replace(journal, **fields)


def _left(gone: Iterable[Entry], changed: Mapping[bytes, bytes], sight: Sight) -> tuple[Entry, ...]:
    """What is *gone* but for what has come back, under its id or as another record of the same key."""
    marks = {mark for line in changed.values() if (mark := sight.mark(line))}
    return tuple(one for one in gone if one.id not in changed and one.mark not in marks)


def _bounded(journal: Journal) -> Journal:
    """*journal* with no more entries than are remembered; its floor tells what is not known any more."""
    floor, kept = journal.floor, {}
    for name in ("gone", "rekeyed"):
        entries = getattr(journal, name)
        if len(entries) > MOST:
            floor = max(floor, entries[-MOST - 1].version + 1)
        kept[name] = entries[-MOST:]
    return replace_fields(journal, floor=floor, **kept)


def forget(journal: Journal, horizon: int) -> Journal:
    """*journal* without what happened before the version *horizon*."""
    if all(one.version >= horizon for one in (*journal.gone[:1], *journal.rekeyed[:1])):
        return journal
    kept = {
        name: tuple(one for one in getattr(journal, name) if one.version >= horizon) for name in ("gone", "rekeyed")
    }
    return replace_fields(journal, **kept)


def key_of(line: bytes) -> bytes:
    """The natural key in a line, which begins with it."""
    return line.partition(b"\t")[0]


def digest_of(key: bytes, text: bytes) -> int:
    """A keyed hash of eight bytes, as a number."""
    return int.from_bytes(blake2b(text, digest_size=8, key=key).digest())


def _split(ids: bytes) -> list[bytes]:
    return [ids[at : at + ID] for at in range(0, len(ids), ID)]


def _closed(lines: Sequence[bytes], seal: Seal) -> bytes:
    return seal.close(zlib.compress(b"\n".join(lines), 1))


def _opened(sealed: bytes, seal: Seal) -> list[bytes]:
    text = zlib.decompress(seal.open(sealed))
    return text.split(b"\n") if text else []
