"""The demonstration: a fictional region set up, served, asked and explained, then gone without a trace."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import requests

from gateway.region.premises import Premises, prepare
from gateway.transcript import Transcript
from standards.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SEED = 2026
STUDENTS = 400
READY_SECONDS = 120
ADAPTERS = {"maple": "oneroster_csv", "cedar": "edfi_xml", "alder": "oneroster_csv"}


def run(students: int = STUDENTS, port: int = 0) -> None:
    """Show the main job from beginning to end, then clean up."""
    with _region(students, port) as (premises, base, say):
        say("asking as each consumer would")
        Transcript(premises, base).show()


def serve(port: int, facts: Path, students: int = STUDENTS) -> None:
    """Keep the region up until told to end; *facts* tells others how to use it."""
    with _region(students, port) as (premises, base, say):
        beside = facts.with_name(f".{facts.name}.{os.getpid()}")
        beside.write_text(json.dumps(_facts(premises, base), indent=2) + "\n", "utf-8")
        beside.replace(facts)
        say(f"serving on {base}; the facts are in {facts}; end with Ctrl-C")
        while True:
            signal.pause()


def _facts(premises: Premises, base: str) -> dict[str, object]:
    return {
        "base": base,
        "token_url": f"{base}/oauth/token",
        "districts": [{"name": one.name, "adapter": ADAPTERS[one.name]} for one in premises.districts],
        "clients": {
            one.name: {
                "client_id": one.client_id,
                "client_secret": one.client_secret,
                "scopes": list(one.scopes),
                "agreement": one.agreement,
            }
            for one in premises.accounts
        },
    }


@contextmanager
def _region(students: int, port: int) -> Iterator[tuple[Premises, str, Callable[[str], None]]]:
    """The region, written into a folder of its own, served, and removed at the end."""
    begun = time.monotonic()

    def say(text: str) -> None:
        print(f"[{time.monotonic() - begun:5.1f} s] {text}", file=sys.stderr, flush=True)

    with _ending_quietly(), tempfile.TemporaryDirectory(prefix="crossing-") as place:
        today = datetime.now(ZoneInfo("America/Los_Angeles")).date()
        chosen = port or _free_port()
        premises = prepare(Path(place), students=students, seed=SEED, port=chosen, today=today, progress=say)
        say("starting the gateway, which reads the three districts into memory")
        with _server(premises.settings, chosen) as base:
            say("the gateway answers")
            yield premises, base, say


@contextmanager
def _ending_quietly() -> Iterator[None]:
    """Let a request to end (SIGTERM, Ctrl-C) pass through the clean-up like any other ending."""

    def end(*_: object) -> None:
        raise SystemExit(0)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    except KeyboardInterrupt:
        raise SystemExit(0) from None
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _server(settings: Path, port: int) -> Iterator[str]:
    """The gateway as a process of its own."""
    base = f"http://127.0.0.1:{port}"
    log = settings.parent / "gateway.log"
    with log.open("wb") as lines:
        process = subprocess.Popen([sys.executable, "-m", "gateway.server", str(settings)], stdout=lines, stderr=lines)  # noqa: S603  our own module
        try:
            _await(base, process, log)
            yield base
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _await(base: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            if requests.get(f"{base}/health", timeout=5).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.1)
    lines = log.read_text("utf-8", errors="replace").splitlines()[-20:]
    raise StoreUnavailable("\n".join(["The gateway did not start:", *lines]))


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
