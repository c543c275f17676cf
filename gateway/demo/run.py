"""The demonstration: a fictional region set up, served, queried and explained, then removed without a trace."""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import requests

from gateway.demo.console_links import console_links
from gateway.demo.scenario.region import Ports, Scenario, prepare
from gateway.demo.transcript import Transcript
from standards.errors import SettingsError, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SEED = 2026
STUDENTS = 400
READY_SECONDS = 120
STUDENTS_PER_SECOND = 20
PATIENCE_SECONDS = 10
HOST = "127.0.0.1"
SIGNALLED = 128  # added by shells to the number of a signal
ENDINGS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def run(students: int = STUDENTS, port: int = 0) -> None:
    """Show the demonstration from beginning to end, then clean up."""
    with _region(students, port) as region:
        region.say("asking as each consumer would")
        Transcript(region.scenario, region.base).show()


def serve(port: int, facts: Path, students: int = STUDENTS) -> None:
    """Keep the region up until told to end; *facts* is the file for its addresses and secrets."""
    _clear(facts)
    with _region(students, port, served=True) as region:
        console = _console(region)
        _publish(facts, {**_facts(region.scenario, region.base), "console": console})
        region.say(f"serving on {region.base}; the facts are in {facts}; end with Ctrl-C")
        region.say(f"the console is at {console['url']}; each link lets one person in, once, and is also in {facts}:")
        for one in console["links"]:
            region.say(f"  {one['role']} of {one['org']}: {one['link']}")
        region.say(f"for commands: export CROSSING_SETTINGS={shlex.quote(str(region.scenario.settings))}")
        while region.gateway.poll() is None:
            time.sleep(0.2)
        raise StoreUnavailable("The gateway ended by itself.")


@dataclass(frozen=True, slots=True)
class Region:
    """A region that is up: its files, its address, its process, and a function that reports progress."""

    scenario: Scenario
    base: str
    gateway: subprocess.Popen[bytes]
    say: Callable[[str], None]


def _console(region: Region) -> dict[str, Any]:
    """Return the address of the console, by the name that browsers trust without TLS, and a link for each person."""
    url = f"{region.base.replace(HOST, 'localhost')}/console"
    return {"url": url, "links": console_links(region.scenario.settings, url)}


def _facts(scenario: Scenario, base: str) -> dict[str, object]:
    """Return the addresses and secrets of the region; others rely on these names."""
    return {
        "base": base,
        "token_url": f"{base}/oauth/token",
        "settings": str(scenario.settings),
        "children": {site.district.name: site.child_id for site in scenario.sites},
        "districts": [{"name": site.district.name, "adapter": site.adapter} for site in scenario.sites],
        "clients": {
            one.name: {
                "client_id": one.client_id,
                "client_secret": one.client_secret,
                "scopes": list(one.scopes),
                "agreement": one.agreement,
            }
            for one in scenario.accounts
        },
    }


def _clear(facts: Path) -> None:
    """Remove the file that an earlier region left: whoever waits for the file waits for this one."""
    try:
        facts.unlink(missing_ok=True)
        _publish(facts, {})
        facts.unlink()
    except OSError as error:
        raise SettingsError(f"cannot be written: {error.strerror}", str(facts)) from None


def _publish(facts: Path, content: dict[str, object]) -> None:
    """Write the file whole or not at all, for its owner only: it contains secrets."""
    beside = facts.with_name(f".{facts.name}.{os.getpid()}")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(json.dumps(content, indent=2) + "\n")
    beside.replace(facts)


@contextmanager
def _region(students: int, port: int, served: bool = False) -> Iterator[Region]:
    """Set up the region in a temporary folder, serve it, and remove it at the end."""
    begun = time.monotonic()

    def say(text: str) -> None:
        print(f"[{time.monotonic() - begun:5.1f} s] {text}", file=sys.stderr, flush=True)

    chosen = _free_port(port)
    with _ending_quietly(served), _folder() as place:
        today = datetime.now(ZoneInfo("America/Los_Angeles")).date()
        ports = Ports(*(_free_port(0) for _ in range(3)))
        scenario = prepare(place, students=students, seed=SEED, port=chosen, ports=ports, today=today, progress=say)
        base = f"http://{HOST}:{chosen}"
        patience = READY_SECONDS + students // STUDENTS_PER_SECOND
        with scenario.systems():
            say("starting the gateway, which reads the five districts into memory")
            with _server(scenario.settings, base, patience) as gateway:
                say("the gateway answers")
                yield Region(scenario, base, gateway, say)


@contextmanager
def _folder() -> Iterator[Path]:
    """Make the region's folder, and remove it at the end; an end between its making and this promise waits."""
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDINGS)
    try:
        with tempfile.TemporaryDirectory(prefix="crossing-") as place:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDINGS)
            yield Path(place)
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDINGS)


@contextmanager
def _ending_quietly(served: bool) -> Iterator[None]:
    """Let the first SIGTERM or Ctrl-C reach the clean-up, and no further one disturb that.

    So a region that is *served* ends well; a demonstration that is cut short has failed.
    """

    def end(number: int, _frame: object) -> None:
        for name in ENDINGS:
            signal.signal(name, signal.SIG_IGN)
        raise SystemExit(0 if served else SIGNALLED + number)

    kept = [name for name in ENDINGS if not (name == signal.SIGHUP and signal.getsignal(name) == signal.SIG_IGN)]
    before = {name: signal.signal(name, end) for name in kept}
    try:
        yield
    finally:
        for name, action in before.items():
            signal.signal(name, action)


@contextmanager
def _server(settings: Path, base: str, seconds: float) -> Iterator[subprocess.Popen[bytes]]:
    """Start the gateway as a process of its own, in a group of its own, so that nothing of it outlives this one."""
    log = settings.parent / "gateway.log"
    with log.open("wb") as lines:
        process = subprocess.Popen(  # noqa: S603  our own module
            [sys.executable, "-m", "gateway.server.web_server", str(settings)],
            stdout=lines,
            stderr=lines,
            start_new_session=True,
        )
        try:
            _await(base, process, log, time.monotonic() + seconds)
            yield process
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(PATIENCE_SECONDS)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _await(base: str, process: subprocess.Popen[bytes], log: Path, end: float) -> None:
    with requests.Session() as web:
        web.trust_env = False  # no proxy leads to this machine
        while time.monotonic() < end and process.poll() is None:
            try:
                if web.get(f"{base}/health", timeout=5).ok:
                    return
            except requests.RequestException:
                time.sleep(0.05)
    lines = log.read_text("utf-8", errors="replace").splitlines()[-20:]
    raise StoreUnavailable("\n".join(["The gateway did not start:", *lines]))


def _free_port(wanted: int) -> int:
    """Return *wanted*, or any free port for 0; one that cannot be listened on is refused before anything is made."""
    try:
        with socket.create_server((HOST, wanted)) as probe:
            return int(probe.getsockname()[1])
    except OSError as error:
        raise SettingsError(
            f"The port {wanted} cannot be used ({error.strerror}); name another one with --port, or none."
        ) from None
