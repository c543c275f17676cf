"""Failures of a district: what failed last, logged and counted once, and when it is retried."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from gateway.cache import district_log
from gateway.districts.refreshes.readings import Overtaken
from gateway.districts.retries import Retry
from standards.errors import SourceBroken, SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from adapters.contract import Adapter

REPEATED_SECONDS: Final = 60.0
"""The pause before a repeated failure of uncached reads is logged again; each one is counted."""


class Failures:
    """The failures of the district *name*: of its *refresh*, which is retried after pauses, and of uncached reads."""

    def __init__(self, name: str, monotonic: Callable[[], float], clock: Callable[[], float]) -> None:
        self._name, self._monotonic = name, monotonic
        self.refresh, self._live = Retry(monotonic, clock), Retry(monotonic, clock)
        self._told = float("-inf")

    @property
    def paused(self) -> bool:
        """Whether a refresh has failed and its pause is not over yet."""
        return self.refresh.error is not None and not self.refresh.due

    def due(self, adapter: Adapter) -> bool:
        """Tell whether a failed refresh, or a failed opening of the *adapter*, is to be retried now."""
        opening: Retry | None = getattr(adapter, "opening", None)
        return self.refresh.due or (opening is not None and opening.due)

    def last(self, adapter: Adapter) -> Retry | None:
        """Return the failure that still lasts, if any: of opening the *adapter*, of the refresh, of uncached reads."""
        every = (getattr(adapter, "opening", None), self.refresh, self._live)
        return next((one for one in every if one is not None and one.error is not None), None)

    def is_live(self, failed: Retry | None) -> bool:
        """Tell whether *failed* is the failure of uncached reads, which are retried at every request."""
        return failed is self._live

    @contextmanager
    def refreshing(self, event: str) -> Iterator[None]:
        """Log and count a failure in the block as *event*, or the recovery after one."""
        try:
            yield
        except Overtaken:
            raise
        except Exception as error:
            told = error if isinstance(error, SourceError) else SourceBroken("The gateway failed.")
            if self.refresh.failed(told):
                district_log.tell_failure(event, self._name, error, quiet=told is not error)  # faults are reported
            raise
        if self.refresh.error is not None:
            district_log.tell_recovery(self._name)
        self.refresh.succeeded()

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Log and count a failure of an uncached read in the block; the next request tries again all the same."""
        try:
            yield
        except SourceError as error:
            now = self._monotonic()
            quiet = self._live.error is not None and now - self._told < REPEATED_SECONDS
            self._told = self._told if quiet else now
            self._live.hurry()
            self._live.failed(error)
            district_log.tell_failure("reading failed", self._name, error, quiet=quiet)
            raise
        if self._live.error is not None:
            self._live.succeeded()
            district_log.tell_recovery(self._name)
