"""The state that requests are served from: settings, agreements and districts that belong together, replaced whole."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import TYPE_CHECKING, Any

from adapters.defaults import Defaults
from gateway.audit.agreement_texts import Texts
from gateway.auth.callers import Callers
from gateway.auth.oauth1 import Verifier
from gateway.config.load_limits import Shares
from gateway.districts.descriptors import Described
from gateway.districts.district import District
from gateway.reasoning.examples import failures
from gateway.registers.effects.state import RegisterWatch
from gateway.signing.approval_book import unsigned
from gateway.signing.sealed_approvals import PURPOSE
from gateway.storage.approvals import Approvals
from gateway.storage.people.agreements import read_written
from gateway.web.app import create_app
from policies.comparison.review import replaced
from policies.standing import select, stand

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping
    from datetime import datetime

    from flask import Flask

    from adapters.contract import Adapter, Wanted
    from gateway.audit.log import Record
    from gateway.auth.rate_limits import RateLimits
    from gateway.config.settings import DistrictSettings as Spec
    from gateway.config.settings import Settings
    from gateway.gateway import Gateway
    from gateway.readiness import Readiness
    from gateway.registers.store import Registers
    from gateway.runtime.district_desk import DistrictDesk
    from gateway.storage.acts import SqlRegistry
    from gateway.storage.registry import SqlStore
    from gateway.storage.secrets import Keys
    from gateway.storage.shared_memory import Memory
    from policies.agreement import Agreement
    from policies.comparison.review import Pending
    from policies.standing import Standing
    from standards.errors import SettingsError
    from standards.keys import Keyring


class Visits:
    """The requests that use a state, so that it is known when the last of them has left."""

    def __init__(self) -> None:
        self._inside, self._closed, self._changed = 0, False, threading.Condition()

    def enter(self) -> bool:
        """Enter; return False where the state is closed."""
        with self._changed:
            self._inside += not self._closed
            return not self._closed

    def leave(self) -> None:
        """Leave."""
        with self._changed:
            self._inside -= 1
            if not self._inside:
                self._changed.notify_all()

    def close(self) -> None:
        """Wait until no request is inside, and let none in again."""
        with self._changed:
            self._changed.wait_for(lambda: not self._inside)
            self._closed = True


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts that live as long as the process, whatever is reloaded."""

    store: SqlStore
    memory: Memory
    keyring: Keyring
    sharing_key: bytes
    clock: Callable[[], datetime]
    monotonic: Callable[[], float]
    readiness: Readiness
    registers: Registers
    region_keys: Keys
    desk: DistrictDesk

    def now(self) -> float:
        """Return the present moment, in seconds since 1970."""
        return self.clock().timestamp()

    def callers(self, limits: RateLimits) -> Callers:
        """Build the authentication of callers, under *limits* for failed attempts."""
        verifier = Verifier(self.store, self.memory, limits, self.sharing_key, self.clock)
        return Callers(self.store, self.memory, self.clock, verifier, self.monotonic)

    def district(self, adapter: Adapter, spec: Spec, wanted: Wanted) -> District:
        """Build the district that *spec* describes; *wanted* returns the fields that any grant needs of it."""
        made = District(spec.name, adapter, self.keyring, self.now, wanted=wanted, **self.options(spec))
        return self.desk.begin(made)

    def options(self, spec: Spec) -> dict[str, Any]:
        """Return how the settings of a district, and its registers, let it be served."""
        return {
            "seconds": spec.cache.total_seconds(), "loss": spec.loss, "monotonic": self.monotonic,
            "default_category": spec.default_category, "shares": Shares(spec.set_aside, spec.unresolved),
            "zone": spec.timezone, "listener": self.desk.hear,
            "registers": RegisterWatch(self.registers, self.registers.keys, spec.name, spec.registers, self.monotonic),
        }  # fmt: skip

    def app(self, gateway: Gateway, settings: Settings, like: Flask | None = None) -> Flask:
        """Build the application over a *gateway*, with the routes of another one."""
        return create_app(gateway, settings, self.store, self.memory, self.clock, like)


@dataclass(frozen=True, slots=True, weakref_slot=True)
class GatewayState:
    """The parts that a request is served from, from its beginning to its end."""

    settings: Settings
    standing: Standing
    gateway: Gateway
    app: Flask
    visits: Visits = field(default_factory=Visits)


def described(adapter: Adapter, spec: Spec) -> Adapter:
    """Wrap an adapter so that it has the descriptors that its district declares."""
    return Described(adapter, (*Defaults(spec.defaults).texts, *spec.descriptors))


def read_standing(settings: Settings, record: Record, parts: Parts) -> Standing:
    """Read the agreements on disk and in the registry.

    Each is compared with its text on record, its tests are tried and its signatures looked at.
    """
    texts, districts = Texts(*record.agreements), settings.districts.keys()
    written = read_written(parts.store)

    def wrong(found: Collection[Agreement]) -> Iterable[tuple[SettingsError, Agreement]]:
        return chain(texts.differing(found), failures(found))

    pending = _pending(settings, parts, texts, written.replaced)
    return _held(stand(settings.agreements, districts, wrong, pending, texts.rebound, written.documents), texts)


def selected_again(settings: Settings, before: Standing, record: Record, parts: Parts) -> Standing:
    """Select the effective agreements anew, by the approvals of now, without a look at the documents."""
    texts = Texts(*record.agreements)
    pending = _pending(settings, parts, texts, read_written(parts.store).replaced)
    return _held(select(before.reading, pending, texts.rebound), texts)


def _pending(
    settings: Settings, parts: Parts, texts: Texts, withdrawn: Mapping[tuple[str, str], int]
) -> Callable[[Collection[Agreement]], tuple[Pending, ...]]:
    """Return the function that finds what releases nothing: what was replaced by one withdrawn, what is not signed."""

    def pending(found: Collection[Agreement]) -> tuple[Pending, ...]:
        gone = replaced(found, withdrawn)
        rest = [one for one in found if one.version >= withdrawn.get((one.id, one.district), 0)]
        if not settings.must_be_signed:
            return gone
        seal = parts.region_keys.derive(PURPOSE)
        return (*gone, *unsigned(parts.store, texts, settings.districts.keys(), parts.clock, seal)(rest))

    return pending


def approvals_of(settings: Settings, store: SqlRegistry) -> tuple[int, ...]:
    """Return numbers that change with every approval that decides what is released; none where none does."""
    return Approvals(store).state() if settings.must_be_signed else ()


def _held(standing: Standing, texts: Texts) -> Standing:
    return replace(standing, agreements=tuple(map(texts.held_to, standing.agreements)))
