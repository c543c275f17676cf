"""The web server: granian, one worker, threads."""

from __future__ import annotations

import atexit
import gc
import os
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from gateway import process_output
from gateway.sites import learn
from policies.agreement import load_folder
from standards.errors import GatewayError, SettingsError

if TYPE_CHECKING:
    from flask import Flask

    from gateway.assembly import Gateway
    from gateway.settings import Settings

SETTINGS_FILE = "CROSSING_SETTINGS"


def application() -> Flask:
    """What a worker runs: the application for the settings file named in the environment."""
    from gateway.settings import load  # noqa: PLC0415  a worker imports this module before anything else
    from gateway.start import start  # noqa: PLC0415

    process_output.close()
    try:
        app, gateway = start(load(Path(os.environ[SETTINGS_FILE])))
        atexit.register(gateway.record.close)
        gateway.warm()
    except GatewayError as error:
        process_output.say(f"Error: {error.message}")
        raise SystemExit(1) from None
    watch(gateway)
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    return app


def watch(gateway: Gateway) -> None:
    """Keep up to date, until the process ends, whether the gateway is ready, and let failed districts try again."""
    from gateway.readiness import Upkeep  # noqa: PLC0415  as above

    upkeep = Upkeep(lambda: gateway.districts.values())  # noqa: PLW0108  a reload may have put others there
    upkeep.start()
    atexit.register(upkeep.stop)
    if gateway.readiness is not None:
        gateway.readiness.start()
        atexit.register(gateway.readiness.stop)


def serve(settings: Settings) -> None:
    """Listen until told to end.

    Raises:
        SettingsError: an agreement is wrong, or the address cannot be listened on.
    """
    from granian import Granian  # noqa: PLC0415  only a server needs it
    from granian.constants import Interfaces  # noqa: PLC0415

    with process_output.closed():
        learn(settings)
    load_folder(settings.agreements)
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
