"""Everything a running gateway consists of, put together once from its settings."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from contextlib import suppress
from copy import copy
from datetime import UTC, datetime
from functools import partial
from secrets import token_bytes
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar, cast

from adapters.contract import NO_HINTS
from gateway import telemetry
from gateway.cache.point_lookups import NOTHING
from gateway.change_log.grant_logs import ChangeLogs
from gateway.change_log.journals import Journals
from gateway.change_log.projection import project
from gateway.engine.plan import decides, entities_of
from gateway.engine.row_index import Shown
from gateway.engine.visibility import Faces
from gateway.paging.page_tokens import Cursors
from gateway.record_locks import RecordLocks
from gateway.storage.secrets import KEY_BYTES
from standards import registry
from standards.errors import SourceError
from standards.view import prune

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import tzinfo

    from adapters.contract import Hints
    from gateway.audit.log import Record
    from gateway.auth.callers import Callers
    from gateway.auth.rate_limits import Limits
    from gateway.cache.point_lookups import Seek
    from gateway.cache.snapshot import Generation
    from gateway.change_log.grant_log import ChangeLog
    from gateway.change_log.ledger import Ledger
    from gateway.change_log.projection import Projection
    from gateway.districts.district import District
    from gateway.paging.walks import Walks
    from gateway.readiness import Readiness
    from policies.compiler import Grants
    from policies.grant import Grant
    from standards.keys import Keyring
    from standards.view import View

APIS = ("oneroster", "oneroster11", "edfi")
FACES_KEPT = 64
SHOWN_KEPT = 1024
PLANS_KEPT = 8192
WARMING_SECONDS = 120.0
"""How long the start waits for districts; whoever is asked before it is loaded loads it then, or waits for it."""

T = TypeVar("T")


class Gateway:
    """The parts of a gateway and what they have computed for recent requests."""

    def __init__(
        self,
        *,
        districts: Mapping[str, District],
        grants: Grants,
        callers: Callers,
        keyring: Keyring,
        record: Record,
        ledger: Ledger,
        walks: Walks,
        limits: Limits,
        clock: Callable[[], float],
        journals: Journals | None = None,
        logs: ChangeLogs | None = None,
        readiness: Readiness | None = None,
        zones: Mapping[str, tzinfo] = MappingProxyType({}),
    ) -> None:
        self.districts, self.grants, self.callers, self.keyring = districts, grants, callers, keyring
        self.record, self.ledger, self.walks = record, ledger, walks
        self.limits, self.clock = limits, clock
        self.readiness, self.zones = readiness, zones
        self.closing: Callable[[], object] = lambda: None
        self.record_locks = RecordLocks()
        self.cursors = Cursors(keyring)
        self.logs = logs or ChangeLogs(None, token_bytes(KEY_BYTES), clock, keyring)
        self.journals = journals or Journals(None, token_bytes(KEY_BYTES), clock)
        self.present: Callable[[], Gateway] = lambda: self
        self.attend(districts.values())
        self._plans: OrderedDict[tuple[object, ...], Any] = OrderedDict()
        self._faces: OrderedDict[tuple[object, ...], Faces] = OrderedDict()
        self._shown: OrderedDict[tuple[object, ...], tuple[Shown, ...]] = OrderedDict()
        self._lock = threading.Lock()

    def followed_by(
        self,
        *,
        districts: Mapping[str, District],
        grants: Grants,
        callers: Callers,
        limits: Limits,
        zones: Mapping[str, tzinfo],
    ) -> Gateway:
        """The gateway of the next state, which goes on with all that this one knows and has computed."""
        fresh = copy(self)
        fresh.districts, fresh.grants, fresh.callers = districts, grants, callers
        fresh.limits, fresh.zones = limits, zones
        return fresh

    def attend(self, districts: Iterable[District]) -> None:
        """Be told from now on when one of *districts* is renewed."""
        for district in districts:
            district.coming, district.renewed = self.prepare, self.carry

    def forget_the_gone(self) -> None:
        """Let go of what was computed for grants that are there no more."""
        epochs = {grant.epoch for name in self.districts for grant in self.grants.every(name)}
        with self._lock:
            for kept, place in ((self._shown, 2), (self._faces, 2), (self._plans, 1)):
                for key in [key for key in kept if key[place] not in epochs]:
                    del kept[key]
        self.logs.forget_districts(self.districts.keys())

    def close(self) -> None:
        """End the record, then what else was opened for it; nothing may be asked afterwards."""
        self.logs.close()
        self.record.close()
        self.closing()

    def entities(self, grant: Grant, view: View) -> frozenset[str]:
        """What a pruned *view* reads, worked out once."""
        return self._once(("entities", grant.epoch, view.api, view.name), lambda: entities_of(view, grant))

    def _decide(self, grant: Grant, entity: str) -> frozenset[str]:
        """What decides whether a record of *entity* may be seen, worked out once."""
        return self._once(("decides", grant.epoch, entity), lambda: decides(entity, grant))

    def branches(self, faces: Faces, view: View) -> tuple[Shown, ...]:
        """The branches of *view* over data that is at hand already."""
        pruned = self.pruned(faces.grant, view)
        return faces.once((view.api, view.name), lambda: self._compile(pruned, faces) if pruned else ())

    def shown(
        self,
        grant: Grant,
        view: View,
        beside: frozenset[str] = frozenset(),
        hints: Hints = NO_HINTS,
        seek: Seek = NOTHING,
    ) -> tuple[Shown, ...]:
        """The branches of a pruned *view* over the district's data as it is now, with other entities *beside*.

        Where they are read for this one request, rows that fail the *hints* may be left out, and of what is to be
        sought (*seek*) all that nothing leads to.
        """
        entities = self.entities(grant, view) | beside
        generation = self.districts[grant.district].generation(entities, grant, hints, seek)
        if generation.base is not None or not generation.number:
            return self._compile(view, Faces(generation, grant, self.keyring, self.today(grant)))
        return self._over(generation, grant, view)

    def held(self, grant: Grant) -> Faces:
        """What *grant* shows of all that is held."""
        generation, today = self.districts[grant.district].hold(), self.today(grant)
        key = (generation.district, generation.number, grant.epoch, grant.client, today)
        return self._faces_of(key, generation, grant, today)

    def shown_together(self, grant: Grant, views: Sequence[View]) -> tuple[tuple[Shown, ...], ...]:
        """The branches of several pruned *views* over one and the same state of the district's data."""
        every = [self.entities(grant, view) for view in views]
        generation = self.districts[grant.district].generation(frozenset[str]().union(*every), grant)
        held = generation.base if generation.base or not generation.number else generation
        live = frozenset(generation.tables) if held is not generation else frozenset[str]()
        faces = Faces(generation, grant, self.keyring, self.today(grant))
        return tuple(
            self._over(held, grant, view) if held and live.isdisjoint(needed) else self._compile(view, faces)
            for view, needed in zip(views, every, strict=True)
        )

    def _over(self, generation: Generation, grant: Grant, view: View) -> tuple[Shown, ...]:
        """The branches of a pruned *view* over a hold, worked out once."""
        today = self.today(grant)
        key = (generation.district, generation.number, grant.epoch, grant.client, today)
        place = (*key, view.api, view.name)
        with self._lock:
            found = self._shown.get(place)
        if found is None:
            found = self._compile(view, self._faces_of(key, generation, grant, today))
            with self._lock:
                _remember(self._shown, place, found, SHOWN_KEPT)
        return found

    def prepare(self, before: Generation, fresh: Generation) -> None:
        """Work out over a *fresh* hold what was shown over the one *before*, so that asking for it takes no time."""
        shown: dict[int, list[tuple[Shown, ...]]] = {}
        for parts in self._shown_over(before):
            shown.setdefault(id(parts[0].faces), []).append(parts)
        for every in shown.values():
            _attempt(partial(self._prepare, every, fresh))

    def carry(self, before: Generation, fresh: Generation) -> None:
        """Let every change log of a district go on to the *fresh* hold; what differs has no time until it is told.

        After a write whoever asks next does it.
        """
        for log in self.logs.followers(fresh.district) if fresh.loaded != before.loaded else ():
            grant = next((one for one in log.grants.values() if self.in_force(one)), None)
            if grant is not None:
                _attempt(partial(self._follow, log, grant, fresh))
            else:
                self.logs.let_go(log)
        self.logs.forget_differences()
        with self._lock:
            self._forget_before(fresh)

    def _follow(self, log: ChangeLog, grant: Grant, fresh: Generation) -> None:
        today = self.today(grant)
        key = (fresh.district, fresh.number, grant.epoch, grant.client, today)
        log.follow(self._faces_of(key, fresh, grant, today))

    def _prepare(self, every: list[tuple[Shown, ...]], fresh: Generation) -> None:
        """Work out what was shown of one and the same faces; what rests on nothing that differs is taken over."""
        before, grant = every[0][0].faces, every[0][0].faces.grant
        if not self.in_force(grant):
            return
        today, differs = self.today(grant), fresh.differs(before.generation)
        key = (fresh.district, fresh.number, grant.epoch, grant.client, today)
        faces = self._faces_of(key, fresh, grant, today)
        for parts in every:
            view = parts[0].view
            if today == before.today and differs.isdisjoint(self.entities(grant, view)):
                with self._lock:
                    place = (*key, view.api, view.name)
                    _remember(self._shown, place, tuple(one.over(faces) for one in parts), SHOWN_KEPT)
            elif view.api != "edfi" or fresh.loaded != before.generation.loaded:  # after a write whoever asks does it
                _attempt(partial(self._work_out, parts, fresh))

    def _work_out(self, parts: tuple[Shown, ...], fresh: Generation) -> None:
        for one in self._again(parts, fresh):
            one.rows  # noqa: B018  worked out when asked for

    def _again(self, parts: tuple[Shown, ...], fresh: Generation) -> tuple[Shown, ...]:
        return self._over(fresh, parts[0].faces.grant, parts[0].view)

    def _shown_over(self, generation: Generation) -> list[tuple[Shown, ...]]:
        with self._lock:
            of = (generation.district, generation.number)
            return [parts for key, parts in self._shown.items() if key[:2] == of]

    def in_force(self, grant: Grant) -> bool:
        """Whether the agreement behind *grant* is one that its client is served under today."""
        agreement = grant.agreement, grant.version
        return any((one.id, one.version) == agreement for one in self.grants.active(grant.client))

    def warm(self) -> None:
        """Load every hold before the first request, each by itself; one that takes long goes on while others serve."""
        threads = [
            threading.Thread(target=self._warm, args=(district,), name=f"load-{district.name}", daemon=True)
            for district in self.districts.values()
        ]
        for thread in threads:
            thread.start()
        end = time.monotonic() + WARMING_SECONDS
        for thread in threads:
            thread.join(max(0.0, end - time.monotonic()))

    def _warm(self, district: District) -> None:
        """Load the hold of a *district*, and find what differs for clients that know of it."""
        for grant in self.grants.every(district.name) if _load(district) else ():
            if self.in_force(grant):
                _attempt(partial(self._resume, grant))

    def _resume(self, grant: Grant) -> None:
        with suppress(SourceError):
            if not self.logs.knows(grant):  # which the registry may be unable to tell
                return
            faces = self.held(grant)
            if faces.account is not None:
                faces.account.log.follow(faces)

    def pruned(self, grant: Grant, view: View) -> View | None:
        """*view* without anything *grant* does not release, worked out once."""
        return self._once(("pruned", grant.epoch, view.api, view.name), lambda: prune(view, grant))

    def _once(self, place: tuple[str, ...], make: Callable[[], T]) -> T:
        """What *make* makes, kept for as long as it is asked for."""
        with self._lock:
            if place in self._plans:
                self._plans.move_to_end(place)
                return cast("T", self._plans[place])
        made = make()
        with self._lock:
            _remember(self._plans, place, made, PLANS_KEPT)
        return made

    def today(self, grant: Grant) -> str:
        """The date in the grant's district, by which its enrollments are active: in UTC where it names no zone."""
        return datetime.fromtimestamp(self.clock(), self.zones.get(grant.district, UTC)).date().isoformat()

    def tags(self, faces: Faces) -> Callable[[int], bytes]:
        """The keyed tag of a student row, for the record of disclosures."""
        return self.logs.tags(faces)

    def _forget_before(self, generation: Generation) -> None:
        """Let go of what was computed from earlier holds of the district: their time is over."""
        for kept in (self._shown, self._faces):
            for key in [key for key in kept if key[0] == generation.district and _number(key) < generation.number]:
                del kept[key]

    def _compile(self, view: View, faces: Faces) -> tuple[Shown, ...]:
        return tuple(Shown(branch, view, faces, self.ledger) for branch in view.branches)

    def _faces_of(self, key: tuple[object, ...], generation: Generation, grant: Grant, today: str) -> Faces:
        with self._lock:
            found = self._faces.get(key)
            older = [faces for one, faces in self._faces.items() if one[0] == key[0] and one[2:] == key[2:]]
        if found is not None:
            return found
        made = Faces(generation, grant, self.keyring, today)
        if older:
            made.adopt(older[-1], partial(self._decide, grant))
        held = self.districts[grant.district].holds
        made.account = self.logs.open(made, held, self.ledger, partial(self._projections, grant, held))
        with self._lock:
            found = self._faces.get(key, made)
            _remember(self._faces, key, found, FACES_KEPT)
            return found

    def _projections(self, grant: Grant, held: frozenset[str]) -> tuple[Projection, ...]:
        """All that *grant* shows of what is *held*, in every view of every API."""
        there = self.districts[grant.district].adapter.manifest.entities
        views = [
            pruned
            for api in APIS
            for view in registry.views(api).values()
            if (pruned := self.pruned(grant, view)) is not None and self.entities(grant, pruned) & there <= held
        ]
        return project(grant, views, held)


def _load(district: District) -> bool:
    """Load a district's hold; whether there is one now. A failure is told by the district, and tried again."""
    try:
        return bool(district.holds) and district.hold() is not None
    except SourceError:
        return False
    except Exception as error:  # noqa: BLE001  a fault of ours must not end in a thread that nobody hears
        telemetry.fault(error)
        return False


def _attempt(work: Callable[[], object]) -> None:
    """Do *work* for one consumer; a fault in it must not keep others from what is new."""
    try:
        work()
    except Exception as error:  # noqa: BLE001  whatever it is, the others go on
        telemetry.fault(error)


def _remember(kept: OrderedDict[tuple[object, ...], Any], key: tuple[object, ...], value: object, most: int) -> None:
    kept[key] = value
    while len(kept) > most:
        kept.popitem(last=False)


def _number(key: tuple[object, ...]) -> int:
    """The number of the hold that a key of the computed is for."""
    return cast("int", key[1])
