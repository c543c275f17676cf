"""The change log of one grant: since when each record is as all its views show it, and its tombstones.

A difference gets its moment when it is first reported, so that the moment is later than every response before. It is
found by comparing how rows render that differ, or that refer to rows that differ, and, across a restart, by keyed
hashes: a change that the grant does not show is no difference, and a record that is no longer visible is deleted.
"""

from __future__ import annotations

import threading
from array import array
from collections import OrderedDict, deque
from typing import TYPE_CHECKING, Protocol

from gateway.change_log.doubts import Doubts
from gateway.change_log.findings import ChangeFindings
from gateway.change_log.resuming import decide, resume
from gateway.change_log.states import ANY_LIST, ANYWHERE, EDFI, LISTS_MASK, PENDING, LogState, Tombstone
from gateway.change_log.window import WINDOW_SECONDS, KnownPast, TombstoneGaps
from standards.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from gateway.cache.snapshot import Snapshot
    from gateway.cache.snapshot_differences import Differences
    from gateway.change_log.findings import RenderedState
    from gateway.change_log.projection import Place, Projection
    from gateway.change_log.states import RemovedRecord
    from gateway.change_log.written import WrittenLog
    from gateway.engine.visibility import Visibility
    from policies.grant import Grant

ROWS_HASHED_AT_ONCE = 5
"""Rows hashed before other threads may go on."""
MAX_STATES = 8
"""Earlier states kept for clients that still page through them."""
MAX_REPORTS = 1_000
"""Moments of reports remembered to date older states."""


class Keeper(Protocol):
    """The store of change logs."""

    def differences(self, old: Snapshot, new: Snapshot) -> Differences:
        """Return the differences between two snapshots."""
        ...

    def same(self, visibility: Visibility, written: WrittenLog) -> bool:
        """Tell whether *visibility* is over the very rows that a log was *written* for."""
        ...

    def began(self, log: ChangeLog) -> None:
        """Queue a *log* so that all its rows are hashed."""
        ...

    def keep(self, log: ChangeLog) -> None:
        """Write a *log*."""
        ...


