"""The state that requests are served from: settings, agreements and districts that belong together, replaced whole."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from adapters.defaults import Defaults
from gateway.audit.agreement_texts import Texts
from gateway.auth.callers import Callers
from gateway.auth.oauth1 import Verifier
from gateway.config.load_limits import Shares
from gateway.districts.descriptors import Described
from gateway.districts.district import District
from gateway.registers.effects_state import RegisterWatch
from gateway.web.app import create_app
from policies.standing import stand

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from flask import Flask

    from adapters.contract import Adapter, Wanted
    from gateway.audit.log import Record
    from gateway.auth.rate_limits import RateLimits
    from gateway.config.settings import DistrictSettings as Spec
    from gateway.config.settings import Settings
    from gateway.gateway import Gateway
    from gateway.readiness import Readiness
    from gateway.registers.entries import Registers
    from gateway.registers.tags import RegisterKeys
    from gateway.storage.registry import Store
    from gateway.storage.shared_memory import Memory
    from policies.standing import Standing
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

    store: Store
    memory: Memory
    keyring: Keyring
    sharing_key: bytes
    clock: Callable[[], datetime]
    monotonic: Callable[[], float]
    readiness: Readiness
    registers: Registers | None = None
    register_keys: RegisterKeys | None = None

    def now(self) -> float:
        """Return the present moment, in seconds since 1970."""
        return self.clock().timestamp()

    def callers(self, limits: RateLimits) -> Callers:
        """Build the authentication of callers, under *limits* for failed attempts."""
        verifier = Verifier(self.store, self.memory, limits, self.sharing_key, self.clock)
        return Callers(self.store, self.memory, self.clock, verifier, self.monotonic)

    def district(self, adapter: Adapter, spec: Spec, wanted: Wanted) -> District:
        """Build the district that *spec* describes; *wanted* returns the fields that any grant needs of it."""
        seconds = spec.cache.total_seconds()
        return District(
            spec.name, adapter, self.keyring, self.now,
            seconds=seconds, wanted=wanted, loss=spec.loss, monotonic=self.monotonic,
            default_category=spec.default_category,
            shares=Shares(spec.set_aside, spec.unresolved), registers=self.watch(spec),
        )  # fmt: skip

    def watch(self, spec: Spec) -> RegisterWatch | None:
        """Return the registers of the district that *spec* describes, as it sees them; None where there are none."""
        if self.registers is None or self.register_keys is None:
            return None
        return RegisterWatch(self.registers, self.register_keys, spec.name, monotonic=self.monotonic)

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


def read_standing(settings: Settings, record: Record) -> Standing:
    """Read the agreements on disk, each compared with what the audit log has of its version."""
    texts = Texts(*record.agreements)
    standing = stand(settings.agreements, settings.districts.keys(), texts.differing)
    return replace(standing, agreements=tuple(map(texts.held_to, standing.agreements)))
