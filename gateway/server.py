"""The web server: granian, one worker, threads."""

from __future__ import annotations

import atexit
import gc
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from gateway.settings import Settings

SETTINGS_FILE = "CROSSING_SETTINGS"


def application() -> Flask:
    """What a worker runs: the application for the settings file named in the environment."""
    from gateway import telemetry  # noqa: PLC0415  a worker imports this module before anything else
    from gateway.settings import load  # noqa: PLC0415  a worker imports this module before anything else
    from gateway.start import start  # noqa: PLC0415

    telemetry.configure()
    app, gateway = start(load(Path(os.environ[SETTINGS_FILE])))
    atexit.register(gateway.record.close)
    gateway.warm()
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    return app


def serve(settings: Settings) -> None:
    """Listen until told to end."""
    from granian import Granian  # noqa: PLC0415  only a server needs it
    from granian.constants import Interfaces  # noqa: PLC0415

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


if __name__ == "__main__":
    from gateway.settings import load as read_settings

    serve(read_settings(Path(sys.argv[1])))
