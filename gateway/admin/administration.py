"""The region as administration sees it: its registry, keys and settings, and the gateway where one is running."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from gateway.every_agreement import read_every
from gateway.people.sessions import Sessions
from gateway.storage.database import transaction
from gateway.storage.people.kinds import kinds_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime, timedelta

    from gateway.admin.answers.rehearsed import AskedAddress, Rehearsed
    from gateway.auth.callers import Caller
    from gateway.config.settings import Settings
    from gateway.gateway import Gateway
    from gateway.storage.registry import SqlStore
    from gateway.storage.secrets import Keys
    from gateway.storage.shared_memory import Memory
    from policies.agreement import Agreement
    from policies.standing import Standing


class ReloadOutcome(Protocol):
    """What a reload came to."""

    @property
    def ok(self) -> bool:
        """Whether what people wrote is served now."""

    @property
    def lines(self) -> Sequence[str]:
        """What changed, or what is wrong and where."""

    @property
    def unread(self) -> Collection[str]:
        """The districts that must be read, and could not be yet, before all of it is served."""

    @property
    def failed(self) -> Collection[str]:
        """Those of them whose sources were asked, and cannot be read."""


class Running(Protocol):
    """The running gateway, as far as administration needs it."""

    @property
    def gateway(self) -> Gateway:
        """The gateway that serves the next request."""

    @property
    def settings(self) -> Settings:
        """The settings it serves."""

    @property
    def standing(self) -> Standing:
        """The agreements it serves, and those it withholds."""

    def rehearse(self, caller: Caller, asked: AskedAddress) -> Rehearsed:
        """Rehearse what *caller* asks, up to the first step that refuses it or looks at a record."""

    def visiting(self) -> AbstractContextManager[object]:
        """Keep the present state open until the end of the block."""

    def reload(self, actor: str, seconds: float = ..., district: str = ...) -> ReloadOutcome:
        """Serve what files and registry say now, or go on as before and say what is wrong.

        No more than *seconds* are waited for sources. A *district* that could not be read before is tried at once.
        """


@dataclass(frozen=True, slots=True)
class Administration:
    """What every service of administration works with; without *running* a command works on the registry alone."""

    store: SqlStore
    memory: Memory | None
    keys: Keys
    clock: Callable[[], datetime]
    settings: Callable[[], Settings]
    running: Running | None = None

    def kinds(self, orgs: Collection[str]) -> Mapping[str, frozenset[str]]:
        """Return of which kinds organisations are now; none where neither settings, people nor agreements say."""
        named = [(one.org, one.kind) for one in self.agreements() if one.org in orgs]
        districts = self.settings().districts

        def read() -> Mapping[str, frozenset[str]]:
            with transaction(self.store.engine) as connection:
                return kinds_of(connection, orgs, districts, named)

        return self.store.calls.run(read)

    def sessions(self) -> Sessions:
        """Return the sessions of people, which end when the settings say, whatever way one comes in."""

        def ends() -> tuple[timedelta, timedelta]:
            settings = self.settings().sign_in
            return settings.idle, settings.longest

        return Sessions(self.store, self.clock, self.kinds, ends)

    def agreements(self) -> Sequence[Agreement]:
        """Return every agreement without a mistake: of the running gateway, or of the folder where none runs."""
        if self.running is None:
            return read_every(self.settings(), self.store)[0]
        standing = self.running.standing
        return (*standing.agreements, *standing.withheld, *standing.reading.found)
