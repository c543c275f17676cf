"""Failures of a district: what failed last, told once to the log and the metrics, and when it is tried again."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from gateway.cache import district_log
from gateway.districts.retries import Retry
from standards.errors import SourceBroken, SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from adapters.contract import Adapter

REPEATED_SECONDS: Final = 60.0
"""A live reading that fails is counted each time, and logged again after so long."""


class Failures:
    """What fails of the district *name*: its *refresh*, which is tried again after pauses, and what is read *live*."""

    def __init__(self, name: str, monotonic: Callable[[], float], clock: Callable[[], float]) -> None:
        self._name, self._monotonic = name, monotonic
        self.refresh, self._live = Retry(monotonic, clock), Retry(monotonic, clock)
        self._told = float("-inf")

    @property
    def paused(self) -> bool:
        """Whether a refresh has failed that is not to be tried again yet."""
        return self.refresh.error is not None and not self.refresh.due

    def due(self, adapter: Adapter) -> bool:
        """Whether a refresh, or the opening of the *adapter*, has failed and is to be tried again now."""
        opening: Retry | None = getattr(adapter, "opening", None)
        return self.refresh.due or (opening is not None and opening.due)

    def last(self, adapter: Adapter) -> Retry | None:
        """What has failed, and has not gone well since; that the *adapter* cannot be opened comes first."""
        every = (getattr(adapter, "opening", None), self.refresh, self._live)
        return next((one for one in every if one is not None and one.error is not None), None)

    def is_live(self, failed: Retry | None) -> bool:
        """Whether it is a live reading that *failed*, which is tried again whenever somebody asks."""
        return failed is self._live

    @contextmanager
    def refreshing(self, event: str) -> Iterator[None]:
        """Tell that what is made in the block cannot be, by the name of the *event*, or that it can again."""
        try:
            yield
        except Exception as error:
            told = error if isinstance(error, SourceError) else SourceBroken("The gateway failed.")
            if self.refresh.failed(told):
                district_log.tell_failure(event, self._name, error, quiet=told is not error)  # a fault is told as such
            raise
        if self.refresh.error is not None:
            district_log.tell_recovery(self._name)
        self.refresh.succeeded()

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Tell that what is read live cannot be read; the source is asked again at the next request all the same."""
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
