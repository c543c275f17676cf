"""Change logs as they are written down: ids, hashes and moments, what is gone, and which log each client is told of."""

from __future__ import annotations

import zlib
from array import array

import msgspec
import orjson

from gateway.change_log.states import Tombstone
from gateway.change_log.window import KnownPast


class HashColumn(msgspec.Struct, array_like=True):
    """The visible records of one entity: their *ids*, compressed, and the hash and the moment of each."""

    ids: bytes
    hashes: bytes
    times: bytes

    def known(self) -> dict[str, tuple[int, int]]:
        """The hash and the moment of each record by its id."""
        hashes, times = array("Q", self.hashes), array("q", self.times)
        return dict(zip(orjson.loads(zlib.decompress(self.ids)), zip(hashes, times, strict=True), strict=True))

    def hashes_of(self) -> dict[str, int]:
        """The hash of each record by its id."""
        return {own: digest for own, (digest, _) in self.known().items()}


GoneRows = list[tuple[tuple[str, str, str], list[tuple[str, Tombstone]]]]
LeftRows = list[tuple[tuple[str, str], list[tuple[tuple[str, str], int]]]]


class SealedTombstones(msgspec.Struct, array_like=True):
    """What is *gone* and has *left* lists by one log, as it was written down for the time that *count* tells."""

    count: int
    gone: GoneRows
    left: LeftRows


class WrittenLog(msgspec.Struct, array_like=True):
    """A change log as it was written down.

    *source* is a hash of the rows it is of, *today* the day; *count* numbers what was written of it. What is later
    than *behind* is to be told anew. *doubts* are records that may be set aside, *settled* rows that are of old. Of
    what was gone up to a moment, by entity, not all is known (*lost*). What is gone lies in a file of its own, which is
    at least the one numbered *buried*, unless that is 0.
    """

    begun: int
    newest: int
    source: str
    today: str
    count: int
    columns: dict[str, HashColumn]
    gone: GoneRows
    left: LeftRows
    behind: int | None = None
    doubts: list[tuple[tuple[str, str], tuple[int, int]]] = []
    settled: list[int] = []
    lost: dict[str, int] = {}
    buried: int = 0

    def past(self) -> KnownPast:
        """What it knew; nothing where it is lost."""
        found = KnownPast(self.newest, self.begun)
        found.gone = {place: dict(kept) for place, kept in self.gone}
        found.left = {outer: dict(lists) for outer, lists in self.left}
        found.losses.add(self.lost)
        found.present = {entity: column.hashes_of() for entity, column in self.columns.items()}
        return found


class ClientPosition(msgspec.Struct, array_like=True):
    """Which log a client is told of, *since* when, and what it knows of those before: *gone*, *left* and *present*.

    Of what was gone up to a moment, by entity, not all is known (*lost*). *count* numbers what was written of it.
    """

    name: str
    since: int
    gone: dict[tuple[str, str, str], dict[str, Tombstone]] = {}
    left: dict[tuple[str, str], dict[tuple[str, str], int]] = {}
    present: dict[str, dict[str, int]] = {}
    lost: dict[str, int] = {}
    count: int = 0
