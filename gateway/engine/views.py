"""Views over snapshots: what each grant shows of each district's records, worked out once and kept while asked for."""

from __future__ import annotations

import threading
from collections import OrderedDict
from copy import copy
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, cast

from adapters.contract import NO_HINTS
from gateway import telemetry
from gateway.cache.point_lookups import NOTHING
from gateway.engine.plan import decides, entities_of
from gateway.engine.view_rows import Shown
from gateway.engine.visibility import Faces
from standards.pruning import prune

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import tzinfo

    from adapters.contract import Hints
    from gateway.cache.point_lookups import Seek
    from gateway.cache.snapshot import Generation
    from gateway.districts.district import District
    from gateway.engine.view_rows import ChangeTimes
    from policies.grant import Grant
    from standards.keys import Keyring
    from standards.view import View

FACES_KEPT = 64
SHOWN_KEPT = 1024
PLANS_KEPT = 8192

T = TypeVar("T")


class Views:
    """What grants show of the districts' records, over the snapshots that are there.

    *account* opens, for faces of a whole snapshot, what their client is told of changes in it; *in_force* says
    whether a grant's agreement is one that its client is served under today.
    """

    def __init__(
        self,
        *,
        districts: Mapping[str, District],
        keyring: Keyring,
        ledger: ChangeTimes,
        clock: Callable[[], float],
        zones: Mapping[str, tzinfo],
        account: Callable[[Faces], object],
        in_force: Callable[[Grant], bool],
    ) -> None:
        self.districts, self._keyring, self.ledger, self._clock, self.zones = districts, keyring, ledger, clock, zones
        self.open_account, self.in_force = account, in_force
        self._plans: OrderedDict[tuple[object, ...], Any] = OrderedDict()
        self._faces: OrderedDict[tuple[object, ...], Faces] = OrderedDict()
        self._shown: OrderedDict[tuple[object, ...], tuple[Shown, ...]] = OrderedDict()
        self._lock = threading.Lock()

    def followed_by(
        self,
        *,
        districts: Mapping[str, District],
        zones: Mapping[str, tzinfo],
        account: Callable[[Faces], object],
        in_force: Callable[[Grant], bool],
    ) -> Views:
        """The views of the next state, which go on with all that these have computed."""
        fresh = copy(self)
        fresh.districts, fresh.zones = districts, zones
        fresh.open_account, fresh.in_force = account, in_force
        return fresh

    def forget_but(self, epochs: Iterable[str]) -> None:
        """Let go of what was computed for grants of other *epochs*."""
        known = frozenset(epochs)
        with self._lock:
            for kept, place in ((self._shown, 2), (self._faces, 2), (self._plans, 1)):
                for key in [key for key in kept if key[place] not in known]:
                    del kept[key]

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
            return self._compile(view, Faces(generation, grant, self._keyring, self.today(grant)))
        return self._over(generation, grant, view)

    def held(self, grant: Grant) -> Faces:
        """What *grant* shows of all that is held."""
        return self.over(self.districts[grant.district].hold(), grant)

    def shown_together(self, grant: Grant, views: Sequence[View]) -> tuple[tuple[Shown, ...], ...]:
        """The branches of several pruned *views* over one and the same state of the district's data."""
        every = [self.entities(grant, view) for view in views]
        generation = self.districts[grant.district].generation(frozenset[str]().union(*every), grant)
        held = generation.base if generation.base or not generation.number else generation
        live = frozenset(generation.tables) if held is not generation else frozenset[str]()
        faces = Faces(generation, grant, self._keyring, self.today(grant))
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
            attempt(partial(self._prepare, every, fresh))

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
                attempt(partial(self._work_out, parts, fresh))

    def _work_out(self, parts: tuple[Shown, ...], fresh: Generation) -> None:
        for one in self._again(parts, fresh):
            one.rows  # noqa: B018  worked out when asked for

    def _again(self, parts: tuple[Shown, ...], fresh: Generation) -> tuple[Shown, ...]:
        return self._over(fresh, parts[0].faces.grant, parts[0].view)

    def _shown_over(self, generation: Generation) -> list[tuple[Shown, ...]]:
        with self._lock:
            of = (generation.district, generation.number)
            return [parts for key, parts in self._shown.items() if key[:2] == of]

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
        return datetime.fromtimestamp(self._clock(), self.zones.get(grant.district, UTC)).date().isoformat()

    def forget_before(self, generation: Generation) -> None:
        """Let go of what was computed from earlier holds of the district: their time is over."""
        with self._lock:
            for kept in (self._shown, self._faces):
                for key in [key for key in kept if key[0] == generation.district and _number(key) < generation.number]:
                    del kept[key]

    def over(self, generation: Generation, grant: Grant) -> Faces:
        """What *grant* shows of a whole snapshot today."""
        today = self.today(grant)
        key = (generation.district, generation.number, grant.epoch, grant.client, today)
        return self._faces_of(key, generation, grant, today)

    def _compile(self, view: View, faces: Faces) -> tuple[Shown, ...]:
        return tuple(Shown(branch, view, faces, self.ledger) for branch in view.branches)

    def _faces_of(self, key: tuple[object, ...], generation: Generation, grant: Grant, today: str) -> Faces:
        with self._lock:
            found = self._faces.get(key)
            older = [faces for one, faces in self._faces.items() if one[0] == key[0] and one[2:] == key[2:]]
        if found is not None:
            return found
        made = Faces(generation, grant, self._keyring, today)
        if older:
            made.adopt(older[-1], partial(self._decide, grant))
        made.account = self.open_account(made)
        with self._lock:
            found = self._faces.get(key, made)
            _remember(self._faces, key, found, FACES_KEPT)
            return found


def attempt(work: Callable[[], object]) -> None:
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
