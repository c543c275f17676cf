"""The refresh of a snapshot: read whole from the source, or patched from the one before with the source's changes."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from adapters.contract import Change, picker
from gateway.cache import district_log
from gateway.cache.drop_limits import DropLimits
from gateway.cache.load_checks import completed, followed
from gateway.cache.patch import patched
from gateway.cache.program_members import attach, carried, with_members
from gateway.cache.snapshot import NO_ROW, build_snapshot
from gateway.config.load_limits import Shares
from standards.errors import ChangesLost, LossRefused, SourceBroken
from standards.fields import fields_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from adapters.contract import Adapter, Wanted
    from gateway.cache.snapshot import Snapshot
    from standards.keys import Keyring

MAX_TIMES_FOLLOWED = 1_000
MAX_FOUND_RECORDS = 200
WHOLE_EVERY_SECONDS = 86_400.0
OVERLAP_SECONDS = 60.0

Written = tuple[str, str]


@dataclass(frozen=True, slots=True)
class SyncState:
    """The position in following a source: when it was read *whole*, *times* followed since, its *checkpoints*.

    A checkpoint is a moment and the source's newest change version then. Moments are of a monotonic clock.
    """

    whole: float
    checkpoints: tuple[tuple[float, int], ...] = ()
    times: int = 0

    @property
    def as_of(self) -> float:
        """The moment as of which the snapshot equals the source."""
        return self.checkpoints[-1][0] if self.checkpoints else self.whole

    @property
    def checkpoint(self) -> int | None:
        """The source's change version up to which its changes are known."""
        return self.checkpoints[-1][1] if self.checkpoints else None

    def ask_from(self) -> int:
        """Return the change version from which to ask again.

        The last `OVERLAP_SECONDS` are asked for twice: a system may number a change before it is visible to others.
        """
        settled = [
            version for moment, version in self.checkpoints if moment <= self.checkpoints[-1][0] - OVERLAP_SECONDS
        ]
        return settled[-1] if settled else self.checkpoints[0][1]

    def may_follow(self, now: float) -> bool:
        """Tell whether the source may be followed once more before it is read whole again."""
        return bool(self.checkpoints) and self.times < MAX_TIMES_FOLLOWED and now - self.whole < WHOLE_EVERY_SECONDS

    def with_checkpoint(self, moment: float, version: int) -> SyncState:
        """Add a checkpoint, and drop those from which nothing will be asked any more."""
        old = sum(at <= moment - OVERLAP_SECONDS for at, _ in self.checkpoints)
        return replace(
            self, checkpoints=(*self.checkpoints[max(old - 1, 0) :], (moment, version)), times=self.times + 1
        )


