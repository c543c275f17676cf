"""The region as administration sees it: its registry, keys and settings, and the gateway where one is running."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime

    from gateway.admin.answers.rehearsed import AskedAddress, Rehearsed
    from gateway.auth.callers import Caller
    from gateway.config.settings import Settings
    from gateway.gateway import Gateway
    from gateway.storage.registry import SqlStore
    from gateway.storage.secrets import Keys
    from gateway.storage.shared_memory import Memory
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
