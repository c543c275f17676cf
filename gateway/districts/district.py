"""A provider district at run time: its adapter, its snapshot, and the data a request reads from either."""

from __future__ import annotations

import threading
import time
from contextlib import nullcontext, suppress
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING

from adapters.contract import NO_HINTS
from gateway.cache import point_lookups, program_members
from gateway.cache.drop_limits import NO_SHARES, DropLimits
from gateway.cache.needed_fields import joined, reads, within
from gateway.cache.refresh import Refresh, SyncState
from gateway.cache.versions import Versions
from gateway.config.load_limits import Shares
from gateway.districts.failures import Failures
from gateway.districts.needed_registers import CachedFields, NeededRegisters
from gateway.districts.refreshes.background import in_background
from gateway.districts.refreshes.pauses import RefreshPause
from gateway.districts.refreshes.readings import Overtaken, Readings, unheard
from gateway.districts.status import state_of, status_of
from gateway.districts.uncached_reads import UncachedReads, with_targets
from gateway.districts.written_records import WrittenRecords
from gateway.process_memory import give_back_memory
from gateway.registers.effects.needs import needed_beside
from gateway.request_slots import approach
from standards.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import tzinfo

    from adapters.contract import Adapter, Hints, Manifest, Wanted
    from gateway.cache.point_lookups import PointLookups
    from gateway.cache.snapshot import Snapshot
    from gateway.districts.refreshes.readings import Reading
    from gateway.districts.status import DistrictStatus
    from gateway.registers.effects.state import DistrictRegisters, RegisterWatch
    from policies.grant import Grant
    from standards.keys import Keyring
    from standards.losses import Loss
    from standards.view import View

FRESH_SECONDS = 1.0
EVERY_SHARE = Shares()


