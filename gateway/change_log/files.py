"""The sealed files of change logs: ids, hashes and moments, what is gone, and which log each client is told of."""

from __future__ import annotations

import marshal
import zlib
from array import array
from hashlib import blake2b
from typing import TYPE_CHECKING

import msgspec
import orjson

from gateway import telemetry
from gateway.change_log.states import PENDING
from gateway.change_log.written import ClientPosition, HashColumn, SealedTombstones, WrittenLog
from gateway.storage.sealed_files import decoded
from gateway.storage.signed_heads import Checkpoint

if TYPE_CHECKING:
    from gateway.cache.snapshot import Snapshot, Table
    from gateway.change_log.grant_log import ChangeLog
    from gateway.engine.visibility import Visibility
    from gateway.storage.sealed_files import Sealed
    from gateway.storage.signed_heads import Registry

CODE = "1"
"""Changes whenever unchanged rows may be shown otherwise than by the version of the program before."""


class ChangeFiles:
    """Reads and writes the files; one older than the *registry* knows of counts as lost."""

    def __init__(self, sealed: Sealed, key: bytes, registry: Registry | None) -> None:
        self._sealed, self._key, self._registry = sealed, key, registry
        self._counts: dict[str, int] = {}
        self._sources: tuple[Snapshot | None, str] = None, ""
        self._tables: dict[tuple[str, str], tuple[Table, bytes]] = {}
        self._ids: dict[tuple[str, str], tuple[list[str], bytes]] = {}
        self._buried: dict[str, tuple[tuple[int, ...], int]] = {}

    def read(self, name: str) -> WrittenLog | None:
        """The log called *name* as it was last written; one without any record where it is lost."""
        held = (
            self._registry.read_checkpoint(self._mark(name)) if self._registry else None
        )  # first: it may be written now
        found = self._whole(name, decoded(self._sealed.read(self._place("log", name)), WrittenLog))
        if held is None or (found is not None and found.count >= held.number):
            self._counts[name] = found.count if found else 0
            return found
        telemetry.tell("change log begins anew", count=1)
        self._counts[name] = held.number
        return WrittenLog(0, int(held.digest), "", "", held.number, {}, [], [])

    def _whole(self, name: str, found: WrittenLog | None) -> WrittenLog | None:
        """A log with what is gone by it; None where that is lost."""
        if found is None or not found.buried:
            return found
        buried = decoded(self._sealed.read(self._place("gone", name)), SealedTombstones)
        if buried is None or buried.count < found.buried:
            return None
        self._buried[name] = (), buried.count
        found.gone, found.left = buried.gone, buried.left
        return found

    def _bury(self, name: str, log: ChangeLog) -> int:
        """Write down what is gone, if that is not what is written; the number of the file, 0 where there is none.

        A crash afterwards leaves what is gone newer than the log: what is gone is then found once more.
        """
        sign, (known, count) = _sign(log), self._buried.get(name, (NOTHING_GONE, 0))
        if sign != known or PENDING in sign:
            count += 1
            gone = [(place, list(kept.items())) for place, kept in log.gone.items()]
            left = [(outer, list(kept.items())) for outer, kept in log.left.items()]
            self._sealed.write(self._place("gone", name), msgspec.msgpack.encode(SealedTombstones(count, gone, left)))
            self._buried[name] = sign, count
        return count

    def write(self, name: str, log: ChangeLog) -> None:
        """Write a log down, then let the registry know: a crash between the two leaves a newer file, not an older."""
        visibility, state = log.visibility, log.state
        assert visibility is not None
        assert state is not None
        count = self._counts[name] = self._counts.get(name, 0) + 1
        columns = {
            entity: self._column(name, visibility, entity, state.hashes[entity], state.times[entity])
            for entity in log.projections
        }
        source = self.source(visibility.snapshot)
        doubts, settled = list(log.doubts.records.items()), list(log.doubts.settled or ())
        written = WrittenLog(
            log.begun, log.newest, source, visibility.today, count, columns, [], [],
            log.behind, doubts, settled, log.losses.moments, self._bury(name, log),
        )  # fmt: skip
        self._sealed.write(self._place("log", name), msgspec.msgpack.encode(written))
        if self._registry:
            self._registry.write_checkpoint(self._mark(name), Checkpoint(count, str(log.newest)))

    def forget(self, name: str) -> None:
        """Let go of what is kept in memory to write the log called *name* down faster."""
        for place in [place for place in self._ids if place[0] == name]:
            del self._ids[place]

    def told(self, *client: str) -> ClientPosition | None:
        """Which log a client was told of last: one without a name where that is lost.

        A file that the registry does not know may tell of another client, to which it gave the same name.
        """
        place = self._place("client", *client)
        held = self._registry.read_checkpoint(self._mark(place)) if self._registry else None
        found = decoded(self._sealed.read(place), ClientPosition)
        if self._registry is None or (held is None and found is None):
            return found
        if held is not None and found is not None and found.count >= held.number:
            return found
        return ClientPosition("", int(held.digest), count=held.number) if held is not None else ClientPosition("", 0)

    def tell(self, told: ClientPosition, *client: str) -> None:
        """Write down which log a client is told of from now on, then let the registry know."""
        place = self._place("client", *client)
        self._sealed.write(place, msgspec.msgpack.encode(told))
        if self._registry:
            self._registry.write_checkpoint(self._mark(place), Checkpoint(told.count, str(told.since)))

    def source(self, snapshot: Snapshot) -> str:
        """A hash of all rows of a snapshot; empty where they cannot be hashed."""
        if self._sources[0] is not snapshot:
            self._sources = snapshot, self._hash(snapshot)
        return self._sources[1]

    def _hash(self, snapshot: Snapshot) -> str:
        found = blake2b(CODE.encode(), digest_size=16, key=self._key)
        try:
            for entity, table in sorted(snapshot.tables.items()):
                found.update(self._hash_table(snapshot.district, entity, table))
        except ValueError:
            return ""
        return found.hexdigest()

    def _hash_table(self, district: str, entity: str, table: Table) -> bytes:
        """A hash of the rows of one table; most are the same in the next snapshot."""
        known = self._tables.get((district, entity))
        if known is not None and known[0] is table:
            return known[1]
        found = blake2b(marshal.dumps((entity, table.ids, table.unique, sorted(table.columns)), 2), key=self._key)
        for name in sorted(table.columns):
            found.update(marshal.dumps(table.columns[name], 2))
        for name in sorted(table.refs):
            found.update(name.encode() + table.refs[name].tobytes())
        self._tables[district, entity] = table, found.digest()
        return found.digest()

    def _column(
        self, name: str, visibility: Visibility, entity: str, hashes: array[int], times: array[int]
    ) -> HashColumn:
        """The rows of one entity that exist for the consumer; what nobody has been told of counts as unknown."""
        rows, every = visibility.rows(entity), visibility.ids(entity)
        ids, whole = [every[row] for row in rows], len(rows) == len(every)
        kept = hashes if whole else array("Q", map(hashes.__getitem__, rows))
        moments = times if whole else array("q", map(times.__getitem__, rows))
        if PENDING in moments:
            kept = array("Q", [0 if at == PENDING else digest for digest, at in zip(kept, moments, strict=True)])
            moments = array("q", [0 if at == PENDING else at for at in moments])
        known = self._ids.get((name, entity))
        if known is None or known[0] != ids:
            known = self._ids[name, entity] = ids, zlib.compress(orjson.dumps(ids), 1)
        return HashColumn(known[1], kept.tobytes(), moments.tobytes())

    def _place(self, kind: str, *parts: str) -> str:
        name = blake2b("\n".join(parts).encode(), digest_size=16, key=self._key).hexdigest()
        return f"logs/{kind}-{name}"

    def _mark(self, name: str) -> str:
        return f"change_logs/{name}"


NOTHING_GONE = 0, 0, 0, 0


def _sign(log: ChangeLog) -> tuple[int, ...]:
    """What differs whenever what is gone by a log does, once told: of what comes, the moment is later than all."""
    gone = [one.at for kept in log.gone.values() for one in kept.values()]
    left = [at for lists in log.left.values() for at in lists.values()]
    return len(gone), max(gone, default=0), len(left), max(left, default=0)
