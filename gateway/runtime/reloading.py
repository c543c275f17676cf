"""A reload: the next state made from the files on disk, beside the present one and from the same parts."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from gateway import telemetry
from gateway.audit.agreement_texts import record_all
from gateway.cache.needed_fields import programs_of, wanted_by
from gateway.districts import sources
from gateway.failure_reasons import reason
from gateway.runtime.report import acts_of
from gateway.runtime.state import GatewayState, described, read_standing, selected_again
from gateway.runtime.successor import Successor
from gateway.storage.acts import write_acts
from gateway.storage.people.agreements import read_written
from policies.compiler import Grants
from policies.documents.written import SCHEME
from standards.errors import GatewayError, SettingsError, SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from adapters.contract import Adapter
    from gateway.config.settings import DistrictSettings as Spec
    from gateway.config.settings import Settings
    from gateway.districts.district import District
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
class StateChange:
    """The next state: which districts and parts it replaces, and which settings only a restart would change."""

    state: GatewayState
    successors: tuple[Successor, ...]
    arrivals: tuple[District, ...]
    restart: tuple[str, ...]

    @property
    def read_again(self) -> frozenset[str]:
        """Return the districts whose data were read for it."""
        return frozenset(one.name for one in (*self.successors, *self.arrivals))


def prepare(parts: Parts, before: GatewayState, read: Settings, actor: str = "") -> StateChange:
    """Prepare the state of the settings just *read*, beside the one *before* and from the same parts.

    That other agreements are served is written down as acts of *actor*.

    Raises:
        Refused: an agreement is wrong, or a district cannot be opened or read.
    """
    settings, restart = kept(before.settings, read)
    try:
        standing = read_standing(settings, before.gateway.record, parts)
    except SettingsError as error:
        raise Refused([error]) from None
    if fresh := _fresh_mistakes(before.standing, standing):
        raise Refused(fresh)
    return replace(_change(parts, before, settings, standing, actor), restart=restart)


def _fresh_mistakes(before: Standing, standing: Standing) -> tuple[SettingsError, ...]:
    """Return the mistakes for which nothing new is served.

    One in what the people of a district have written, because of which the district's agreements are withheld
    already, holds up nothing of other districts.
    """
    known = {one.message for one in before.mistakes if one.file.startswith(SCHEME)}
    fresh = tuple(one for one in standing.mistakes if one.message not in known)
    return standing.mistakes if fresh else ()


def select_again(parts: Parts, before: GatewayState, actor: str) -> StateChange | None:
    """Prepare the state in which the approvals of now decide which of the agreements read before release anything.

    None where they decide as before. What was withdrawn ends also where a district cannot be read for what was signed.

    Raises:
        Refused: a district cannot be read for what is released now.
    """
    standing = selected_again(before, parts)
    if standing == before.standing:
        return None
    try:
        return _change(parts, before, before.settings, standing, actor)
    except Refused:
        still = tuple(one for one in standing.agreements if one in before.standing.agreements)
        if still == before.standing.agreements:
            raise
        return _change(parts, before, before.settings, replace(standing, agreements=still), actor)


def without_withdrawn(parts: Parts, before: GatewayState, actor: str) -> StateChange | None:
    """Prepare the present state without the written versions that are published no longer, and what those replaced.

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
    return _change(parts, before, before.settings, replace(standing, agreements=kept, reading=reading), actor)


def _change(parts: Parts, before: GatewayState, settings: Settings, standing: Standing, actor: str) -> StateChange:
    """Prepare the state of these *settings* and agreements."""
    grants = Grants(standing.agreements, parts.clock, before.gateway.grants)
    opening = _Opening(parts, before, settings, grants)
    try:
        change = opening.change(standing)
        record_all(before.gateway.record, standing.agreements)
        write_acts(parts.store, acts_of(before.standing, standing, actor), parts.clock())
    except BaseException:
        opening.discard()
        raise
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


class _Opening:
    """The districts of the next state, each kept, replaced by a successor, or new."""

    def __init__(self, parts: Parts, before: GatewayState, settings: Settings, grants: Grants) -> None:
        self._parts, self._before, self._settings, self._grants = parts, before, settings, grants
        self._successors: list[Successor] = []
        self._arrivals: list[District] = []

    def change(self, standing: Standing) -> StateChange:
        """Open and read what has changed, and build the next state."""
        districts: Mapping[str, District] = {name: self._one(name) for name in self._settings.districts}
        before = self._before.gateway
        limits = before.limits
        if self._settings.limits != self._before.settings.limits:
            limits = limits.at(self._settings.limits)
        callers = self._parts.callers(limits)
        gateway = before.followed_by(
            districts=districts, grants=self._grants, callers=callers, limits=limits, zones=self._settings.zones
        )
        gateway.attend((*self._successors, *self._arrivals))
        for one in self._successors:
            self._read(one.name, one.load)
        for district in self._arrivals:
            if district.cached_entities:
                self._read(district.name, district.cached_snapshot)
        state = GatewayState(
            self._settings, standing, gateway, self._parts.app(gateway, self._settings, self._before.app)
        )
        return StateChange(state, tuple(self._successors), tuple(self._arrivals), ())

    def discard(self) -> None:
        """Close what was opened."""
        for one in self._successors:
            one.abandon()
        for district in self._arrivals:
            district.close()

    def _one(self, name: str) -> District:
        spec, old = self._settings.districts[name], self._before.settings.districts.get(name)
        every = self._grants.every(name)
        wanted, programs = wanted_by(every), programs_of(every)
        if old is None:
            arrival = self._parts.district(self._open(name, spec), spec, wanted)
            arrival.want(wanted, programs)
            self._arrivals.append(arrival)
            return arrival
        before = self._before.gateway.districts[name]
        if _same(old, spec) and (not before.loaded or before.covers(wanted, programs)):
            return before
        adapter = before.adapter if _same_source(old, spec) else self._open(name, spec)
        successor = Successor(before, self._parts, adapter, spec, wanted)
        successor.want(wanted, programs)
        self._successors.append(successor)
        return successor

    def _open(self, name: str, spec: Spec) -> Adapter:
        with _telling(name, self._settings):
            adapter = sources.adapter_of(name, spec, self._parts.monotonic)
            if sources.is_known(adapter.beyond()):
                return described(adapter, spec)
            adapter.close()
            raise SettingsError("its system has resources that the model does not know; that needs a restart")

    def _read(self, name: str, load: Callable[[], object]) -> None:
        with _telling(name, self._settings):
            load()


@contextmanager
def _telling(name: str, settings: Settings) -> Iterator[None]:
    """Name the district of a failure, and nothing of the data it was working on."""
    try:
        yield
    except SourceError as error:
        raise Refused([SettingsError(str(reason(name, error)), str(settings.file))]) from None
    except GatewayError as error:
        raise Refused([SettingsError(f"districts.{name}: {error.message}", str(settings.file))]) from None
    except Exception as error:  # noqa: BLE001  an adapter may fail in any way
        telemetry.fault(error)
        message = f"districts.{name}: the adapter failed ({type(error).__name__}); the log tells where"
        raise Refused([SettingsError(message, str(settings.file))]) from None


def _same(one: Spec, other: Spec) -> bool:
    """Tell whether two settings of a district give the same data."""
    return replace(one, **{name: getattr(other, name) for name in BESIDE_DATA}) == other


def _same_source(one: Spec, other: Spec) -> bool:
    """Tell whether two settings of a district lead to the same records of the same source."""
    return all(
        getattr(one, name) == getattr(other, name) for name in ("adapter", "settings", "defaults", "descriptors")
    )
