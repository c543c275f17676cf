"""The logs of all clients by resource: opened at the first request, compared with what is shown now, kept sealed."""

from __future__ import annotations

import threading
from array import array
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING

import msgspec
import orjson

from gateway import telemetry
from gateway.change_log.doubts import doubtful, shown_of, unknown_of
from gateway.change_log.skeletons import BASE
from gateway.change_versions import journal as book
from gateway.change_versions.compared import CurrentRows, RecordedState
from gateway.change_versions.heads import (
    HEAD_FILE,
    NOTHING_REGISTERED,
    ClientLogHead,
    folder_of,
    name_of,
    with_checkpoint,
)
from gateway.change_versions.journal import RemovedEntry, ResourceLog, ShownHashes
from gateway.change_versions.released_keys import is_complete, releases_key
from gateway.storage.sealed_files import Sealed, decoded
from gateway.storage.secrets import derive_subkey
from gateway.storage.signed_heads import Checkpoint
from standards.edfi.api.change_feeds import key_values

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from gateway.engine.view_rows import ViewRows
    from gateway.storage.signed_heads import Registry
    from standards.query import Window


WINDOW_SECONDS = 30 * 86_400.0
VERSION_ORIGIN_SECONDS = 1_767_225_600.0
"""The first moment of 2026, in seconds since 1970: version 0."""
VERSION_STEP_SECONDS = 10.0
"""The seconds between two versions, unless a client asks more often: clients step through versions by thousands."""
MAX_RENDERED_ROWS = 5_000
TOUCH_SECONDS = 3600.0


@dataclass(slots=True)
class _ClientLog:
    """The logs of one client at one district that are open; *recorded* has the state each was compared with.

    *doubts* are records from before this process that may only be set aside. *known* is the registry's checkpoint: the
    number of writes, and the newest version reported.
    """

    folder: str
    purpose: str = ""
    known: Checkpoint = NOTHING_REGISTERED
    head: ClientLogHead | None = None
    opened: bool = False
    asked: float = 0.0
    logs: dict[str, ResourceLog] = field(default_factory=dict)
    doubts: dict[str, set[bytes]] = field(default_factory=dict)
    recorded: dict[str, RecordedState] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)


