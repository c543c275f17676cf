"""A reload: the next state made from the files on disk, beside the present one, as far as its districts are read."""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from gateway.audit.agreement_texts import record_all
from gateway.cache.needed_fields import programs_of, wanted_by
from gateway.runtime.loads import Need
from gateway.runtime.meanwhile import meanwhile
from gateway.runtime.report import acts_of
from gateway.runtime.state import GatewayState, read_standing, selected_again
from gateway.runtime.successor import Successor
from gateway.storage.acts import write_acts
from gateway.storage.people.agreements import read_written
from policies.compiler import Grants
from policies.documents.written import SCHEME
from standards.errors import GatewayError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from adapters.contract import Wanted
    from gateway.audit.log import Record
    from gateway.config.settings import DistrictSettings as Spec
    from gateway.config.settings import Settings
    from gateway.districts.district import District
    from gateway.runtime.loads import Loads
    from gateway.runtime.state import Parts
    from policies.agreement import Agreement
    from policies.standing import Standing

RELOADED: Final = frozenset(
    {
        "agreements",
        "approvals",
        "districts",
        "keep_entries",
        "limits",
        "tokens",
        "server.browser_origins",
        "server.public_url",
        "server.trusted_proxies",
        "warnings",
    }
)
"""The settings that a reload changes; every other one keeps its value until the process ends."""

BESIDE_DATA: Final = ("timezone", "school_years")
"""The settings of a district that do not concern its data."""


class Refused(GatewayError):
    """The files on disk cannot be served; *mistakes* are all that is wrong with them, each with its position."""

    def __init__(self, mistakes: Iterable[SettingsError]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(one.message for one in self.mistakes))


@dataclass(frozen=True, slots=True)
class ReloadTarget:
    """The settings and agreements to be served as soon as every district is read for them; *actor* asked for it."""

    settings: Settings
    standing: Standing
    actor: str = ""


@dataclass(frozen=True, slots=True)
class StateChange:
    """The next state: which districts are new in it, and what it still needs of sources to be as it is to be."""

    state: GatewayState
    successors: tuple[Successor, ...]
    taken: tuple[str, ...]
    needs: Mapping[str, Need]
    alters: bool


def read_target(
    parts: Parts, before: ReloadTarget, record: Record, read: Settings, actor: str
) -> tuple[ReloadTarget, tuple[str, ...]]:
    """Return what is to be served by the settings just *read*, and the names of those that only a restart changes.

    Raises:
        Refused: a setting or an agreement is wrong.
    """
    settings, restart = kept(before.settings, read)
    try:
        standing = read_standing(settings, record, parts)
    except SettingsError as error:
        raise Refused([error]) from None
    if fresh := _fresh_mistakes(before.standing, standing):
        raise Refused(fresh)
    return ReloadTarget(settings, standing, actor), restart


def _fresh_mistakes(before: Standing, standing: Standing) -> tuple[SettingsError, ...]:
    """Return the mistakes for which nothing new is served.

    One in what the people of a district have written, because of which the district's agreements are withheld
    already, holds up nothing of other districts.
    """
    known = {one.message for one in before.mistakes if one.file.startswith(SCHEME)}
    fresh = tuple(one for one in standing.mistakes if one.message not in known)
    return standing.mistakes if fresh else ()


def select_again(parts: Parts, before: ReloadTarget, record: Record, actor: str) -> ReloadTarget | None:
    """Return the target in which the approvals of now decide which of the agreements read before release anything.

    None where they decide as before.
    """
    standing = selected_again(before.settings, before.standing, record, parts)
    return None if standing == before.standing else ReloadTarget(before.settings, standing, actor)


def without_withdrawn(parts: Parts, before: ReloadTarget, actor: str) -> ReloadTarget | None:
    """Return the target without the written versions that are published no longer, and what those replaced.

    None where there are none. It takes nothing but away, so that nothing that is wrong elsewhere holds it up.

    Raises:
        StoreUnavailable: the registry cannot be read.
    """
    written = read_written(parts.store)
    published = {one.name for one in written.documents}

    def stays(one: Agreement) -> bool:
        is_there = not one.file.startswith(SCHEME) or one.file in published
        return is_there and one.version >= written.replaced.get((one.id, one.district), 0)

    standing = before.standing
    kept = tuple(filter(stays, standing.agreements))
    if kept == standing.agreements:
        return None
    reading = replace(standing.reading, found=tuple(filter(stays, standing.reading.found)))
    return ReloadTarget(before.settings, replace(standing, agreements=kept, reading=reading), actor)


def arrange(parts: Parts, before: GatewayState, target: ReloadTarget, loads: Loads) -> StateChange:
    """Prepare the state that is as near to the *target* as it can be now, beside the one *before*.

    No source is asked for it. A district that must be read first goes on as it is, and a new one is not there yet; what
    the agreements of either need besides waits. That other agreements are served is written down as acts.
    """
    change = _Arranging(parts, before, target, loads).change()
    served = change.state.standing
    record_all(before.gateway.record, served.agreements)
    write_acts(parts.store, acts_of(before.standing, served, target.actor), parts.clock())
    return change