class Refresh:
    """The refresh of one district's snapshot; *wanted* returns the needed fields of the entities it caches.

    A refresh that would drop more rows of an entity than `DropLimits` allow is refused, because consumers delete what
    is missing. *clock* gives the moments that are shown, *monotonic* those from which ages are computed. *programs* are
    those that agreements name, with the day whose members count.
    """

    def __init__(
        self,
        name: str,
        adapter: Adapter,
        keyring: Keyring,
        clock: Callable[[], float],
        wanted: Callable[[], Wanted],
        losses: DropLimits | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        shares: Shares | None = None,
        programs: Callable[[], tuple[frozenset[str], str]] = lambda: (frozenset(), ""),
    ) -> None:
        self._shares, self._programs = shares or Shares(), programs
        self._name, self._adapter, self._keyring, self._clock = name, adapter, keyring, clock
        self._wanted, self._monotonic = wanted, monotonic
        self.losses = losses or DropLimits()

    def follows(self) -> bool:
        """Tell whether the source reports changes of all that is cached."""
        return self._wanted().keys() <= self._adapter.manifest.delta

    def newest(self) -> int | None:
        """Return the source's newest change version; None where it cannot be followed by it."""
        return self._adapter.newest() if self.follows() else None

    def refresh(
        self,
        before: Snapshot | None,
        sync: SyncState,
        number: int,
        written: Collection[Written],
        *,
        anew: bool = False,
    ) -> tuple[Snapshot, SyncState]:
        """Make the snapshot as the source has it now; rows that were *written* may be missing without being a loss.

        With *anew* nothing of the snapshot before is taken over, and all of it is read.
        """
        fresh, sync = self._refreshed(before, sync, number, written, anew=anew)
        return self._with_members(before, fresh), sync

    def another_day(self, before: Snapshot, number: int) -> Snapshot:
        """Return the same rows with those who take part in programs today."""
        return self._with_members(before, before.unchanged_at(number, before.loaded))

    def _with_members(self, before: Snapshot | None, fresh: Snapshot) -> Snapshot:
        """Read who takes part today in the programs that agreements name, once the students are there."""
        programs, today = self._programs()
        if not programs and not fresh.members:
            return fresh
        return with_members(fresh, self._adapter, programs, today, before)

    def _refreshed(
        self,
        before: Snapshot | None,
        sync: SyncState,
        number: int,
        written: Collection[Written],
        *,
        anew: bool,
    ) -> tuple[Snapshot, SyncState]:
        until, now = self.newest(), self._monotonic()
        known = before.stamp if before is not None and not written and not anew else None
        if before is not None and until is not None and sync.may_follow(now):
            with suppress(ChangesLost, SourceBroken, LossRefused):  # then the source is read whole
                return self._follow(before, sync, until, number, written)
            known = None
        checkpoints = () if until is None else ((now, until),)
        return self._whole(before, known, number, written), SyncState(now, checkpoints)

    def rewritten(
        self, before: Snapshot, number: int, written: Collection[Written], cached: frozenset[str]
    ) -> Snapshot | None:
        """Return the snapshot *before* with the written records; None where it must be refreshed otherwise."""
        manifest = self._adapter.manifest
        if manifest.bulk or len(written) > MAX_FOUND_RECORDS:
            return None
        if self.follows() and not {entity for entity, _ in written} <= cached & manifest.touched.keys():
            return None  # only its changes report what else has changed
        try:
            return self.rewrite(before, number, written)
        except SourceBroken:
            return None

    def rewrite(self, before: Snapshot, number: int, written: Collection[Written]) -> Snapshot:
        """Return the snapshot with the *written* records in it; all else is as old as before."""
        changes = {(entity, own): self._found(entity, own) for entity, own in written}
        for change in list(changes.values()):
            for place in self._touched(before, change) - changes.keys():
                changes[place] = self._found(*place)
        fresh = self._patched(before, changes.values(), number, before.loaded)
        fresh.completeness = before.completeness
        return attach(fresh, carried(before, fresh), before.members_day) if before.members else fresh

    def _found(self, entity: str, own: str) -> Change:
        record = self._adapter.find(entity, own)
        return Change(entity, own, record and picker(entity, self._wanted()[entity])(record))

    def _touched(self, before: Snapshot, change: Change) -> set[Written]:
        """Collect what else a write may have changed: records that the record referred to, or refers to now."""
        found = set()
        for name in self._adapter.manifest.touched.get(change.entity, ()):
            old, to = before.table(change.entity), fields_of(change.entity)[name].to
            target = before.table(to)
            row = old.row_of(change.id)
            rows = {old.refs[name][row]} if row is not None and name in old.refs else set()
            if change.record is not None and name in change.record:
                rows.add(target.rows.get(change.record[name], NO_ROW))
            found |= {(to, target.ids[row]) for row in rows if row >= 0}
        return found

    def _whole(self, before: Snapshot | None, known: str | None, number: int, written: Collection[Written]) -> Snapshot:
        """Read all of the source; return the earlier snapshot where the source still bears the stamp *known*."""
        stamp, now, wanted = self._adapter.stamp(), self._clock(), self._wanted()
        if before is not None and stamp == known:
            return before.unchanged_at(number, now)
        self.losses.check_stamp(stamp)
        fresh = build_snapshot(
            self._adapter.read(wanted), self._name, self._keyring, number=number, loaded=now, entities=wanted
        )
        fresh.stamp, page = stamp, self._adapter.notes.page
        district_log.tell_dropped(self._name, page.counts, fresh.dropped)
        fresh = completed(before, fresh, page, self._keyring, wanted, self._shares)
        if fresh.completeness is not None and (before is None or before.completeness != fresh.completeness):
            district_log.tell_lacking(self._name, fresh.completeness)
        if before is not None:
            self.losses.check(before, fresh, written, self._adapter.manifest.touched)
        return fresh

    def _follow(
        self, before: Snapshot, sync: SyncState, until: int, number: int, written: Collection[Written]
    ) -> tuple[Snapshot, SyncState]:
        since, now, loaded = sync.ask_from(), self._monotonic(), self._clock()
        if until < since:
            raise ChangesLost("The source's versions have gone back.")
        if since == until:
            return before.unchanged_at(number, loaded), sync.with_checkpoint(now, until)
        self._adapter.notes.clear()
        changes = list(self._adapter.changes(self._wanted(), since, until))
        self.losses.check_told(before, changes, written, self._adapter.manifest.touched)
        if self._adapter.notes.page.asides:
            raise SourceBroken("A row that has changed cannot be understood.")
        fresh = self._patched(before, changes, number, loaded)
        return followed(before, fresh, self._wanted(), self._shares), sync.with_checkpoint(now, until)

    def _patched(self, before: Snapshot, changes: Iterable[Change], number: int, loaded: float) -> Snapshot:
        fresh = patched(before, changes, self._keyring, entities=self._wanted(), number=number, loaded=loaded)
        fresh.stamp = before.stamp
        return fresh
