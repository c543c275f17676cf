"""Supervision: a parent process that keeps one worker running, and a worker that does not outlive its parent."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Any, Final

from granian.log import logger
from granian.server.mp import MPServer

from gateway.runtime.control import control_socket
from standards.errors import GatewayError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CANNOT_START: Final = 78
"""The exit code of a worker that found at its start what only a person can mend."""

GRACE_SECONDS: Final = 8
"""The seconds that running requests may take when the gateway is told to end."""

ORPHAN_SECONDS: Final = 1.0
"""The seconds they may take when the parent has died, and the address should be free for the next one."""

FIRST_PAUSE_SECONDS: Final = 0.1
MAX_PAUSE_SECONDS: Final = 30.0
STEADY_SECONDS: Final = 60.0
"""The seconds after which a worker that ends is replaced at once."""


class Supervisor(MPServer):
    """The parent process; it replaces a worker that ends, and makes a running one reload its files at SIGHUP."""

    def __init__(self, target: str, state: Path, **options: Any) -> None:
        super().__init__(target, workers_kill_timeout=GRACE_SECONDS, **options)
        self._state, self._pause = state, FIRST_PAUSE_SECONDS
        self._reloading = threading.Lock()

    def signal_handler_reload(self, *_arguments: object) -> None:
        """Make the worker reload its files, however long that takes."""
        threading.Thread(target=self._reload_files, name="reload", daemon=True).start()

    def _reload_files(self) -> None:
        with self._reloading:
            try:
                for answer in control_socket.ask(self._state, "reload"):
                    if text := answer.get("text"):
                        logger.info(text)
            except GatewayError as error:
                logger.error(error.message)

    def _serve_loop(self, spawn_target: Any, target_loader: Any) -> None:
        """Replace the worker whenever it ends, until told to end or until it says that it cannot start."""
        while self._worker_is_to_be_replaced():
            self.interrupt_children.clear()
            self.wrks.clear()
            self._spawn_workers(spawn_target, target_loader)  # type: ignore[no-untyped-call]

    def _worker_is_to_be_replaced(self) -> bool:
        """Wait until the worker must be replaced; longer where workers end soon one after another."""
        while not self.interrupt_children and not self.interrupt_signal:
            self.main_loop_interrupt.wait()
            self.main_loop_interrupt.clear()
        (worker,) = self.wrks
        if self.interrupt_signal or worker.inner.exitcode == CANNOT_START:
            return False
        if time.monotonic() - worker.birth >= STEADY_SECONDS:
            self._pause = FIRST_PAUSE_SECONDS
        self.main_loop_interrupt.wait(self._pause)
        self._pause = min(2 * self._pause, MAX_PAUSE_SECONDS)
        return not self.interrupt_signal


def prepare_worker() -> None:
    """Let SIGTERM end a worker that is still starting, and no closing terminal end it at all.

    It inherits its parent's signal handlers, which would do nothing here.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


def end_with_parent(close: Callable[[], None]) -> None:
    """End this worker soon after its parent process, however that ended; *close* is called at the very end.

    The pipe that tells of it was made before the worker, so that an end before this call is noticed too.
    """
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        wait([parent.sentinel])
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(ORPHAN_SECONDS)
        try:
            close()
        finally:
            os._exit(1)

    threading.Thread(target=watch, name="parent", daemon=True).start()
