"""Background refreshes: in a thread of their own, whose failures are told where a request's would be."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from gateway import telemetry
from standards.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable


def in_background(name: str, work: Callable[[], object], ended: Callable[[], object]) -> None:
    """Begin *work* on the district *name* in a thread, and call *ended* whatever came of it."""

    def run() -> None:
        try:
            work()
        except SourceError:
            return
        except Exception as error:  # noqa: BLE001  report it instead of ending the thread silently
            telemetry.fault(error)
        finally:
            ended()

    threading.Thread(target=run, name=f"refresh-{name}", daemon=True).start()
