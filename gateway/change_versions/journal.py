"""The log of one resource for one client: the change version of each record, its deletions and its key changes.

A version is the moment at which a difference was found; it depends on the clock and on the client's own requests.
Differences are found by comparing the present records with keyed hashes of those shown before: a hidden change is no
difference, and a record that is no longer visible is deleted, whatever the reason.
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

    from gateway.storage.cipher import Cipher

ID_BYTES = 16
MAX_ENTRIES = 200_000
"""Deletions, and key changes, remembered of one resource for one client."""


class RemovedEntry(msgspec.Struct, frozen=True, array_like=True):
    """A record deleted or with another key since *version*; *mark* is a keyed hash of the key it had.

    *sealed* has the line with its key from before and, where it is still there, from after.
    """

    id: bytes
    version: int
    mark: int
    sealed: bytes


class ResourceLog(msgspec.Struct, frozen=True, array_like=True):
    """The *ids* shown, in order, sixteen bytes each, with the *hashes* and *versions* of their records.

    *lines* has the key of each, sealed. *gone* and *rekeyed* are deletions and key changes, oldest first; before the
    version *floor* some are forgotten. *count* numbers the writes of the client's files.
    """

    ids: bytes
    hashes: bytes
    versions: bytes
    lines: bytes
    gone: tuple[RemovedEntry, ...] = ()
    rekeyed: tuple[RemovedEntry, ...] = ()
    floor: int = 0
    count: int = 0

    def known(self) -> Iterator[tuple[bytes, int, int]]:
        """Yield the id, the hash and the version of every record shown."""
        hashes, versions = array("Q", self.hashes), array("q", self.versions)
        for at, (digest, version) in enumerate(zip(hashes, versions, strict=True)):
            yield self.ids[ID_BYTES * at : ID_BYTES * at + ID_BYTES], digest, version

    def at(self) -> Sequence[int]:
        """Return the versions alone, in the order of the ids."""
        return array("q", self.versions)


@dataclass(frozen=True, slots=True)
class ShownHashes:
    """The records shown now: *ids* in order, a hash of each, and *lines*, which makes the key lines of some.

    *lines* takes positions in *ids*. *mark* hashes the key in a line; 0 where too little of the key is released to tell
    it from others.
    """

    ids: Sequence[bytes]
    hashes: Sequence[int]
    lines: Callable[[Sequence[int]], Sequence[bytes]]
    mark: Callable[[bytes], int]


def begin(shown: ShownHashes, cipher: Cipher, version: int) -> ResourceLog:
    """Begin the log of a resource: everything counts as changed at *version*."""
    return ResourceLog(
        b"".join(shown.ids), array("Q", shown.hashes).tobytes(), array("q", [version] * len(shown.ids)).tobytes(),
        _closed(shown.lines(range(len(shown.ids))), cipher),
    )  # fmt: skip


def record_differences(log: ResourceLog, shown: ShownHashes, cipher: Cipher, version: int) -> ResourceLog:
    """Add every difference to the records shown now, found at *version*; return *log* itself where there is none."""
    before = {identifier: (digest, since) for identifier, digest, since in log.known()}
    versions, fresh = array("q"), []
    for place, (identifier, digest) in enumerate(zip(shown.ids, shown.hashes, strict=True)):
        known = before.get(identifier)
        same = known is not None and known[0] == digest
        versions.append(known[1] if known is not None and same else version)
        if not same:
            fresh.append(place)
    left = before.keys() - set(shown.ids)
    if not left and not fresh:
        return log
    told = dict(zip(_split(log.ids), _opened(log.lines, cipher), strict=True))
    changed = dict(zip([shown.ids[place] for place in fresh], shown.lines(fresh), strict=True))
    now = told | changed
    gone = [RemovedEntry(one, version, shown.mark(told[one]), cipher.seal(told[one])) for one in sorted(left)]
    rekeyed = [
        RemovedEntry(one, version, 0, cipher.seal(told[one] + b"\n" + line))
        for one, line in changed.items()
        if one in told and key_of(told[one]) != key_of(line)
    ]
    return _bounded(
        replace_fields(
            log,
            ids=b"".join(shown.ids), hashes=array("Q", shown.hashes).tobytes(), versions=versions.tobytes(),
            lines=_closed([now[one] for one in shown.ids], cipher), gone=_left((*log.gone, *gone), changed, shown),
            rekeyed=(*log.rekeyed, *rekeyed),
        )
    )  # fmt: skip


def note(log: ResourceLog, shown: ShownHashes, cipher: Cipher, version: int) -> ResourceLog:
    """Add what is shown of some records now, found at *version*; no other record counts as deleted."""
    hashes = {identifier: digest for identifier, digest, _ in log.known()}
    hashes |= dict(zip(shown.ids, shown.hashes, strict=True))
    ids, places = list(hashes), {identifier: at for at, identifier in enumerate(shown.ids)}

    def lines(chosen: Sequence[int]) -> Sequence[bytes]:
        return shown.lines([places[ids[at]] for at in chosen])

    return record_differences(log, ShownHashes(ids, list(hashes.values()), lines, shown.mark), cipher, version)


def with_held_back(log: ResourceLog, shown: ShownHashes, held: set[bytes]) -> ShownHashes:
    """Add to *shown* the *held* records of a *log*, which may only be set aside, as they were shown."""
    kept = {identifier: digest for identifier, digest, _ in log.known() if identifier in held}
    return ShownHashes([*shown.ids, *kept], [*shown.hashes, *kept.values()], shown.lines, shown.mark) if kept else shown


def replace_fields(log: ResourceLog, **fields: object) -> ResourceLog:
    """Return a copy of *log* with other *fields*."""
    return msgspec.structs.replace(log, **fields)


def _left(gone: Iterable[RemovedEntry], changed: Mapping[bytes, bytes], shown: ShownHashes) -> tuple[RemovedEntry, ...]:
    """Drop from *gone* what has come back, under its id or as another record with the same key."""
    marks = {mark for line in changed.values() if (mark := shown.mark(line))}
    return tuple(one for one in gone if one.id not in changed and one.mark not in marks)


def _bounded(log: ResourceLog) -> ResourceLog:
    """Drop the oldest entries beyond `MAX_ENTRIES`; the floor rises above them."""
    floor, kept = log.floor, {}
    for name in ("gone", "rekeyed"):
        entries = getattr(log, name)
        if len(entries) > MAX_ENTRIES:
            floor = max(floor, entries[-MAX_ENTRIES - 1].version + 1)
        kept[name] = entries[-MAX_ENTRIES:]
    return replace_fields(log, floor=floor, **kept)


def forget(log: ResourceLog, horizon: int) -> ResourceLog:
    """Drop the entries from before the version *horizon*."""
    if all(one.version >= horizon for one in (*log.gone[:1], *log.rekeyed[:1])):
        return log
    kept = {name: tuple(one for one in getattr(log, name) if one.version >= horizon) for name in ("gone", "rekeyed")}
    return replace_fields(log, **kept)


def key_of(line: bytes) -> bytes:
    """Return the natural key at the beginning of a line."""
    return line.partition(b"\t")[0]


def digest_of(key: bytes, text: bytes) -> int:
    """Hash *text* with *key* to eight bytes, as a number."""
    return int.from_bytes(blake2b(text, digest_size=8, key=key).digest())


def _split(ids: bytes) -> list[bytes]:
    return [ids[at : at + ID_BYTES] for at in range(0, len(ids), ID_BYTES)]


def _closed(lines: Sequence[bytes], cipher: Cipher) -> bytes:
    return cipher.seal(zlib.compress(b"\n".join(lines), 1))


def _opened(sealed: bytes, cipher: Cipher) -> list[bytes]:
    text = zlib.decompress(cipher.open(sealed))
    return text.split(b"\n") if text else []
