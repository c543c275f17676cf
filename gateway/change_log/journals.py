"""The journals of all consumers: opened when first asked for, settled by what is shown now, written down sealed."""

from __future__ import annotations

import threading
from array import array
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING
from weakref import ref

import msgspec
import orjson

from gateway import telemetry
from gateway.change_log import journal as book
from gateway.change_log.doubts import doubtful, shown_of, unknown_of
from gateway.change_log.journal import Entry, Journal, Sight
from gateway.change_log.journal_heads import HEAD, NOTHING_HELD, Head, decoded, marked, name_of
from gateway.engine.released_keys import is_complete, releases_key
from gateway.engine.skeletons import BASE
from gateway.storage.sealed_files import Sealed
from gateway.storage.signed_heads import Mark
from standards.edfi.api.change_feeds import key_values

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path
    from weakref import ReferenceType

    from gateway.cache.snapshot import Table
    from gateway.engine.row_index import Shown
    from gateway.storage.signed_heads import Registry
    from standards.query import Window

    About = Callable[[Shown], Callable[[int], Iterable[bytes]]]

WINDOW = 30 * 86_400.0
ORIGIN = 1_767_225_600.0
"""The first moment of 2026, from which versions count."""
STEP = 10.0
"""The seconds between two versions, unless a consumer asks more often: clients walk through versions by thousands."""
RENDERED = 5_000
TOUCHED = 3600.0


@dataclass(frozen=True, slots=True)
class Present:
    """What is *shown* now, the *entities* that decide it, and whom each row is *about*."""

    shown: Shown
    entities: frozenset[str]
    about: About


@dataclass(frozen=True, slots=True)
class _Settled:
    """The state of things that a journal was last settled by."""

    number: int
    today: str
    epoch: str
    tables: Mapping[str, ReferenceType[Table] | None]

    @classmethod
    def by(cls, present: Present) -> _Settled:
        """The present state of things."""
        faces = present.shown.faces
        found = {entity: faces.generation.tables.get(entity) for entity in present.entities}
        tables = {entity: None if table is None else ref(table) for entity, table in found.items()}
        return cls(faces.generation.number, faces.today, faces.grant.epoch, tables)

    def covers(self, present: Present) -> bool:
        """Whether this is the present state, or a later one."""
        faces = present.shown.faces
        same = faces.generation.number == self.number and faces.today == self.today
        later = (self.number, self.today) > (faces.generation.number, faces.today)
        return later or (same and faces.grant.epoch == self.epoch)

    def rests_on(self, present: Present) -> bool:
        """Whether all that decides what is shown is the same as it was."""
        faces = present.shown.faces
        if (faces.today, faces.grant.epoch) != (self.today, self.epoch):
            return False
        now = faces.generation.tables
        return all(_same(known, now.get(entity)) for entity, known in self.tables.items())


@dataclass(slots=True)
class _Consumer:
    """The journals of one consumer at one district, as far as they are open; *settled* by which state of things.

    *doubts* are records of before this process that may only be set aside. *known* is what the registry holds of
    them: how often was written, and the newest version told.
    """

    folder: str
    known: Mark = NOTHING_HELD
    head: Head | None = None
    opened: bool = False
    asked: float = 0.0
    journals: dict[str, Journal] = field(default_factory=dict)
    doubts: dict[str, set[bytes]] = field(default_factory=dict)
    settled: dict[str, _Settled] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)


