"""Jobs of the gateway on huey: in threads of its own process, started and stopped with it.

Every process may run them: what is sent is claimed in the registry, so that it is not sent twice at the same moment.
"""

from __future__ import annotations

import logging
import os
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from huey import RedisHuey, SqliteHuey, crontab
from huey.consumer import Consumer

from gateway import telemetry
from gateway.jobs.collecting import NoticeCollector
from gateway.jobs.heads import collect_heads
from gateway.jobs.ready import collect_ready
from gateway.jobs.sending import Sender
from standards.errors import GatewayError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from huey.api import Huey

    from gateway.jobs.collecting import NoticeRegion

NAME: Final = "crossing"
FILE: Final = "jobs.db"
STOP_SECONDS: Final = 5.0
"""How long the end of the gateway waits for a job; one that takes longer is made up for by the next start."""

NOTHING_MORE: Final[Mapping[str, Callable[[], object]]] = MappingProxyType({})

Job = tuple[str, "Callable[[], object]"]


class ThreadConsumer(Consumer):  # type: ignore[misc]
    """A consumer whose threads live in the process of the gateway, whose signals are none of its business."""

    def _set_signal_handlers(self) -> None:
        """Leave the signals of the process alone."""


class Jobs:
    """What the gateway does by itself each minute: notices, and what is given *more*, each beside the others."""

    def __init__(self, region: NoticeRegion, more: Mapping[str, Callable[[], object]] = NOTHING_MORE) -> None:
        settings = region.settings()
        logging.getLogger("huey").setLevel(logging.CRITICAL)  # it would quote errors, and so what was in them
        self._huey = open_huey(settings.memory_url, settings.state)
        collector, sender = NoticeCollector(region), Sender(region)
        self._add("notices", lambda: (collector.collect(), collect_heads(region), collect_ready(region), sender.send()))
        for name, work in more.items():
            self._add(name, work)
        self._consumer = ThreadConsumer(
            self._huey, workers=1 + len(more), periodic=True, check_worker_health=False, shutdown_timeout=STOP_SECONDS
        )

    def start(self) -> None:
        """Start the threads."""
        self._consumer.start()

    def stop(self) -> None:
        """Let the threads end, after what they are at."""
        self._consumer.stop(graceful=True)

    def _add(self, name: str, work: Callable[[], object]) -> None:
        def job() -> None:
            attempt(work)

        self._huey.periodic_task(crontab(), name=name, expires=120)(job)


def open_huey(memory_url: str, state: Path) -> Huey:
    """Open the queue: in the shared memory where that is Redis, else in a file of the state directory."""
    if memory_url.startswith(("redis://", "rediss://", "unix://")):
        return RedisHuey(NAME, url=memory_url, results=False, blocking=False)
    file = state / FILE
    os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
    return SqliteHuey(NAME, filename=str(file), results=False)


def attempt(work: Callable[[], object]) -> None:
    """Do a job; what goes wrong is told to the operator, and the next minute tries again."""
    try:
        work()
    except GatewayError as error:
        telemetry.fault(error)
    except Exception as error:  # noqa: BLE001  whatever it is, the next minute tries again
        telemetry.fault(error)
