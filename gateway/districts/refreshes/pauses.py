"""Pauses: until one ends no refresh begins, and the snapshot of before serves until it expires."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from standards.errors import SourceUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_RETRY_SECONDS: Final = 3600


class SourcePaused(SourceUnavailable):
    """The people of a district have paused its refreshes, and no snapshot of before serves any more."""

    code = "source-paused"

    def __init__(self, until: float, retry_after: int) -> None:
        moment = datetime.fromtimestamp(until, UTC).isoformat(timespec="minutes").replace("+00:00", "Z")
        super().__init__(f"its refreshes are paused until {moment}", retry_after)


class RefreshPause:
    """The pause of one district, which ends by itself; *clock* gives moments in seconds since 1970."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.until: float | None = None

    @property
    def on(self) -> bool:
        """Whether no refresh may begin now."""
        return self.until is not None and self._clock() < self.until

    def check(self) -> None:
        """Refuse a refresh while the pause lasts.

        Raises:
            SourcePaused: it lasts.
        """
        if self.until is not None and self.on:
            raise SourcePaused(self.until, max(1, min(MAX_RETRY_SECONDS, int(self.until - self._clock()) + 1)))