class ClientLogs:
    """The hashes of what each client was shown, for clients that have requested changes.

    Logs of a client that has not asked for the length of the *window* are removed at the next start. Logs that are lost
    or older than the *registry* knows begin anew: their client reads everything again.
    """

    def __init__(
        self,
        folder: Path | None,
        key: bytes,
        clock: Callable[[], float],
        window: float = WINDOW_SECONDS,
        registry: Registry | None = None,
    ) -> None:
        self._registry = registry
        self._files, self._clock, self._window = Sealed(folder, key), clock, window
        self._key = derive_subkey(key, b"hashes")
        self._files.forget(HEAD_FILE, clock() - window)
        self._consumers: dict[tuple[str, str, str], _ClientLog] = {}
        self.purposes: Callable[[str], frozenset[str]] = lambda _client: frozenset()
        self._lock = threading.Lock()

    def follow(self, client: str, district: str, epoch: str, purpose: str = "") -> None:
        """Follow from now on what *client* is shown."""
        consumer = self._open(client, district, purpose)
        with consumer.lock:
            if consumer.head is None:
                version = max(self._step(self._clock()), int(consumer.known.digest) + 1)
                self._put_head(
                    consumer, ClientLogHead(version, epoch, version, version - 1, count=consumer.known.number)
                )
            elif self._clock() - consumer.asked > TOUCH_SECONDS:
                consumer.asked = self._clock()
                self._files.touch(f"{consumer.folder}/{HEAD_FILE}", consumer.asked)

    def report(self, client: str, district: str, own: int | None = None, purpose: str = "") -> int:
        """Report the newest version to *client*: later differences get a later one.

        *own* is the source's own newest change version.
        """
        consumer = self._open(client, district, purpose)
        with consumer.lock:
            head, version = consumer.head, self.next(client, district, purpose)
            assert head is not None
            marks = head.checkpoints if own is None else with_checkpoint(head.checkpoints, (version, own))
            self._put_head(consumer, msgspec.structs.replace(head, last_reported=version, checkpoints=marks))
            return version

    def next(self, client: str, district: str, purpose: str = "") -> int:
        """Return the version of what is not reported to *client* yet: by the clock and its own requests."""
        head = self._open(client, district, purpose).head
        return max(self._step(self._clock()), head.last_reported + 1 if head else 0)

    def places(self, client: str, district: str, purpose: str = "") -> frozenset[str]:
        """Return the names of the Ed-Fi resources that *client* follows there."""
        head = self._open(client, district, purpose).head
        return frozenset(place.partition("/")[2].rpartition("/")[0] for place in head.places) if head else frozenset()

    def follows(self, client: str, district: str, purpose: str = "") -> bool:
        """Tell whether *client* has ever requested changes there."""
        return self._open(client, district, purpose).head is not None

    def oldest(self, client: str, district: str, purpose: str = "") -> int:
        """Return the version from which all deletions are known."""
        consumer = self._open(client, district, purpose)
        with consumer.lock:
            head, horizon = consumer.head, self._horizon()
            return max(horizon, head.floor if head else 0)

    def checkpoints(self, client: str, district: str, purpose: str = "") -> tuple[tuple[int, int], ...]:
        """Return the checkpoints of a client, oldest first."""
        head = self._open(client, district, purpose).head
        return head.checkpoints if head else ()

    def record_differences(self, present: CurrentRows, since: int | None = None) -> None:
        """Record every difference between what a client was shown and the *present* rows.

        *since* is the version from which it asks now: a client that asks from the beginning has nothing yet.
        """
        grant, place = present.shown.visibility.grant, _place(present.shown)
        consumer = self._open(grant.client, grant.district, grant.purpose)
        with consumer.lock:
            if consumer.head is None:
                return
            before = consumer.recorded.get(place)
            if before is not None and before.covers(present):
                return
            known = self._resource_log(consumer, place)
            version = self.next(grant.client, grant.district, grant.purpose)
            if known is None:
                self._begin(consumer, present, version, since)
            elif before is None or not before.rests_on(present):
                shown_now = self._held_back(consumer, place, present, known)
                fresh = book.record_differences(known, shown_now, self._files.cipher, version)
                if fresh is not known:
                    self._keep(consumer, place, book.forget(fresh, self._horizon()))
            consumer.recorded[place] = RecordedState.by(present)

    def note(self, present: CurrentRows, row: int) -> None:
        """Record what a client is shown of one *row* before it is written, so that the change is reported."""
        grant, place = present.shown.visibility.grant, _place(present.shown)
        consumer = self._open(grant.client, grant.district, grant.purpose)
        with consumer.lock:
            known = self._resource_log(consumer, place) if consumer.head is not None else None
            if known is None:
                self.record_differences(present)
                return
            shown_now = self._shown_hashes(present, (row,))
            fresh = book.note(
                known, shown_now, self._files.cipher, self.next(grant.client, grant.district, grant.purpose)
            )
            if fresh is not known:
                self._keep(consumer, place, fresh)

    def begin(self, present: CurrentRows) -> None:
        """Begin the log of a resource that has none yet, for a client that follows changes."""
        grant = present.shown.visibility.grant
        consumer = self._open(grant.client, grant.district, grant.purpose)
        with consumer.lock:
            if consumer.head is not None and self._resource_log(consumer, _place(present.shown)) is None:
                self.record_differences(present)

    def changed(self, shown: ViewRows, window: Window) -> frozenset[int]:
        """Return the rows whose version is in the *window*."""
        known = self._of(shown)
        if known is None:
            return frozenset()
        digits, size, ids = known.ids.hex(), 2 * book.ID_BYTES, shown.ids
        inside = {
            digits[size * at : size * at + size] for at, version in enumerate(known.at()) if window.holds(version)
        }
        return frozenset(row for row in shown.rows if ids[row] in inside)

    def gone(self, shown: ViewRows, window: Window) -> list[tuple[RemovedEntry, bytes, bytes]]:
        """Return the deletions in the *window*, each with the line of its key, twice."""
        known, horizon = self._of(shown), self._horizon()
        return [
            (one, line, line)
            for one in (known.gone if known else ())
            if one.version >= horizon and window.holds(one.version)
            for line in (self._files.cipher.open(one.sealed),)
        ]

    def rekeyed(self, shown: ViewRows, window: Window) -> list[tuple[RemovedEntry, bytes, bytes]]:
        """Return the key changes in the *window*, each with its first and its last line."""
        known, horizon = self._of(shown), self._horizon()
        found: dict[bytes, tuple[RemovedEntry, bytes, bytes]] = {}
        for one in known.rekeyed if known else ():
            if one.version >= horizon and window.holds(one.version):
                old, _, new = self._files.cipher.open(one.sealed).partition(b"\n")
                first = found[one.id][1] if one.id in found else old
                found[one.id] = (one, first, new)
        return [one for one in found.values() if book.key_of(one[1]) != book.key_of(one[2])]

    def _of(self, shown: ViewRows) -> ResourceLog | None:
        grant = shown.visibility.grant
        consumer = self._open(grant.client, grant.district, grant.purpose)
        with consumer.lock:
            return consumer.logs.get(_place(shown))

    def _open(self, client: str, district: str, purpose: str = "") -> _ClientLog:
        key = client, district, purpose
        with self._lock:
            consumer = self._consumers.get(key)
            if consumer is None:
                alone = self.purposes(client) <= {purpose}
                folder = folder_of(self._files, self._registry, self._name, key, alone=alone)
                consumer = self._consumers[key] = _ClientLog(folder, purpose)
        with consumer.lock:
            if not consumer.opened:
                consumer.head, consumer.opened = self._newest_head(consumer, client, district), True
                if consumer.head is not None and consumer.head.purpose != purpose:
                    self._put_head(consumer, consumer.head)
        return consumer

    def _newest_head(self, consumer: _ClientLog, client: str, district: str) -> ClientLogHead | None:
        """Read the head as last written; None where there is none, or an older one was put in its place."""
        head = decoded(self._files.read(f"{consumer.folder}/{HEAD_FILE}"), ClientLogHead)
        held = self._registry.read_checkpoint(name_of(consumer.folder)) if self._registry else None
        if held is None or (head is not None and head.count >= held.number):
            return head
        telemetry.tell("change versions begin anew", client=client, district=district)
        consumer.known = held
        return None

    def _resource_log(self, consumer: _ClientLog, place: str) -> ResourceLog | None:
        """Read the log of a resource where one was written; a lost one raises the floor."""
        if place not in consumer.logs:
            assert consumer.head is not None
            if place not in consumer.head.places:
                return None
            found = decoded(self._files.read(self._file(consumer, place)), ResourceLog)
            if found is None or found.count < consumer.head.count_of(place):
                telemetry.tell("change versions begin anew", count=1)
                return None
            consumer.logs[place] = found
            if found.count > consumer.head.count_of(place):  # the log was written, the head was not
                self._put_head(consumer, consumer.head.with_log(place, found.count))
            self._raise_floor(consumer, found.floor)
        return consumer.logs[place]

    def _begin(self, consumer: _ClientLog, present: CurrentRows, version: int, since: int | None) -> None:
        """Begin a log: as of the client's beginning where it cannot have any of it yet, else as of now."""
        head, shown, place = consumer.head, present.shown, _place(present.shown)
        assert head is not None
        lost = place in head.places
        early = not lost and head.epoch == shown.visibility.grant.epoch and (since is None or since <= head.since)
        begun = book.begin(self._shown_hashes(present), self._files.cipher, head.since if early else version)
        self._keep(consumer, place, msgspec.structs.replace(begun, floor=version) if lost else begun)

    def _keep(self, consumer: _ClientLog, place: str, fresh: ResourceLog) -> None:
        head = consumer.head
        assert head is not None
        fresh = msgspec.structs.replace(fresh, count=head.count + 1)
        self._files.write(self._file(consumer, place), msgspec.msgpack.encode(fresh))
        consumer.logs[place] = fresh
        head = head.with_log(place, fresh.count)
        self._put_head(consumer, msgspec.structs.replace(head, floor=max(head.floor, fresh.floor)))

    def _raise_floor(self, consumer: _ClientLog, floor: int) -> None:
        if consumer.head is not None and floor > consumer.head.floor:
            self._put_head(consumer, msgspec.structs.replace(consumer.head, floor=floor))

    def _put_head(self, consumer: _ClientLog, head: ClientLogHead) -> None:
        """Write a head, then its number to the registry: a crash in between leaves a newer head, not an older one."""
        name, head = f"{consumer.folder}/{HEAD_FILE}", self._counted(consumer, head)
        self._files.write(name, msgspec.msgpack.encode(head))
        self._files.touch(name, self._clock())
        consumer.head = head
        if self._registry:
            self._registry.write_checkpoint(name_of(consumer.folder), Checkpoint(head.count, str(head.last_reported)))

    @staticmethod
    def _counted(consumer: _ClientLog, head: ClientLogHead) -> ClientLogHead:
        """Return a head with the number of its next write, and the purpose that it is of."""
        return msgspec.structs.replace(head, count=head.count + 1, purpose=consumer.purpose)

    def _file(self, consumer: _ClientLog, place: str) -> str:
        return f"{consumer.folder}/{self._name(place)}"

    def _name(self, of: str) -> str:
        return blake2b(of.encode(), digest_size=16, key=self._key).hexdigest()

    def _horizon(self) -> int:
        return self._step(self._clock() - self._window)

    @staticmethod
    def _step(moment: float) -> int:
        return max(0, int((moment - VERSION_ORIGIN_SECONDS) / VERSION_STEP_SECONDS))

    def _held_back(self, consumer: _ClientLog, place: str, present: CurrentRows, known: ResourceLog) -> ShownHashes:
        """Hash the present rows, and add records from before this process that may only be set aside."""
        shown_now, shown = self._shown_hashes(present), present.shown
        missing = {identifier.hex() for identifier, _, _ in known.known()} - {one.hex() for one in shown_now.ids}
        unknown = unknown_of(shown.visibility.snapshot) if missing else ()
        lacking = shown_of(shown.visibility, unknown, lambda entity: self._known(consumer, entity), "edfi")
        held = {bytes.fromhex(one) for one in doubtful(shown.visibility, shown.branch.entity, missing, lacking, "edfi")}
        consumer.doubts[place] = held = held & consumer.doubts.get(place, held)
        return book.with_held_back(known, shown_now, held)

    def _known(self, consumer: _ClientLog, entity: str) -> set[str]:
        """Return the ids of an entity that a client was shown, by all its logs."""
        assert consumer.head is not None
        places = [place for place in consumer.head.places if place.rpartition("/")[2] == entity]
        journals = [self._resource_log(consumer, place) for place in places]
        return {identifier.hex() for one in journals if one for identifier, _, _ in one.known()}

    def _shown_hashes(self, present: CurrentRows, some: Sequence[int] | None = None) -> ShownHashes:
        """Hash what a branch shows now, all of it or *some* rows, as it is rendered."""
        shown = present.shown
        rows, ids, hashes = shown.rows if some is None else some, shown.ids, array("Q")
        for at in range(0, len(rows), MAX_RENDERED_ROWS):
            records = shown.render(rows[at : at + MAX_RENDERED_ROWS], BASE)
            hashes.extend([book.digest_of(self._key, orjson.dumps(record)) for record in records])
        whole = releases_key(shown)

        def lines(places: Sequence[int]) -> Sequence[bytes]:
            tags, chosen = present.about(shown), [rows[place] for place in places]
            records = shown.render(chosen, BASE)
            keys = [orjson.dumps(key_values(shown.view.name, record)) for record in records]
            return [key + b"\t" + b"".join(tags(row)).hex().encode() for key, row in zip(keys, chosen, strict=True)]

        def mark(line: bytes) -> int:
            key = book.key_of(line)
            return book.digest_of(self._key, key) if whole and is_complete(shown.view.name, key) else 0

        return ShownHashes([bytes.fromhex(ids[row]) for row in rows], hashes, lines, mark)


def _place(shown: ViewRows) -> str:
    return f"{shown.view.api}/{shown.view.name}/{shown.branch.entity}"
