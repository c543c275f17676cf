"""The web server: granian, one worker, an event loop in front of threads."""

from __future__ import annotations

import atexit
import gc
import os
import socket
import sys
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from standards.errors import GatewayError, SettingsError

if TYPE_CHECKING:
    from gateway.config.settings import Server, Settings
    from gateway.runtime.running import RunningGateway
    from gateway.server.front import Front
    from gateway.server.supervision import Supervisor

MINUTE = timedelta(minutes=1)
"""How often jobs are done; what is to be done more often has rounds of its own."""
SETTINGS_FILE = "CROSSING_SETTINGS"
MAX_CONNECTIONS = 8192
"""The connections open at once; further ones wait until one of these ends."""

MAX_HEAD_BYTES = 131_072


def application() -> Front:
    """Build the application of a worker for the settings file named in the environment."""
    from gateway.config.settings import load
    from gateway.runtime.startup import run
    from gateway.server import process_output, supervision
    from gateway.server.front import Front
    from gateway.web import health

    ending = ExitStack()
    atexit.register(ending.close)
    supervision.prepare_worker()
    supervision.end_with_parent(ending.close)
    process_output.close()
    try:
        settings = load(Path(os.environ[SETTINGS_FILE]))
        running = run(settings)
        ending.callback(running.state.gateway.close)
        attend(running, ending)
        for line in running.warnings():
            process_output.say(f"Warning: {line}")
        running.state.gateway.warm()
    except GatewayError as error:
        process_output.say(f"Error: {error.message}")
        raise SystemExit(supervision.CANNOT_START) from None
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    return Front(running, settings.server, health.answers(running.readiness), running.upload_gate())


def attend(running: RunningGateway, ending: ExitStack) -> None:
    """Until *ending*: answer commands, keep readiness up to date, let failed districts try again."""
    from gateway.jobs.consumer import Jobs
    from gateway.jobs.rounds import Rounds
    from gateway.readiness import Upkeep
    from gateway.runtime.control.control_socket import NAME, Control

    running.readiness.start()
    ending.callback(running.readiness.stop)
    upkeep = Upkeep(lambda: running.state.gateway.districts.values())  # noqa: PLW0108  a reload puts others there
    upkeep.start()
    ending.callback(upkeep.stop)
    transfers = running.transfers()
    ending.callback(transfers.rest)
    jobs = Jobs(running.notices(), {"transfers": transfers.work_once})
    jobs.start()
    ending.callback(jobs.stop)
    if timedelta(0) < (pause := running.settings.transfers.batch_every) < MINUTE:
        rounds = Rounds(transfers.work_once, pause)
        rounds.start()
        ending.callback(rounds.stop)
    ending.callback(Control(running.state.settings.state / NAME, running.handlers()).close)


def serve(settings: Settings) -> None:
    """Listen until told to end.

    Raises:
        SettingsError: the address cannot be listened on.
    """
    _try_address(settings)
    os.environ[SETTINGS_FILE] = str(settings.file)
    supervisor("gateway.server.web_server:application", settings.state, settings.server).serve()


def supervisor(target: str, state: Path, server: Server) -> Supervisor:
    """Build the parent process of a worker that runs what *target* makes."""
    from granian.constants import HTTPModes, Interfaces, RuntimeModes
    from granian.http import HTTP1Settings

    from gateway.server.supervision import Supervisor

    milliseconds = int(server.client_timeout.total_seconds() * 1000)
    return Supervisor(
        target,
        state,
        factory=True,
        address=server.host,
        port=server.port,
        interface=Interfaces.ASGI,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=milliseconds, max_buffer_size=MAX_HEAD_BYTES),
        runtime_mode=RuntimeModes.st,
        workers=1,
        backpressure=MAX_CONNECTIONS,
        log_access=False,
        websockets=False,
    )


def _try_address(settings: Settings) -> None:
    """Refuse an address that is taken, with a clear message, before a worker fails at it."""
    host, port = settings.server.host, settings.server.port
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        socket.create_server(address[:2], family=family).close()
    except OSError as error:
        raise SettingsError(f"{host} port {port} cannot be listened on: {error.strerror}", str(settings.file)) from None


if __name__ == "__main__":
    from gateway.config.settings import load as read_settings

    try:
        serve(read_settings(Path(sys.argv[1])))
    except GatewayError as refusal:
        sys.exit(f"Error: {refusal.message}")
