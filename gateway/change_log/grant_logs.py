"""The change logs of all grants: opened when a client is first served by one, kept in sealed files, one per content.

Grants that show the same share a log, unless their values are made for one client alone. When a client is first served
by a grant, or by another than before, everything is reported to it as new: too much for it, never too little.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from functools import cache, lru_cache
from typing import TYPE_CHECKING, cast

from gateway.cache.snapshot_differences import Differences
from gateway.change_log.account import ClientHistory
from gateway.change_log.doubts import Doubts
from gateway.change_log.files import ChangeFiles
from gateway.change_log.findings import RenderedState
from gateway.change_log.grant_log import ChangeLog
from gateway.change_log.hasher import Hasher
from gateway.change_log.states import Tombstone
from gateway.change_log.window import ALL_ENTITIES, WINDOW_SECONDS, KnownPast, TombstoneGaps
from gateway.change_log.written import ClientPosition
from gateway.engine.data_subjects import students
from gateway.storage.sealed_files import Sealed
from gateway.storage.secrets import derive_subkey
from policies.compiler import fingerprint
from standards.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping
    from pathlib import Path

    from gateway.audit.students.tags import StudentTags
    from gateway.cache.snapshot import Snapshot
    from gateway.change_log.projection import Projection
    from gateway.change_log.written import WrittenLog
    from gateway.engine.view_rows import ChangeTimes, ViewRows
    from gateway.engine.visibility import Visibility
    from gateway.storage.signed_heads import Registry
    from policies.grant import Grant

OWN = frozenset({"pseudonym", "hash"})
"""The actions whose key belongs to one client or one agreement."""
MAX_KEPT_NAMES = 256
"""Grants whose content hash is cached, since it takes long to compute."""


class ChangeLogs:
    """The logs by district and by what their grants show; *clock* gives the moments that clients see."""

    def __init__(
        self,
        folder: Path | None,
        key: bytes,
        clock: Callable[[], float],
        tagging: StudentTags,
        window: float = WINDOW_SECONDS,
        registry: Registry | None = None,
    ) -> None:
        self._sealed, self._clock, self._tagging, self._window = Sealed(folder, key), clock, tagging, window
        self._key = derive_subkey(key, b"projections")
        self._files = ChangeFiles(self._sealed, self._key, registry)
        self._logs: dict[str, ChangeLog] = {}
        self._districts: dict[str, str] = {}
        self._accounts: dict[tuple[str, str, str], tuple[str, ClientHistory]] = {}
        self._told: dict[tuple[str, str, str], ClientPosition] = {}
        self._latest: Differences | None = None
        self._lock = threading.RLock()
        self._accounting = threading.RLock()  # never within `_lock`: its holder waits for the lock of a log
        self._comparing = threading.Lock()  # never with `_lock`: its holder may hold the lock of a log
        self._hasher = Hasher(folder is not None, self.keep)

    def open(
        self,
        visibility: Visibility,
        held: frozenset[str],
        ledger: ChangeTimes,
        project: Callable[[], tuple[Projection, ...]],
    ) -> ClientHistory:
        """Open the history of the client that is shown *visibility*."""
        grant = visibility.grant
        place, name = (grant.client, grant.district, grant.purpose), content_of(grant, held)
        earlier = content_before_registers(grant, held)
        with self._lock:
            known = self._accounts.get(place)
            if known is not None and known[0] == name and name in self._logs:
                self._logs[name].grants[grant.client] = grant
                return known[1]
            if name not in self._logs:
                self._logs[name] = self._make(name, earlier, ledger, project())
                self._districts[name] = grant.district
            log = self._logs[name]
            log.grants[grant.client] = grant
        with self._accounting:
            known = self._accounts.get(place)
            if known is None or known[0] != name or known[1].log is not log:
                known = self._accounts[place] = name, self._history(place, (name, earlier), log, visibility)
            return known[1]

    def knows(self, grant: Grant) -> bool:
        """Tell whether the client of a *grant* read a log before, in this process or in another."""
        place = grant.client, grant.district, grant.purpose
        return place in self._told or self._files.told(*place) is not None

    def _history(
        self, place: tuple[str, str, str], names: tuple[str, str], log: ChangeLog, visibility: Visibility
    ) -> ClientHistory:
        """Restore the history of a client, or begin one later than all that was reported to the client before.

        A new history begins after every difference in *visibility* that is not reported yet.
        """
        told, begun = self._files.told(*place) or self._told.get(place), log.begun or log.begin()
        if told is None or told.name not in names:
            log.follow(visibility)
            fresh = ClientPosition(names[0], log.arrive())
            told = fresh if told is None else self._after(told, fresh, log)
            told.count += 1
            self._files.tell(told, *place)
            self._told[place] = told
        elif told.name != names[0]:
            told.name, told.count = names[0], told.count + 1
            self._files.tell(told, *place)
            self._told[place] = told
        losses = TombstoneGaps(dict(told.lost))
        if told.since < begun:  # the log it read is lost
            losses.add({ALL_ENTITIES: begun - 1})
        gone, left = dict(told.gone), dict(told.left)
        return ClientHistory(log, told.since, gone, left, dict(told.present), dict(told.present), losses)

    def _after(self, before: ClientPosition, told: ClientPosition, log: ChangeLog) -> ClientPosition:
        """Continue the history of a client from its log *before*: what was deleted there stays deleted.

        Deletions from before it read that log are left out.
        """
        past, first = self._past(before.name), before.since
        told.since = since = max(told.since, first, past.newest) + 1
        told.count, told.present = before.count, dict(before.present)
        _add(told.present, past.present)
        past.losses.forget(past.gone, past.left, first)
        for known, gone, left in ((KnownPast(), before.gone, before.left), (past, past.gone, past.left)):
            for place, kept in gone.items():
                moments = {own: known.moment(one.at, since) for own, one in kept.items()}
                named = {own: Tombstone(moments[own], b"", one.subjects, one.lists) for own, one in kept.items()}
                told.gone.setdefault(place, {}).update(named)
            for outer, lists in left.items():
                told.left.setdefault(outer, {}).update({own: known.moment(at, since) for own, at in lists.items()})
        losses = TombstoneGaps(dict(before.lost))
        losses.add(past.losses.moments, after=first)
        if not past.begun or first < past.begun:
            losses.add({ALL_ENTITIES: since - 1})
        losses.forget(told.gone, told.left, log.horizon)
        told.lost = losses.moments
        return told

    def _past(self, name: str) -> KnownPast:
        """Return the content of the log called *name*, from memory or from its file."""
        log = self._logs.get(name)
        if log is not None:
            return log.past()
        written = self._files.read(name) if name else None
        return written.past() if written is not None else KnownPast()

    def followers(self, district: str) -> list[ChangeLog]:
        """Return the logs of a *district*."""
        with self._lock:
            return [log for name, log in self._logs.items() if self._districts[name] == district]

    def let_go(self, log: ChangeLog) -> None:
        """Write a log that no client may read now, and drop it from memory."""
        with log.lock, suppress(StoreUnavailable):
            if log.state is not None:
                self.keep(log)
        with self._lock:
            for name in [name for name, one in self._logs.items() if one is log]:
                del self._logs[name], self._districts[name]
                self._files.forget(name)
                self._accounts = {place: one for place, one in self._accounts.items() if one[0] != name}

    def forget_districts(self, present: Collection[str]) -> None:
        """Drop the logs of districts that are no longer configured."""
        with self._lock:
            gone = [log for name, log in self._logs.items() if self._districts[name] not in present]
        for log in gone:
            self.let_go(log)

    def forget_differences(self) -> None:
        """Drop the earlier snapshot, once every log of its district has been compared with it."""
        with self._comparing:
            self._latest = None

    def open_text(self, sealed: bytes) -> bytes:
        """Open the sealed record of a tombstone."""
        return self._sealed.cipher.open(sealed)

    def tags(self, visibility: Visibility) -> Callable[[int], bytes]:
        """Return a function from a student's row to its keyed tag, for the record of disclosures."""
        tag = self.tagger(visibility)
        ids = visibility.snapshot.table("student").ids
        return cache(lambda row: tag(ids[row]))

    def tagger(self, visibility: Visibility) -> Callable[[str], bytes]:
        """Return a function from a student's id to its keyed tag, under the key of the school year there."""
        return self._tagging.tagger(visibility.snapshot.district, visibility.today)

    def _make(self, name: str, earlier: str, ledger: ChangeTimes, projections: tuple[Projection, ...]) -> ChangeLog:
        """Make the log called *name*, resuming what is written of it, or of the one that was called *earlier*."""

        def render_state(visibility: Visibility) -> RenderedState:
            return RenderedState(visibility, ledger, self._key, self._about, self._sealed.cipher.seal)

        log = ChangeLog(projections, render_state, self._clock, self, self._window)
        written = self._files.read(name) or self._files.read(earlier)
        if written is not None:
            log.begun, log.newest, log.written = written.begun, written.newest, written if written.begun else None
            past = written.past()
            log.gone, log.left, log.losses = past.gone, past.left, past.losses
            log.behind, log.doubts = written.behind, Doubts(dict(written.doubts), frozenset(written.settled))
        return log

    def keep(self, log: ChangeLog) -> None:
        """Write a log.

        Raises:
            StoreUnavailable: it cannot be written.
        """
        name = next((name for name, one in list(self._logs.items()) if one is log), None)  # others may open logs
        if name is not None:
            self._files.write(name, log)

    def same(self, visibility: Visibility, written: WrittenLog) -> bool:
        """Tell whether *visibility* is over the very rows that a log was *written* for."""
        return bool(written.source) and (written.source, written.today) == (
            self._files.source(visibility), visibility.today,
        )  # fmt: skip

    def began(self, log: ChangeLog) -> None:
        """Queue a *log* for hashing in the background."""
        self._hasher.add(log)

    def close(self) -> None:
        """Write all logs."""
        self._hasher.close()

    def _about(self, shown: ViewRows) -> Callable[[int], Iterable[bytes]]:
        return cast("Callable[[int], Iterable[bytes]]", students(shown, self))

    def differences(self, old: Snapshot, new: Snapshot) -> Differences:
        """Return the differences between two snapshots, found once for all logs of a district."""
        with self._comparing:
            known = self._latest
            if known is None or known.old is not old or known.new is not new:
                known = self._latest = Differences(old, new)
                self._files.hash(new)  # now, so that no request waits for it
            return known