def kept(before: Settings, read: Settings) -> tuple[Settings, tuple[str, ...]]:
    """Return the settings *read* as far as a reload changes them, and the names of those that it does not."""
    fixed = [name for name in _differences(before, read) if name not in RELOADED]
    settings = read
    for name in fixed:
        settings = _with(settings, name.split("."), before)
    return settings, tuple(fixed)


def _differences(one: Any, other: Any, path: str = "") -> Iterator[str]:
    """List the dotted names of the settings that differ."""
    for each in fields(one):
        name = f"{path}{each.name}"
        mine, theirs = getattr(one, each.name), getattr(other, each.name)
        if mine != theirs:
            yield from (
                _differences(mine, theirs, f"{name}.") if is_dataclass(mine) and name not in RELOADED else (name,)
            )


def _with(settings: Any, steps: list[str], before: Any) -> Any:
    """Return *settings* with one value as it was *before*."""
    head, *rest = steps
    value = _with(getattr(settings, head), rest, getattr(before, head)) if rest else getattr(before, head)
    return replace(settings, **{head: value})


class _Arranging:
    """The districts of the next state, each kept, taken from a load that has ended, or waiting for one."""

    def __init__(self, parts: Parts, before: GatewayState, target: ReloadTarget, loads: Loads) -> None:
        self._parts, self._before, self._target, self._loads = parts, before, target, loads
        self._districts: dict[str, District] = {}
        self._specs: dict[str, Spec] = {}
        self._taken: list[str] = []
        self._needs: dict[str, Need] = {}

    def change(self) -> StateChange:
        """Find what each district comes to, and build the next state."""
        before, target = self._before, self._target
        grants = Grants(target.standing.agreements, self._parts.clock, before.gateway.grants)
        for name, spec in target.settings.districts.items():
            self._place(name, spec, grants)
        settings = replace(target.settings, districts=self._specs)
        standing = replace(target.standing, agreements=self._counting())
        if self._needs:
            grants = Grants(standing.agreements, self._parts.clock, grants)
        fresh = [self._districts[name] for name in self._taken]
        alters = bool(fresh) or (settings, standing) != (before.settings, before.standing)
        successors = tuple(one for one in fresh if isinstance(one, Successor))
        state = self._state(settings, standing, grants)
        return StateChange(state, successors, tuple(self._taken), self._needs, alters)

    def _state(self, settings: Settings, standing: Standing, grants: Grants) -> GatewayState:
        before = self._before.gateway
        limits = before.limits
        if settings.limits != self._before.settings.limits:
            limits = limits.at(settings.limits)
        callers = self._parts.callers(limits)
        gateway = before.followed_by(
            districts=self._districts, grants=grants, callers=callers, limits=limits, zones=settings.zones
        )
        gateway.attend(self._districts[name] for name in self._taken)
        return GatewayState(settings, standing, gateway, self._parts.app(gateway, settings, self._before.app))

    def _place(self, name: str, spec: Spec, grants: Grants) -> None:
        """Keep a district, take its load, or let it wait as it is."""
        old, before = self._before.settings.districts.get(name), self._before.gateway.districts.get(name)
        every = grants.every(name)
        wanted, programs = wanted_by(every), programs_of(every)
        if before is not None and old is not None and _same(old, spec) and _covers(before, wanted, programs):
            self._districts[name], self._specs[name] = before, spec
            return
        need = Need(name, spec, wanted, programs, before, old is not None and _same_source(old, spec))
        load = self._loads.find(need)
        if load is not None and (load.is_ready or load.is_admitted):
            self._districts[name], self._specs[name] = load.district, spec
            self._taken.append(name)
            return
        self._needs[name] = need
        if before is not None and old is not None:
            self._districts[name], self._specs[name] = before, old

    def _counting(self) -> tuple[Agreement, ...]:
        """Return the agreements that count while some districts wait."""
        standing = self._target.standing
        if not self._needs:
            return standing.agreements
        meant = {name: self._meanwhile(name) for name in self._needs}
        every = (*(one for one in standing.agreements if one.district not in meant), *chain(*meant.values()))
        order = {(one.id, one.version): number for number, one in enumerate(standing.agreements)}
        return tuple(sorted(every, key=lambda one: order.get((one.id, one.version), len(order))))

    def _meanwhile(self, name: str) -> tuple[Agreement, ...]:
        present = self._before.gateway.districts.get(name)
        if present is None:
            return ()
        target, clock = self._target.standing, self._parts.clock

        def covered(one: Agreement) -> bool:
            every = Grants((one,), clock).every(name)
            return _covers(present, wanted_by(every), programs_of(every))

        coming = [one for one in target.agreements if one.district == name]
        served = [one for one in self._before.standing.agreements if one.district == name]
        return meanwhile(coming, served, target.reading.found, covered, clock())


def _covers(district: District, wanted: Wanted, programs: frozenset[str]) -> bool:
    """Tell whether a district need not be read for more fields: it has them, or nothing yet."""
    return not district.loaded or district.covers(wanted, programs)


def _same(one: Spec, other: Spec) -> bool:
    """Tell whether two settings of a district give the same data."""
    return replace(one, **{name: getattr(other, name) for name in BESIDE_DATA}) == other


def _same_source(one: Spec, other: Spec) -> bool:
    """Tell whether two settings of a district lead to the same records of the same source."""
    return all(
        getattr(one, name) == getattr(other, name) for name in ("adapter", "settings", "defaults", "descriptors")
    )
