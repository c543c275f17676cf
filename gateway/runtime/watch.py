"""The watch of the running gateway over its registry: acts are carried over, and changes followed, within a second."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from gateway import telemetry
from standards.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.audit.acts import Carrier

WATCH_SECONDS = 0.5
"""The time between two looks at the registry."""


class Watch:
    """A thread that carries acts over again and again, the first time at once, and lets *followers* see to the rest."""

    def __init__(
        self, carrier: Carrier, *followers: Callable[[], object], ended: Callable[[], object] = lambda: None
    ) -> None:
        self._carrier, self._followers, self._ended = carrier, followers, threading.Event()
        self._at_end = ended
        _attempt(carrier.carry)
        self._thread = threading.Thread(target=self._watch, name="watch", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Carry over what waits and end."""
        self._ended.set()
        self._thread.join()
        _attempt(self._at_end)
        self._carrier.stop()

    def _watch(self) -> None:
        while True:
            for work in (self._carrier.carry, *self._followers):
                _attempt(work)
            if self._ended.wait(WATCH_SECONDS):
                return


def _attempt(work: Callable[[], object]) -> None:
    try:
        work()
    except StoreUnavailable:
        pass  # the next look finds it again, and requests tell of it
    except Exception as error:  # noqa: BLE001  whatever it is, the next look is taken
        telemetry.fault(error)
