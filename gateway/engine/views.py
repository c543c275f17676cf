"""Views over snapshots: what each grant shows of each district's records, computed once and cached."""

from __future__ import annotations

import threading
from collections import OrderedDict
from copy import copy
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, cast

from adapters.contract import NO_HINTS
from gateway import telemetry
from gateway.cache.point_lookups import NO_LOOKUPS
from gateway.engine.laid_over import is_affected, is_alike, laid_over
from gateway.engine.plan import decides, entities_of
from gateway.engine.view_rows import ViewRows
from gateway.engine.visibility import Visibility, with_links
from standards.pruning import prune

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import tzinfo

    from adapters.contract import Hints
    from gateway.cache.point_lookups import PointLookups
    from gateway.cache.snapshot import Snapshot
    from gateway.districts.district import District
    from gateway.engine.view_rows import ChangeTimes
    from policies.grant import Grant
    from standards.keys import Keyring
    from standards.view import View

MAX_VISIBILITIES = 64
MAX_VIEW_ROWS = 1024
MAX_PLANS = 8192

T = TypeVar("T")


class Views:
    """What grants show of the districts' records, over the snapshots in the cache.

    *account* opens the change log of a client for its visibility of a whole snapshot; *in_force* tells whether a client
    is served under a grant's agreement today.
    """

    def __init__(
        self,
        *,
        districts: Mapping[str, District],
        keyring: Keyring,
        ledger: ChangeTimes,
        clock: Callable[[], float],
        zones: Mapping[str, tzinfo],
        account: Callable[[Visibility], object],
        in_force: Callable[[Grant], bool],
    ) -> None:
        self.districts, self._keyring, self.ledger, self._clock, self.zones = districts, keyring, ledger, clock, zones
        self.open_account, self.in_force = account, in_force
        self._plans: OrderedDict[tuple[object, ...], Any] = OrderedDict()
        self._visibilities: OrderedDict[tuple[object, ...], Visibility] = OrderedDict()
        self._shown: OrderedDict[tuple[object, ...], tuple[ViewRows, ...]] = OrderedDict()
        self._lock = threading.Lock()

    def followed_by(
        self,
        *,
        districts: Mapping[str, District],
        zones: Mapping[str, tzinfo],
        account: Callable[[Visibility], object],
        in_force: Callable[[Grant], bool],
    ) -> Views:
        """Return the views after a reload of the settings, with all that these have computed."""
        fresh = copy(self)
        fresh.districts, fresh.zones = districts, zones
        fresh.open_account, fresh.in_force = account, in_force
        return fresh

    def forget_but(self, epochs: Iterable[str]) -> None:
        """Drop what was computed for grants of other *epochs*."""
        known = frozenset(epochs)
        with self._lock:
            for kept, place in ((self._shown, 2), (self._visibilities, 2), (self._plans, 1)):
                for key in [key for key in kept if key[place] not in known]:
                    del kept[key]

    def entities(self, grant: Grant, view: View) -> frozenset[str]:
        """Return the entities that a pruned *view* reads, computed once."""
        return self._once(("entities", grant.epoch, view.api, view.name), lambda: entities_of(view, grant))

    def _decide(self, grant: Grant, entity: str) -> frozenset[str]:
        """Return the entities that decide whether a record of *entity* is visible, computed once."""
        return self._once(("decides", grant.epoch, entity), lambda: decides(entity, grant))

    def branches(self, visibility: Visibility, view: View) -> tuple[ViewRows, ...]:
        """Compile the branches of *view* over data already in memory."""
        pruned = self.pruned(visibility.grant, view)
        return visibility.once((view.api, view.name), lambda: self._compile(pruned, visibility) if pruned else ())

    def shown(
        self,
        grant: Grant,
        view: View,
        beside: frozenset[str] = frozenset(),
        hints: Hints = NO_HINTS,
        point_lookups: PointLookups = NO_LOOKUPS,
    ) -> tuple[ViewRows, ...]:
        """Compile the branches of a pruned *view* over the district's current data, with other entities *beside*.

        Where they are read for this request alone, rows that fail the pushed conditions (*hints*) may be left out, and
        of the entities read by *point_lookups* all records that nothing refers to.
        """
        entities = self.entities(grant, view) | beside
        snapshot = self.districts[grant.district].snapshot(entities, grant, hints, point_lookups)
        if snapshot.base is not None or not snapshot.number:
            return self._compile(view, self.uncached(snapshot, grant))
        return self._over(snapshot, grant, view)

    def uncached(self, snapshot: Snapshot, grant: Grant) -> Visibility:
        """Return the visibility of *grant* over a snapshot read for one request."""
        below = self.over(snapshot.base, grant) if snapshot.base is not None and is_affected(snapshot, grant) else None
        return laid_over(Visibility(snapshot, grant, self._keyring, self.today(grant)), below)

    def held(self, grant: Grant) -> Visibility:
        """Return the visibility of *grant* over the district's cached snapshot."""
        return self.over(self.districts[grant.district].cached_snapshot(), grant)

    def registered(self, grant: Grant) -> str:
        """Return the digest of what the registers change now for *grant*; of an uncached district, their version.

        The district is not read for it: an answer may be under way.
        """
        district = self.districts[grant.district]
        now, held = district.registers.now(), district.latest
        if held is None:
            return district.registers.version
        if now is None and not is_affected(held, grant):
            return ""
        if held.registers is now:
            return self.over(held, grant).effects.digest
        present = Visibility(replace(held, registers=now), grant, self._keyring, self.today(grant))
        return laid_over(present).effects.digest

    def shown_together(self, grant: Grant, views: Sequence[View]) -> tuple[tuple[ViewRows, ...], ...]:
        """Compile the branches of several pruned *views* over the same state of the district's data."""
        every = [self.entities(grant, view) for view in views]
        snapshot = self.districts[grant.district].snapshot(frozenset[str]().union(*every), grant)
        held = snapshot.base if snapshot.base or not snapshot.number else snapshot
        live = frozenset(snapshot.tables) if held is not snapshot else frozenset[str]()
        visibility = self.uncached(snapshot, grant)
        return tuple(
            self._over(held, grant, view) if held and live.isdisjoint(needed) else self._compile(view, visibility)
            for view, needed in zip(views, every, strict=True)
        )

    def _over(self, snapshot: Snapshot, grant: Grant, view: View) -> tuple[ViewRows, ...]:
        """Return the branches of a pruned *view* over a snapshot, computed once."""
        today = self.today(grant)
        key = (snapshot.district, snapshot.number, grant.epoch, grant.client, today)
        place = (*key, view.api, view.name)
        with self._lock:
            found = self._shown.get(place)
        if found is None:
            found = self._compile(view, self._visibility_of(key, snapshot, grant, today))
            with self._lock:
                _remember(self._shown, place, found, MAX_VIEW_ROWS)
        return found

    def prepare(self, before: Snapshot, fresh: Snapshot) -> None:
        """Compute over the *fresh* snapshot what was shown over the one *before*, so that requests need not wait."""
        shown: dict[int, list[tuple[ViewRows, ...]]] = {}
        for parts in self._shown_over(before):
            shown.setdefault(id(parts[0].visibility), []).append(parts)
        for every in shown.values():
            attempt(partial(self._prepare, every, fresh))

    def _prepare(self, every: list[tuple[ViewRows, ...]], fresh: Snapshot) -> None:
        """Compute the views of one visibility anew; views whose entities do not differ are taken over."""
        before, grant = every[0][0].visibility, every[0][0].visibility.grant
        if not self.in_force(grant):
            return
        today = self.today(grant)
        if (
            fresh.loaded == before.snapshot.loaded
            and not fresh.differs(before.judged)
            and not is_alike(fresh, before, today)
        ):
            return  # the registers have changed, of which the next request of each client finds what is its own
        key = (fresh.district, fresh.number, grant.epoch, grant.client, today)
        visibility = self._visibility_of(key, fresh, grant, today)
        differs = visibility.differs(before)
        for parts in every:
            view = parts[0].view
            if today == before.today and differs.isdisjoint(with_links(self.entities(grant, view))):
                with self._lock:
                    place = (*key, view.api, view.name)
                    _remember(self._shown, place, tuple(one.over(visibility) for one in parts), MAX_VIEW_ROWS)
            elif view.api != "edfi" or fresh.loaded != before.snapshot.loaded:  # after a write the next request does it
                attempt(partial(self._work_out, parts, fresh))

    def _work_out(self, parts: tuple[ViewRows, ...], fresh: Snapshot) -> None:
        for one in self._again(parts, fresh):
            one.rows  # noqa: B018  computed at first access

    def _again(self, parts: tuple[ViewRows, ...], fresh: Snapshot) -> tuple[ViewRows, ...]:
        return self._over(fresh, parts[0].visibility.grant, parts[0].view)

    def _shown_over(self, snapshot: Snapshot) -> list[tuple[ViewRows, ...]]:
        with self._lock:
            of = (snapshot.district, snapshot.number)
            return [parts for key, parts in self._shown.items() if key[:2] == of]

    def pruned(self, grant: Grant, view: View) -> View | None:
        """Return *view* without anything *grant* does not release, computed once."""
        return self._once(("pruned", grant.epoch, view.api, view.name), lambda: prune(view, grant))

    def _once(self, place: tuple[str, ...], make: Callable[[], T]) -> T:
        """Return what *make* makes, cached under *place*."""
        with self._lock:
            if place in self._plans:
                self._plans.move_to_end(place)
                return cast("T", self._plans[place])
        made = make()
        with self._lock:
            _remember(self._plans, place, made, MAX_PLANS)
        return made

    def today(self, grant: Grant) -> str:
        """Return today's date in the grant's district, UTC where it names no zone; it decides active enrollments."""
        return datetime.fromtimestamp(self._clock(), self.zones.get(grant.district, UTC)).date().isoformat()

    def forget_before(self, snapshot: Snapshot) -> None:
        """Drop what was computed from earlier snapshots of the district."""
        with self._lock:
            for kept in (self._shown, self._visibilities):
                for key in [key for key in kept if key[0] == snapshot.district and _number(key) < snapshot.number]:
                    del kept[key]

    def over(self, snapshot: Snapshot, grant: Grant) -> Visibility:
        """Return the visibility of *grant* over a whole snapshot today."""
        today = self.today(grant)
        key = (snapshot.district, snapshot.number, grant.epoch, grant.client, today)
        return self._visibility_of(key, snapshot, grant, today)

    def _compile(self, view: View, visibility: Visibility) -> tuple[ViewRows, ...]:
        return tuple(ViewRows(branch, view, visibility, self.ledger) for branch in view.branches)

    def _visibility_of(self, key: tuple[object, ...], snapshot: Snapshot, grant: Grant, today: str) -> Visibility:
        with self._lock:
            found = self._visibilities.get(key)
            older = [
                visibility for one, visibility in self._visibilities.items() if one[0] == key[0] and one[2:] == key[2:]
            ]
        if found is not None:
            return found
        made = self._made(snapshot, grant, today, older[-1] if older else None)
        made.history = self.open_account(made)
        with self._lock:
            found = self._visibilities.get(key, made)
            _remember(self._visibilities, key, found, MAX_VISIBILITIES)
            return found

    def _made(self, snapshot: Snapshot, grant: Grant, today: str, before: Visibility | None) -> Visibility:
        """Make a visibility, with what the one *before* computed of what does not differ."""
        raw, decide = Visibility(snapshot, grant, self._keyring, today), partial(self._decide, grant)
        if before is not None:
            raw.take_over(before.raw or before, decide)
        made = laid_over(raw, before=before)
        if made is not raw and before is not None:
            made.take_over(before, decide)
        return made


def attempt(work: Callable[[], object]) -> None:
    """Do *work* for one consumer; report a fault in it instead of keeping new data from others."""
    try:
        work()
    except Exception as error:  # noqa: BLE001  no fault may stop the work for others
        telemetry.fault(error)


def _remember(kept: OrderedDict[tuple[object, ...], Any], key: tuple[object, ...], value: object, most: int) -> None:
    kept[key] = value
    while len(kept) > most:
        kept.popitem(last=False)


def _number(key: tuple[object, ...]) -> int:
    """Return the snapshot's number in a cache key."""
    return cast("int", key[1])