class Journals:
    """Who has been shown what, in hashes, for consumers that have asked what changes.

    Those of a consumer that has not asked for the length of the *window* are removed at the next start. Those that
    are older than the *registry* knows of, or gone, begin anew: their consumer reads everything again.
    """

    def __init__(
        self,
        folder: Path | None,
        key: bytes,
        clock: Callable[[], float],
        window: float = WINDOW,
        registry: Registry | None = None,
    ) -> None:
        self._registry = registry
        self._files, self._key, self._clock, self._window = Sealed(folder, key), _apart(key), clock, window
        self._files.forget(HEAD, clock() - window)
        self._consumers: dict[tuple[str, str], _Consumer] = {}
        self._lock = threading.Lock()
        self._seal = book.Seal(self._files.close, self._files.open)

    def follow(self, client: str, district: str, epoch: str) -> None:
        """From now on *client* is told what changes."""
        consumer = self._open(client, district)
        with consumer.lock:
            if consumer.head is None:
                version = max(self._step(self._clock()), int(consumer.known.digest) + 1)
                self._put_head(consumer, Head(version, epoch, version, version - 1, count=consumer.known.number))
            elif self._clock() - consumer.asked > TOUCHED:
                consumer.asked = self._clock()
                self._files.touch(f"{consumer.folder}/{HEAD}", consumer.asked)

    def tell(self, client: str, district: str, own: int | None = None) -> int:
        """The newest version, now told to *client*: what differs from now on bears a later one.

        *own* is how far the source had come by its own versions.
        """
        consumer = self._open(client, district)
        with consumer.lock:
            head, version = consumer.head, self.next(client, district)
            assert head is not None
            marks = head.marks if own is None else marked(head.marks, (version, own))
            self._put_head(consumer, msgspec.structs.replace(head, told=version, marks=marks))
            return version

    def next(self, client: str, district: str) -> int:
        """The version of what *client* has not been told yet: a matter of the clock and of its own questions."""
        head = self._open(client, district).head
        return max(self._step(self._clock()), head.told + 1 if head else 0)

    def places(self, client: str, district: str) -> frozenset[str]:
        """The names of the Ed-Fi resources that *client* follows there."""
        head = self._open(client, district).head
        return frozenset(place.partition("/")[2].rpartition("/")[0] for place in head.places) if head else frozenset()

    def follows(self, client: str, district: str) -> bool:
        """Whether *client* has ever asked what changes there."""
        return self._open(client, district).head is not None

    def oldest(self, client: str, district: str) -> int:
        """The version from which all that is gone is known."""
        consumer = self._open(client, district)
        with consumer.lock:
            head, horizon = consumer.head, self._horizon()
            return max(horizon, head.floor if head else 0)

    def marks(self, client: str, district: str) -> tuple[tuple[int, int], ...]:
        """The marks of a consumer, oldest first."""
        head = self._open(client, district).head
        return head.marks if head else ()

    def settle(self, present: Present, since: int | None = None) -> None:
        """Note every difference between what a follower was shown and what is shown at *present*.

        *since* is the version from which it asks now: who asks from the beginning has nothing yet.
        """
        grant, place = present.shown.faces.grant, _place(present.shown)
        consumer = self._open(grant.client, grant.district)
        with consumer.lock:
            if consumer.head is None:
                return
            before = consumer.settled.get(place)
            if before is not None and before.covers(present):
                return
            known = self._journal(consumer, place)
            version = self.next(grant.client, grant.district)
            if known is None:
                self._begin(consumer, present, version, since)
            elif before is None or not before.rests_on(present):
                sight = self._held(consumer, place, present, known)
                fresh = book.settle(known, sight, self._seal, version)
                if fresh is not known:
                    self._keep(consumer, place, book.forget(fresh, self._horizon()))
            consumer.settled[place] = _Settled.by(present)

    def note(self, present: Present, row: int) -> None:
        """Note what a follower is shown in one *row* before it is written: it is told what becomes of it."""
        grant, place = present.shown.faces.grant, _place(present.shown)
        consumer = self._open(grant.client, grant.district)
        with consumer.lock:
            known = self._journal(consumer, place) if consumer.head is not None else None
            if known is None:
                self.settle(present)
                return
            sight = self._sight(present, (row,))
            fresh = book.note(known, sight, self._seal, self.next(grant.client, grant.district))
            if fresh is not known:
                self._keep(consumer, place, fresh)

    def begin(self, present: Present) -> None:
        """Note what a follower is shown at a place of which nothing was noted before."""
        consumer = self._open(present.shown.faces.grant.client, present.shown.faces.grant.district)
        with consumer.lock:
            if consumer.head is not None and self._journal(consumer, _place(present.shown)) is None:
                self.settle(present)

    def changed(self, shown: Shown, window: Window) -> frozenset[int]:
        """The rows that are as they are since a version in the *window*."""
        known = self._of(shown)
        if known is None:
            return frozenset()
        digits, size, ids = known.ids.hex(), 2 * book.ID, shown.ids
        inside = {
            digits[size * at : size * at + size] for at, version in enumerate(known.at()) if window.holds(version)
        }
        return frozenset(row for row in shown.rows if ids[row] in inside)

    def gone(self, shown: Shown, window: Window) -> list[tuple[Entry, bytes, bytes]]:
        """What is gone since a version in the *window*: each with the line that told its key, and the same again."""
        known, horizon = self._of(shown), self._horizon()
        return [
            (one, line, line)
            for one in (known.gone if known else ())
            if one.version >= horizon and window.holds(one.version)
            for line in (self._seal.open(one.sealed),)
        ]

    def rekeyed(self, shown: Shown, window: Window) -> list[tuple[Entry, bytes, bytes]]:
        """What goes by another key since a version in the *window*: each with its first and its last line."""
        known, horizon = self._of(shown), self._horizon()
        found: dict[bytes, tuple[Entry, bytes, bytes]] = {}
        for one in known.rekeyed if known else ():
            if one.version >= horizon and window.holds(one.version):
                old, _, new = self._seal.open(one.sealed).partition(b"\n")
                first = found[one.id][1] if one.id in found else old
                found[one.id] = (one, first, new)
        return [one for one in found.values() if book.key_of(one[1]) != book.key_of(one[2])]

    def _of(self, shown: Shown) -> Journal | None:
        grant = shown.faces.grant
        consumer = self._open(grant.client, grant.district)
        with consumer.lock:
            return consumer.journals.get(_place(shown))

    def _open(self, client: str, district: str) -> _Consumer:
        with self._lock:
            consumer = self._consumers.get((client, district))
            if consumer is None:
                consumer = self._consumers[client, district] = _Consumer(self._name(f"{client}\n{district}"))
        with consumer.lock:
            if not consumer.opened:
                consumer.head = self._newest_head(consumer, client, district)
                consumer.opened = True
        return consumer

    def _newest_head(self, consumer: _Consumer, client: str, district: str) -> Head | None:
        """The head as it was last written; None where there is none, or an older one was put in its place."""
        head = decoded(self._files.read(f"{consumer.folder}/{HEAD}"), Head)
        held = self._registry.read_mark(name_of(consumer.folder)) if self._registry else None
        if held is None or (head is not None and head.count >= held.number):
            return head
        telemetry.tell("journals begin anew", client=client, district=district)
        consumer.known = held
        return None

    def _journal(self, consumer: _Consumer, place: str) -> Journal | None:
        """The journal of a place, read where it has been written; one that is lost makes the floor rise."""
        if place not in consumer.journals:
            assert consumer.head is not None
            if place not in consumer.head.places:
                return None
            found = decoded(self._files.read(self._file(consumer, place)), Journal)
            if found is None or found.count < consumer.head.count_of(place):
                telemetry.tell("journal begins anew", count=1)
                return None
            consumer.journals[place] = found
            if found.count > consumer.head.count_of(place):  # written, and the head was not
                self._put_head(consumer, consumer.head.with_journal(place, found.count))
            self._raise_floor(consumer, found.floor)
        return consumer.journals[place]

    def _begin(self, consumer: _Consumer, present: Present, version: int, since: int | None) -> None:
        """Begin a journal: as of the consumer's beginning where it cannot have any of this yet, else as of now."""
        head, shown, place = consumer.head, present.shown, _place(present.shown)
        assert head is not None
        lost = place in head.places
        early = not lost and head.epoch == shown.faces.grant.epoch and (since is None or since <= head.since)
        begun = book.begin(self._sight(present), self._seal, head.since if early else version)
        self._keep(consumer, place, msgspec.structs.replace(begun, floor=version) if lost else begun)

    def _keep(self, consumer: _Consumer, place: str, fresh: Journal) -> None:
        head = consumer.head
        assert head is not None
        fresh = msgspec.structs.replace(fresh, count=head.count + 1)
        self._files.write(self._file(consumer, place), msgspec.msgpack.encode(fresh))
        consumer.journals[place] = fresh
        head = head.with_journal(place, fresh.count)
        self._put_head(consumer, msgspec.structs.replace(head, floor=max(head.floor, fresh.floor)))

    def _raise_floor(self, consumer: _Consumer, floor: int) -> None:
        if consumer.head is not None and floor > consumer.head.floor:
            self._put_head(consumer, msgspec.structs.replace(consumer.head, floor=floor))

    def _put_head(self, consumer: _Consumer, head: Head) -> None:
        """Write a head down, then let the registry know: a crash between the two leaves a newer head, not an older."""
        name, head = f"{consumer.folder}/{HEAD}", msgspec.structs.replace(head, count=head.count + 1)
        self._files.write(name, msgspec.msgpack.encode(head))
        self._files.touch(name, self._clock())
        consumer.head = head
        if self._registry:
            self._registry.write_mark(name_of(consumer.folder), Mark(head.count, str(head.told)))

    def _file(self, consumer: _Consumer, place: str) -> str:
        return f"{consumer.folder}/{self._name(place)}"

    def _name(self, of: str) -> str:
        return blake2b(of.encode(), digest_size=16, key=self._key).hexdigest()

    def _horizon(self) -> int:
        return self._step(self._clock() - self._window)

    @staticmethod
    def _step(moment: float) -> int:
        return max(0, int((moment - ORIGIN) / STEP))

    def _held(self, consumer: _Consumer, place: str, present: Present, known: Journal) -> Sight:
        """What is shown now, and what was shown before this process and may only be set aside in the source."""
        sight, shown = self._sight(present), present.shown
        missing = {identifier.hex() for identifier, _, _ in known.known()} - {one.hex() for one in sight.ids}
        unknown = unknown_of(shown.faces.generation) if missing else ()
        lacking = shown_of(shown.faces, unknown, lambda entity: self._known(consumer, entity), "edfi")
        held = {bytes.fromhex(one) for one in doubtful(shown.faces, shown.branch.entity, missing, lacking, "edfi")}
        consumer.doubts[place] = held = held & consumer.doubts.get(place, held)
        return book.holding(known, sight, held)

    def _known(self, consumer: _Consumer, entity: str) -> set[str]:
        """The ids of an entity that a consumer was shown, by all its journals."""
        assert consumer.head is not None
        places = [place for place in consumer.head.places if place.rpartition("/")[2] == entity]
        journals = [self._journal(consumer, place) for place in places]
        return {identifier.hex() for one in journals if one for identifier, _, _ in one.known()}

    def _sight(self, present: Present, some: Sequence[int] | None = None) -> Sight:
        """What a branch shows now, all of it or in *some* rows, hashed as it is rendered."""
        shown = present.shown
        rows, ids, hashes = shown.rows if some is None else some, shown.ids, array("Q")
        for at in range(0, len(rows), RENDERED):
            records = shown.render(rows[at : at + RENDERED], BASE)
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

        return Sight([bytes.fromhex(ids[row]) for row in rows], hashes, lines, mark)


def _same(known: ReferenceType[Table] | None, table: Table | None) -> bool:
    return table is None if known is None else table is not None and known() is table


def _apart(key: bytes) -> bytes:
    """The key for hashes, apart from that for seals."""
    return blake2b(b"hashes", digest_size=32, key=key).digest()


def _place(shown: Shown) -> str:
    return f"{shown.view.api}/{shown.view.name}/{shown.branch.entity}"
