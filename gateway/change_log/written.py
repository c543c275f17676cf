"""Written change logs: ids, hashes, moments, tombstones, and the log that each client reads, as stored in files."""

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
        """Return the hash and the moment of each record by its id."""
        hashes, times = array("Q", self.hashes), array("q", self.times)
        return dict(zip(orjson.loads(zlib.decompress(self.ids)), zip(hashes, times, strict=True), strict=True))

    def hashes_of(self) -> dict[str, int]:
        """Return the hash of each record by its id."""
        return {own: digest for own, (digest, _) in self.known().items()}


GoneRows = list[tuple[tuple[str, str, str], list[tuple[str, Tombstone]]]]
LeftRows = list[tuple[tuple[str, str], list[tuple[tuple[str, str], int]]]]


class SealedTombstones(msgspec.Struct, array_like=True):
    """The records *gone* and those that *left* lists in one log; *count* numbers the writes."""

    count: int
    gone: GoneRows
    left: LeftRows


class WrittenLog(msgspec.Struct, array_like=True):
    """A change log as it is stored.

    *source* is a hash of the snapshot's rows, *today* the day; *count* numbers the writes. Differences later than
    *behind* must be reported again. *doubts* are records that may be set aside, *settled* rows set aside since the log
    began. *lost* has the moment, by entity, up to which some tombstones are forgotten. The tombstones are in a file of
    their own, with at least the number *buried*, unless that is 0.
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
        """Return its content; empty where it is lost."""
        found = KnownPast(self.newest, self.begun, behind=self.behind)
        found.gone = {place: dict(kept) for place, kept in self.gone}
        found.left = {outer: dict(lists) for outer, lists in self.left}
        found.losses.add(self.lost)
        found.present = {entity: column.hashes_of() for entity, column in self.columns.items()}
        return found


class ClientPosition(msgspec.Struct, array_like=True):
    """The log that a client reads, *since* when, and what it knows of earlier logs: *gone*, *left*, *present*.

    *lost* has the moment, by entity, up to which some tombstones are forgotten. *count* numbers the writes.
    """

    name: str
    since: int
    gone: dict[tuple[str, str, str], dict[str, Tombstone]] = {}
    left: dict[tuple[str, str], dict[tuple[str, str], int]] = {}
    present: dict[str, dict[str, int]] = {}
    lost: dict[str, int] = {}
    count: int = 0
