"""The web server: granian, one worker, threads."""

from __future__ import annotations

import atexit
import gc
import os
import signal
import socket
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from gateway import process_output
from gateway.sites import learn
from standards.errors import GatewayError, SettingsError

if TYPE_CHECKING:
    from gateway.running import Running
    from gateway.settings import Settings

SETTINGS_FILE = "CROSSING_SETTINGS"


def application() -> Running:
    """What a worker runs: the application for the settings file named in the environment."""
    from gateway.settings import load  # noqa: PLC0415  a worker imports this module before anything else
    from gateway.start import run  # noqa: PLC0415

    process_output.close()
    try:
        running = run(load(Path(os.environ[SETTINGS_FILE])))
        atexit.register(running.state.gateway.record.close)
        _listen(running)
        running.state.gateway.warm()
    except GatewayError as error:
        process_output.say(f"Error: {error.message}")
        raise SystemExit(1) from None
    _watch(running)
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    return running


def _listen(running: Running) -> None:
    """Take commands from now on, and a hang-up as the wish for a reload."""
    from gateway.control import NAME, Control  # noqa: PLC0415  a worker imports this module before anything else

    control = Control(running.state.settings.state / NAME, running.handlers())
    atexit.register(control.close)
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGHUP, lambda *_: threading.Thread(target=running.reload, name="reload").start())


def _watch(running: Running) -> None:
    """Keep up to date, until the process ends, whether the gateway is ready, and let failed districts try again."""
    from gateway.readiness import Upkeep  # noqa: PLC0415  as above

    upkeep = Upkeep(lambda: running.state.gateway.districts.values())  # noqa: PLW0108  of the state that is present then
    upkeep.start()
    atexit.register(upkeep.stop)
    if (readiness := running.state.gateway.readiness) is not None:
        readiness.start()
        atexit.register(readiness.stop)


def serve(settings: Settings) -> None:
    """Listen until told to end.

    Raises:
        SettingsError: the address cannot be listened on.
    """
    from granian import Granian  # noqa: PLC0415  only a server needs it
    from granian.constants import Interfaces  # noqa: PLC0415

    with process_output.closed():
        learn(settings)
    _try_address(settings)
    os.environ[SETTINGS_FILE] = str(settings.file)
    Granian(
        "gateway.server:application",
        factory=True,
        address=settings.server.host,
        port=settings.server.port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=settings.server.threads,
        log_access=False,
        websockets=False,
    ).serve()


def _try_address(settings: Settings) -> None:
    """Refuse an address that is taken, in words, before a worker fails at it."""
    host, port = settings.server.host, settings.server.port
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        socket.create_server(address[:2], family=family).close()
    except OSError as error:
        raise SettingsError(f"{host} port {port} cannot be listened on: {error.strerror}", str(settings.file)) from None


if __name__ == "__main__":
    from gateway.settings import load as read_settings

    try:
        serve(read_settings(Path(sys.argv[1])))
    except GatewayError as refusal:
        sys.exit(f"Error: {refusal.message}")