def _add(present: dict[str, dict[str, int]], more: Mapping[str, Mapping[str, int]]) -> None:
    """Add the records shown later to *present*; one with differing hashes gets none."""
    for entity, known in more.items():
        before = present.get(entity, {})
        same = {own: digest if before.get(own, digest) == digest else 0 for own, digest in known.items()}
        present[entity] = before | same


@lru_cache(maxsize=MAX_KEPT_NAMES)
def content_of(grant: Grant, held: frozenset[str]) -> str:
    """Return a hash that is equal for grants that show the same, whatever the registers say."""
    form = grant.agreement if grant.registered.form else ""
    windows = {name: str(one) for name, one in grant.windows.items()}
    parts = tuple(one.epoch for one in grant.parts)
    laid_over = (grant.org, str(grant.registered), form, windows, parts)
    return fingerprint((content_before_registers(grant, held), *laid_over))


def content_before_registers(grant: Grant, held: frozenset[str]) -> str:
    """Return the hash by which the log of a grant was called before registers made a difference to it."""
    actions = {rule.action for rule in grant.rules.values()}
    own = (grant.client, grant.agreement) if actions & OWN else ()
    by_registers = grant.registered if grant.registered.form or grant.registered.directory else ()
    more: tuple[object, ...] = (by_registers, grant.windows, tuple(part.epoch for part in grant.parts))
    more += ((grant.person, grant.agreement),) if grant.person else ()
    said = (grant.district, grant.rules, grant.rows, own, held)
    return fingerprint((*said, *more) if any(more) else said)
