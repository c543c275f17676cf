"""The sealed files of change logs: ids, hashes, moments, tombstones, and the log that each client reads."""

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
"""Must change whenever this version of the program may render unchanged rows differently than the one before."""


class ChangeFiles:
    """A reader and writer of the files; a file older than the *registry* knows counts as lost."""

    def __init__(self, sealed: Sealed, key: bytes, registry: Registry | None) -> None:
        self._sealed, self._key, self._registry = sealed, key, registry
        self._counts: dict[str, int] = {}
        self._sources: tuple[Snapshot | None, str] = None, ""
        self._tables: dict[tuple[str, str], tuple[Table, bytes]] = {}
        self._ids: dict[tuple[str, str], tuple[list[str], bytes]] = {}
        self._buried: dict[str, tuple[tuple[int, ...], int]] = {}

    def read(self, name: str) -> WrittenLog | None:
        """Read the log called *name* as last written; without any record where it is lost."""
        held = (
            self._registry.read_checkpoint(self._mark(name)) if self._registry else None
        )  # first: another process may be writing
        found = self._whole(name, decoded(self._sealed.read(self._place("log", name)), WrittenLog))
        if held is None or (found is not None and found.count >= held.number):
            self._counts[name] = found.count if found else 0
            return found
        telemetry.tell("change log begins anew", count=1)
        self._counts[name] = held.number
        return WrittenLog(0, int(held.digest), "", "", held.number, {}, [], [])

    def _whole(self, name: str, found: WrittenLog | None) -> WrittenLog | None:
        """Add the tombstones to a log; None where they are lost."""
        if found is None or not found.buried:
            return found
        buried = decoded(self._sealed.read(self._place("gone", name)), SealedTombstones)
        if buried is None or buried.count < found.buried:
            return None
        self._buried[name] = (), buried.count
        found.gone, found.left = buried.gone, buried.left
        return found

    def _bury(self, name: str, log: ChangeLog) -> int:
        """Write the tombstones where they differ from the written ones; return the file's number, 0 without a file.

        A crash afterwards leaves tombstones newer than the log: the deletions are then found once more.
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
        """Write a log, then its number to the registry: a crash in between leaves a newer file, not an older one."""
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
        """Drop what is cached in memory to speed up writing the log called *name*."""
        for place in [place for place in self._ids if place[0] == name]:
            del self._ids[place]

    def told(self, *client: str) -> ClientPosition | None:
        """Return the log that a client read last; with an empty name where that is lost.

        A file that the registry does not know may be of another client that bore the same name.
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
        """Write which log a client reads from now on, then its number to the registry."""
        place = self._place("client", *client)
        self._sealed.write(place, msgspec.msgpack.encode(told))
        if self._registry:
            self._registry.write_checkpoint(self._mark(place), Checkpoint(told.count, str(told.since)))

    def source(self, snapshot: Snapshot) -> str:
        """Return a hash of all rows of a snapshot; "" where they cannot be hashed."""
        if self._sources[0] is not snapshot:
            self._sources = snapshot, self._hash(snapshot)
        return self._sources[1]

    def _hash(self, snapshot: Snapshot) -> str:
        found = blake2b(CODE.encode(), digest_size=16, key=self._key)
        try:
            for entity, table in sorted(snapshot.tables.items()):
                found.update(self._hash_table(snapshot.district, entity, table))
            if snapshot.members:
                found.update(
                    marshal.dumps([(name, sorted(rows)) for name, rows in sorted(snapshot.members.items())], 2)
                )
        except ValueError:
            return ""
        return found.hexdigest()

    def _hash_table(self, district: str, entity: str, table: Table) -> bytes:
        """Hash the rows of one table; cached, since most tables are the same in the next snapshot."""
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
        """Collect the visible rows of one entity; changes not reported yet are written as unknown."""
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
    """Return counts and latest moments that change with the tombstones once reported: new ones have later moments."""
    gone = [one.at for kept in log.gone.values() for one in kept.values()]
    left = [at for lists in log.left.values() for at in lists.values()]
    return len(gone), max(gone, default=0), len(left), max(left, default=0)