class District:
    """The data of one district as the gateway can read them now.

    A snapshot lasts *seconds* at most and is refreshed half-way; written records are in it before it is read again.
    *coming* and then *refreshed* are called with every new snapshot before it is served: the first may take its time,
    and only the second knows its version. Ages are computed by *monotonic*; *clock* gives the moments and versions that
    operators and consumers see. *default_category* is the id of the category of assignments that name none. Who takes
    part in programs is read with a snapshot, and again when a day begins in the *zone*. A *listener* is told of every
    reading of the system for a snapshot.
    """

    def __init__(
        self,
        name: str,
        adapter: Adapter,
        keyring: Keyring,
        clock: Callable[[], float],
        *,
        seconds: float,
        wanted: Mapping[str, frozenset[str] | None],
        loss: Mapping[str, float] = NO_SHARES,
        shares: Shares = EVERY_SHARE,
        monotonic: Callable[[], float] = time.monotonic,
        default_category: str = "",
        zone: tzinfo = UTC,
        registers: RegisterWatch | None = None,
        listener: Callable[[Reading], None] = unheard,
    ) -> None:
        self.default_category, self.registers = default_category, NeededRegisters(registers)
        self._programs, self._zone = frozenset[str](), zone
        self.name, self.adapter, self.keyring, self._clock = name, adapter, keyring, clock
        self._seconds, self._monotonic = seconds, monotonic
        self._fields = CachedFields(adapter, self.registers, wanted)
        self._cached: Snapshot | None = None
        self._sync, self._number, self._written = SyncState(0.0), 0, WrittenRecords()
        self._versions, self._asked = Versions(clock), float("-inf")
        self._numbers = count(1)
        self._heir: District | None = None
        self._losses = DropLimits(loss)
        self._uncached = UncachedReads(name, adapter, keyring, clock, shares)
        self._refresher = Refresh(
            name, adapter, keyring, clock, self._to_cache, self._losses, monotonic, shares,
            lambda: (self._programs, self._today()),
        )  # fmt: skip
        self._failures = Failures(name, monotonic, clock)
        self.pause, self._readings = RefreshPause(clock), Readings(name, adapter, clock, listener)
        self._loading, self._freshening, self._taking = threading.Lock(), threading.Lock(), threading.Lock()
        self._refreshing, self._resting, self.is_over = threading.Event(), 0, False
        self.coming: Callable[[Snapshot, Snapshot], None] = _nothing
        self.refreshed: Callable[[Snapshot, Snapshot], None] = _nothing

    @property
    def cached_entities(self) -> frozenset[str]:
        """The entities served from memory."""
        return self._fields.entities if self._seconds else frozenset()

    def _to_cache(self) -> Wanted:
        return self._fields.of(self.cached_entities)

    def manifest(self) -> Manifest | None:
        """Return the manifest of the district's system; None while it is unavailable."""
        try:
            return self.adapter.manifest
        except SourceError:
            return None

    @property
    def latest(self) -> Snapshot | None:
        """The snapshot served last, however old; None where there is none."""
        return self._cached

    @property
    def loaded(self) -> bool:
        """Whether there is a snapshot."""
        return self._cached is not None

    def covers(self, wanted: Wanted, programs: frozenset[str] = frozenset()) -> bool:
        """Tell whether the snapshot has all the fields of *wanted*, and the members of the *programs*."""
        asked = self._to_cache()
        return programs <= self._programs and all(
            within(wanted.get(entity, frozenset()), fields) for entity, fields in asked.items()
        )

    def want(self, wanted: Wanted, programs: frozenset[str] = frozenset()) -> None:
        """Request no more than *wanted*, and the members of *programs*, from the source from the next refresh on."""
        self._fields.wanted, self._programs = wanted, programs

    def close(self, *, adapter: bool = True) -> None:
        """Drop the snapshot and, with *adapter*, close the adapter."""
        with self._loading:
            self._cached = self._heir = None
            self.coming = self.refreshed = _nothing
            if adapter:
                self.adapter.close()

    def has(self, view: View) -> bool:
        """Tell whether the district's system has any entity of *view*."""
        return any(branch.entity in self.adapter.manifest.entities for branch in view.branches)

    def snapshot(
        self,
        entities: frozenset[str],
        grant: Grant,
        hints: Hints = NO_HINTS,
        lookups: PointLookups = point_lookups.NO_LOOKUPS,
    ) -> Snapshot:
        """Return the columns of *entities*: the snapshot, extended by an uncached read for this request."""
        now = self.registers.now()
        needed = needed_beside(now, entities, grant.registered.kind)
        available = (entities | needed.keys()) & self.adapter.manifest.entities
        live = with_targets(available - self.cached_entities, self.adapter.manifest.entities)
        cached = self.cached_snapshot() if available - live else None
        if not live:
            return cached or self._read({}, None, now)
        wanted = {entity: joined(reads(entity, (grant,)), needed.get(entity)) or frozenset() for entity in live}
        if not live.isdisjoint(needed.keys() - entities):  # what is read beside refers to more than the condition lets
            hints, lookups = NO_HINTS, point_lookups.NO_LOOKUPS
        return self._read(wanted, cached, now, hints, lookups, grant.programs if "student" in live else frozenset())

    def cached_snapshot(self) -> Snapshot:
        """Return the current snapshot, under the present registers; once they change, another of the same records."""
        now, cached = self.registers.now(), self._current()
        if cached.registers is now and not self.registers.grown:
            return cached
        if self.registers.grown:
            approach(self.adapter)
        with self._loading:
            now, present = self.registers.now(), self._cached
            if present is None or self.registers.grown:
                self._refresh()
            elif present.registers is not now:
                self._number = next(self._numbers)
                self._take(present, replace(present, number=self._number), self._sync)
            assert self._cached is not None
            return self._cached

    def _current(self) -> Snapshot:
        """Return the current snapshot, whatever the registers say."""
        if not self._written and not self._another_day():  # first: a write is cleared only after it is served
            cached = self._cached
            if cached is not None and self._age() < self._seconds / 2:
                return cached
            if cached is not None and self._age() < self._seconds:
                self._refresh_in_background()
                return cached
        approach(self.adapter)
        with self._loading:
            if self._cached is None or self._written or self._age() >= self._seconds or self._another_day():
                if not self._written or self._age() >= self._seconds:
                    self.pause.check()
                self._failures.refresh.check()
                self._refresh()
            assert self._cached is not None
            return self._cached

    def _today(self) -> str:
        return datetime.fromtimestamp(self._clock(), self._zone).date().isoformat()

    def _another_day(self) -> bool:
        """Tell whether a day has begun since it was read who takes part in programs."""
        cached = self._cached
        return cached is not None and not self.pause.on and program_members.is_of_another_day(cached, self._today())

    def newest(self) -> int:
        """Return the change version of the data served now, never of data not served yet."""
        return self._versions.newest()

    def note_written(self, entity: str, identifiers: Iterable[str], *, rekeyed: bool = False) -> None:
        """Note that records of *entity* with these ids of the source were written: the next read sees them.

        Where they are *rekeyed*, records that refer to them may have changed too.
        """
        if entity in self.cached_entities or (
            self.cached_entities and self._refresher.follows() and (rekeyed or not self._idle(entity))
        ):
            self._written.note(entity, identifiers, rekeyed=rekeyed)
        if self._heir is not None:
            self._heir.note_written(entity, identifiers, rekeyed=rekeyed)

    def _idle(self, entity: str) -> bool:
        """Tell whether a write of *entity*, which is not cached, certainly changes nothing in the cache."""
        return self.adapter.manifest.touched.get(entity) == frozenset()

    def freshen(self) -> None:
        """Refresh for the next read what has changed in the source, where the source can report changes.

        It is asked once in `FRESH_SECONDS` seconds; while it is unavailable, the snapshot stays as it is.
        """
        if not self._may_differ():
            return
        try:
            approach(self.adapter)
        except SourceError:
            return
        with self._freshening:
            if not self._may_differ():
                return
            self._asked = self._monotonic()
            with self._loading, suppress(SourceError):
                with self._failures.reading():
                    newest = self._refresher.newest()
                if newest != self._sync.checkpoint:
                    self._refresh()

    def _may_differ(self) -> bool:
        """Tell whether the source might report changes since it was asked last."""
        asked = self._monotonic() - self._asked < FRESH_SECONDS
        still = asked or self._failures.paused or self.pause.on
        return self._cached is not None and not still and self._refresher.follows()

    def retry_failed(self) -> None:
        """Retry a failed refresh once its pause is over, without a request for it."""
        if self._failures.due(self.adapter):
            self._refresh_in_background()

    def look_again(self) -> None:
        """Refresh in the background though the snapshot is young: somebody says that the source has changed."""
        if self.loaded and self.cached_entities:
            self._failures.refresh.hurry()
            self._refresh_in_background()

    def approve(self, ticket: int) -> tuple[Loss, ...]:
        """Approve the loss that waits under *ticket*, for the next refresh, which is due at once."""
        if losses := self._losses.approve(ticket):
            self._failures.refresh.hurry()
        return losses

    def refresh_now(self) -> None:
        """Refresh and wait for it, as an operator's command.

        Raises:
            SourceError: the refresh fails or is refused, or is paused.
        """
        with self._loading:
            self.pause.check()
            self._refresh()

    def loss_digest(self, key: bytes) -> str:
        """Return a keyed digest of the rows whose loss waits for approval; empty where none does."""
        return self._losses.digest(key)

    def status(self) -> DistrictStatus:
        """Return the district's status now."""
        failed = self._failures.last(self.adapter)
        live = not self._seconds or not self._fields.may_be_cached
        state = state_of(loaded=self.loaded, young=self._age() < self._seconds, failed=bool(failed), live=live)
        live = self._failures.is_live(failed)
        found = status_of(self.name, state, self._cached, failed, live=live, losses=self._losses)
        return replace(found, paused_until=self.pause.until if self.pause.on else None)

    def _age(self) -> float:
        return self._monotonic() - self._sync.as_of if self._cached else float("inf")

    def _refresh_in_background(self) -> None:
        """Refresh in the background; the old snapshot serves until then, and after a failure until it expires."""
        if self._failures.paused or self.pause.on or self._refreshing.is_set():
            return
        if not self._loading.acquire(blocking=False):
            return
        if self._resting:
            self._loading.release()
            return
        self._refreshing.set()
        in_background(self.name, self._renew, self._renewed)

    def _renew(self) -> None:
        if self.cached_entities:
            self._refresh()

    def _renewed(self) -> None:
        self._refreshing.clear()
        self._loading.release()

    def rest(self, *, resting: bool) -> None:
        """Begin no background refresh while *resting*, after waiting for one under way; several may ask for it."""
        with self._loading if resting else nullcontext(), self._taking:
            self._resting += 1 if resting else -1

    def _refresh(self) -> None:
        """Make the next snapshot and serve it; report a failure."""
        before, sync = self._cached, self._sync
        event = "refresh failed" if before is not None else "load failed"
        with (
            self._readings.watching(before, approved=self._losses.is_approved) as tell,
            self._failures.refreshing(event),
        ):
            self._make()
            if self._sync is not sync and self._cached is not None:
                tell(self._cached)

    def _make(self) -> None:
        """Make the next snapshot and serve it; it contains all writes made before it was begun."""
        written = self._written.noted()
        self.registers.now()
        before, anew = self._cached, self.registers.grown
        sync = SyncState(0.0) if anew else self._sync
        whole = sync.whole
        self._number = next(self._numbers)
        wide = any(rekeyed for _, rekeyed in written.values())
        fresh = None
        if before is not None and written and not (wide or anew) and self._age() < self._seconds:
            fresh = self._refresher.rewritten(before, self._number, written, self.cached_entities)
        if before is not None and not written and self._another_day() and self._age() < self._seconds:
            fresh = self._refresher.another_day(before, self._number)
        if fresh is None:
            with self.registers.reading():
                fresh, sync = self._refresher.refresh(before, sync, self._number, written, anew=anew)
            self._losses.settled()
        self._take(before, fresh, sync)
        self._written.forget(written)
        if sync.whole != whole:
            give_back_memory()

    def _take(self, before: Snapshot | None, fresh: Snapshot, sync: SyncState) -> None:
        """Serve the *fresh* snapshot from now on, under the present registers, after the listeners have seen it."""
        fresh.registers = self.registers.now()
        if before is not None:
            self.coming(before, fresh)
        with self._taking, self._versions.coming() as version:
            if self.is_over:  # what the next one serves must stay the newest
                raise Overtaken
            fresh.version, fresh.begun = version, before.begun if before else version
            if before is not None:
                self.refreshed(before, fresh)
            self._cached, self._sync = fresh, sync

    def _read(
        self,
        wanted: Wanted,
        base: Snapshot | None,
        registers: DistrictRegisters | None,
        hints: Hints = NO_HINTS,
        lookups: PointLookups = point_lookups.NO_LOOKUPS,
        programs: frozenset[str] = frozenset(),
    ) -> Snapshot:
        """Read what one request needs, uncached, and who takes part in *programs*."""
        if wanted:
            approach(self.adapter)
        with self._failures.reading():
            made = self._uncached.read(wanted, base, hints, lookups)
            if programs:
                made = program_members.with_members(made, self.adapter, programs, self._today())
        made.version = self._versions.give()
        made.registers = base.registers if base else registers
        return made


def _nothing(_before: Snapshot, _fresh: Snapshot) -> None:
    """Do nothing."""