class ChangeLog:
    """The records that one grant shows, followed from snapshot to snapshot and written before anything is reported."""

    def __init__(
        self,
        projections: tuple[Projection, ...],
        state_of: Callable[[Visibility], RenderedState],
        clock: Callable[[], float],
        keeper: Keeper,
        window: float = WINDOW_SECONDS,
    ) -> None:
        self.projections = {one.entity: one for one in projections}
        self.render_state, self._clock, self.keeper, self._window = state_of, clock, keeper, window
        self.lock = threading.RLock()
        self.newest = 0
        self.begun = 0
        self.visibility: Visibility | None = None
        self.state: LogState | None = None
        self.written: WrittenLog | None = None
        self.grants: dict[str, Grant] = {}
        self._before: OrderedDict[tuple[int, str], LogState] = OrderedDict()
        self._tellings: deque[tuple[tuple[int, str], int]] = deque(maxlen=MAX_REPORTS)
        self._first = 0, ""
        self.gone: dict[Place, dict[str, Tombstone]] = {}
        self.left: dict[tuple[str, str], dict[tuple[str, str], int]] = {}
        self.losses = TombstoneGaps()
        self.doubts = Doubts()
        self.pending = False
        self.behind: int | None = None
        self._unhashed: Iterator[tuple[str, list[int]]] = iter(())

    def since(self, visibility: Visibility, entity: str) -> Sequence[int]:
        """Return the moment since which each row of *entity* is as it is; reports all differences found so far."""
        with self.lock:
            state = self.record_differences(visibility)
            found = state.times.get(entity)
            return found if found is not None else array("q", [self.begun]) * visibility.snapshot.table(entity).size

    def past(self) -> KnownPast:
        """Return the log's tombstones and the ids of all visible records, each with its hash where computed."""
        with self.lock:
            visibility, state = self.visibility, self.state
            if visibility is None or state is None:
                return self.written.past() if self.written is not None else KnownPast(self.newest, self.begun)
            found = KnownPast(self.newest, self.begun, behind=self.behind)
            found.gone = {place: dict(kept) for place, kept in self.gone.items()}
            found.left = {outer: dict(lists) for outer, lists in self.left.items()}
            found.losses.add(self.losses.moments)
            for entity in self.projections:
                ids, hashes = visibility.ids(entity), state.hashes[entity]
                found.present[entity] = {ids[row]: hashes[row] for row in visibility.rows(entity)}
            return found

    def forget(self, *, grown: bool = False) -> None:
        """Forget tombstones older than the window, and the oldest of too many."""
        self.losses.forget(self.gone, self.left, self.horizon, grown=grown)

    def hidden(self, visibility: Visibility, entity: str, known: Mapping[str, int]) -> dict[Place, set[str]]:
        """Return, by branch, *known* records that are there but not in it, and may have been in it before."""
        projection, state_of, ids = self.projections[entity], self.render_state(visibility), visibility.ids(entity)
        rows, found = {row for row in visibility.rows(entity) if ids[row] in known}, {}
        for place in projection.branches:
            lacking = sorted(rows - state_of.shown(projection, place).members) if place[0] != EDFI else []
            digests = state_of.digests(projection, lacking) if lacking else {}
            found[place] = {ids[row] for row, digest in digests.items() if digest != known[ids[row]]}
        return found

    def moved(self, visibility: Visibility, entity: str, known: Mapping[str, int]) -> set[str]:
        """Return those *known* records, by their hashes, that may be in other lists now."""
        ids, state_of = visibility.ids(entity), self.render_state(visibility)
        rows = [row for row in visibility.rows(entity) if ids[row] in known]
        found = {ids[row] for row in rows if not known[ids[row]]}
        for row, digest in state_of.digests(self.projections[entity], [row for row in rows if known[ids[row]]]).items():
            if (known[ids[row]] ^ digest) & LISTS_MASK:
                found.add(ids[row])
        return found

    def record_differences(self, visibility: Visibility) -> LogState:
        """Return the state that *visibility* shows, with a moment for every difference."""
        with self.lock:
            key = visibility.snapshot.number, visibility.today
            if self.state is None or key > self.state.key:
                self.follow(visibility)
            assert self.state is not None
            if key < self.state.key:
                return self._earlier(visibility)
            self._tell()
            return self.state

    def arrive(self) -> int:
        """Return the moment since which all is new to a new client; earlier deletions are not reported to it."""
        with self.lock:
            if self.state is not None:
                self._tell()
            return max(self.now(), self.newest)

    def moment(self) -> int:
        """Return a moment later than every one reported before, in milliseconds."""
        return max(self.now(), self.newest) + 1

    def follow(self, visibility: Visibility) -> None:
        """Find the differences to what *visibility* shows, without reporting them yet."""
        with self.lock:
            if self.state is not None and (visibility.snapshot.number, visibility.today) <= self.state.key:
                return
            if self.state is None or self.visibility is None:
                self._begin(visibility)
                return
            old, state = self.visibility, self.state
            fresh = LogState(visibility.snapshot.number, visibility.today)
            differences = self.keeper.differences(old.snapshot, visibility.snapshot)
            findings = ChangeFindings(
                self.render_state(old), self.render_state(visibility), differences, self.projections
            )
            for entity in self.projections:
                self._carry(entity, state, fresh, differences)
                self._note(entity, fresh, findings)
            decide(self, visibility)
            self._remember(state)
            self.visibility, self.state = visibility, fresh
            self._unhashed = self._to_hash(visibility, fresh)

    def begin(self) -> int:
        """Return the moment since which everything is unchanged as far as the log knows."""
        with self.lock:
            if not self.begun:
                self.begun = self.moment() if self.newest else self.now()
                self.newest = self.begun
            return self.begun

    def now(self) -> int:
        """Return the clock's time, in milliseconds."""
        return int(self._clock() * 1000)

    @property
    def horizon(self) -> int:
        """The moment before which tombstones are no longer reported, in milliseconds."""
        return int((self._clock() - self._window) * 1000)

    def hash_some(self) -> bool:
        """Hash some rows without a hash, so that a restart recognizes them; False where none are left."""
        with self.lock:
            chunk = next(self._unhashed, None)
            if chunk is None or self.visibility is None or self.state is None:
                return False
            entity, rows = chunk
            hashes = self.state.hashes[entity]
            for row, digest in self.render_state(self.visibility).digests(self.projections[entity], rows).items():
                hashes[row] = digest
            return True

    def _untold(self) -> bool:
        """Tell whether a tombstone was written before it was reported."""
        moments = [one.at for kept in self.gone.values() for one in kept.values()]
        return PENDING in moments or any(PENDING in lists.values() for lists in self.left.values())

    def _to_hash(self, visibility: Visibility, state: LogState) -> Iterator[tuple[str, list[int]]]:
        """Yield the rows of a state without a hash, some at a time."""
        for entity, hashes in state.hashes.items():
            rows = [row for row in visibility.rows(entity) if not hashes[row]]
            for start in range(0, len(rows), ROWS_HASHED_AT_ONCE):
                yield entity, rows[start : start + ROWS_HASHED_AT_ONCE]

    def _begin(self, visibility: Visibility) -> None:
        """Begin with what *visibility* shows, resuming the written log."""
        self.begin()
        self.doubts.begin(visibility, self.written.columns if self.written is not None else {})
        fresh = LogState(visibility.snapshot.number, visibility.today)
        for entity, projection in self.projections.items():
            size = visibility.snapshot.table(entity).size
            fresh.times[entity] = array("q", [self.begun]) * size
            fresh.hashes[entity] = array("Q", [0]) * size
            if self.written is not None:
                same = self.keeper.same(visibility, self.written)
                resume(self, visibility, fresh, projection, self.written, same=same)
        self.pending = self.pending or self._untold()
        self.visibility, self.state, self.written, self._first = visibility, fresh, None, fresh.key
        self._unhashed = self._to_hash(visibility, fresh)
        self.keeper.began(self)

    @staticmethod
    def _carry(entity: str, state: LogState, fresh: LogState, differences: Differences) -> None:
        """Take over the moments and hashes of rows that are still there."""
        places, times, hashes = differences.places(entity), state.times[entity], state.hashes[entity]
        if places is None:
            fresh.times[entity], fresh.hashes[entity] = times, hashes
        else:
            fresh.times[entity] = array("q", [times[at] if at >= 0 else PENDING for at in places])
            fresh.hashes[entity] = array("Q", [hashes[at] if at >= 0 else 0 for at in places])

    def _note(self, entity: str, fresh: LogState, findings: ChangeFindings) -> None:
        """Record the differences of one entity."""
        found = findings.of(entity)
        hashes, times = fresh.hashes[entity], fresh.times[entity]
        if found.changed:  # an earlier state may share these arrays
            hashes, times = hashes[:], times[:]
            fresh.hashes[entity], fresh.times[entity] = hashes, times
        for row, digest in found.hashes.items():
            hashes[row] = digest
        for row in found.changed:
            times[row] = PENDING
        for place, identifier in found.back:
            self.come_back(place, identifier)
        for place, identifier, one in found.gone:
            self.bury(place, identifier, one)
        for outer, outer_id, identifier in found.joined:
            self.left.get((outer, outer_id), {}).pop((entity, identifier), None)
        for outer, outer_id, identifier in found.left:
            self.left.setdefault((outer, outer_id), {})[entity, identifier] = PENDING
        self.pending = self.pending or bool(found.changed or found.gone or found.left)

    def bury(self, place: Place, identifier: str, one: RemovedRecord) -> None:
        """Keep the tombstone of a record that has left a branch."""
        self.gone.setdefault(place, {})[identifier] = Tombstone(PENDING, one.sealed, one.subjects, one.lists)

    def come_back(self, place: Place, identifier: str) -> None:
        """Drop the tombstone of a record that is back, but keep that it left the lists it was in."""
        one = self.gone.get(place, {}).pop(identifier, None)
        if one is None:
            return
        for outer, ids in one.lists.items():
            for below in [ANYWHERE] if outer == ANY_LIST else [(outer, own) for own in ids]:
                self.left.setdefault(below, {})[place[2], identifier] = one.at

    def _tell(self) -> None:
        """Give the pending differences a moment, and write the log before they are reported."""
        if not self.pending and self.behind is None:
            return
        assert self.state is not None
        now, after = self.moment(), PENDING - 1 if self.behind is None else self.behind
        self.state.give(now, after)
        self._tellings.append((self.state.key, now))
        for state in self._before.values():
            if state.until is None:
                state.until = now
                state.give(now, PENDING - 1)
        for kept in self.gone.values():
            for tombstone in kept.values():
                tombstone.at = now if tombstone.at > after else tombstone.at
        for lists in self.left.values():
            lists.update({place: now for place, at in lists.items() if at > after})
        self.newest = now
        self.forget(grown=True)
        self._keep(None)
        self.pending = False

    def _earlier(self, visibility: Visibility) -> LogState:
        """Return an earlier state for a client that still reads it; later differences are reported again to it."""
        state = self._before.get((visibility.snapshot.number, visibility.today)) or self._former(visibility)
        if state.until is None:
            self._tell()
        if state.until is not None:
            self._fall_behind(max(0, state.until - 1))
        return state

    def _former(self, visibility: Visibility) -> LogState:
        """Rebuild an earlier state that was not kept, from what is known of the same records now.

        States without differences are dropped like any others, so that the number of states since then reveals nothing.
        """
        assert self.state is not None
        assert self.visibility is not None
        self._tell()
        key = visibility.snapshot.number, visibility.today
        state = LogState(*key, until=self._until(key))
        for entity, times in self.state.times.items():
            known = dict(zip(self.visibility.ids(entity), times, strict=True))
            since = (known.get(own, self.begun) for own in visibility.ids(entity))
            told = [at if state.until is None or at < state.until else self.begun for at in since]
            state.times[entity] = array("q", told)
        self._remember(state)
        return state

    def _until(self, key: tuple[int, str]) -> int | None:
        """Return the first moment given to differences from the state with a *key*; 0 where it is forgotten."""
        forgotten = len(self._tellings) == MAX_REPORTS and key < self._tellings[0][0]
        if key < self._first or forgotten:
            return 0
        return next((moment for later, moment in self._tellings if later > key), None)

    def _remember(self, state: LogState) -> None:
        state.hashes = {}  # only the newest ones are written
        self._before[state.key] = state
        while len(self._before) > MAX_STATES:
            self._before.popitem(last=False)

    def _fall_behind(self, moment: int) -> None:
        """Note, for the next process too, that differences later than *moment* must be reported again."""
        if self.behind is None or moment < self.behind:
            self._keep(moment)

    def _keep(self, behind: int | None) -> None:
        """Write the log, with *behind*, the moment after which differences must be reported again."""
        before, self.behind = self.behind, behind
        try:
            self.keeper.keep(self)
        except StoreUnavailable:
            self.behind = before
            raise
