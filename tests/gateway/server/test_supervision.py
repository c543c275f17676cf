"""A gateway whose processes are killed, told to end, or told to read its files again."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest
import requests

from gateway.config.settings import load
from gateway.demo.data import write_oneroster_12
from gateway.server import supervision
from tests.support.needs import ROOT
from tests.support.regions import ROSTER, Site, served, small_district, wait_until


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    write_oneroster_12(small_district(10), folder / "maple.zip")
    return folder


def serving(folder, data):
    return served(folder, {"maple": Site("oneroster_csv", {"source": str(data / "maple.zip")})})


@pytest.fixture
def server(tmp_path, data):
    with serving(tmp_path / "region", data) as running:
        yield running


@pytest.fixture(scope="module")
def lasting(tmp_path_factory, data):
    """A server that tests leave serving, as they found it."""
    with serving(tmp_path_factory.mktemp("lasting") / "region", data) as running:
        yield running


def worker(running):
    """The process id of the worker, which is the parent's only living child; 0 where there is none."""
    parent = running.process.pid
    told = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return next((int(child) for child in told if alive(child)), 0)


def alive(process):
    with suppress(ProcessLookupError, FileNotFoundError):
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def is_free(port):
    with suppress(OSError), socket.create_server(("127.0.0.1", port)):
        return True
    return False


needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="asks Linux about processes")


@needs_proc
def test_a_worker_ends_with_its_killed_parent_and_frees_the_port(server):
    child = worker(server)
    with requests.Session() as idle:
        idle.get(f"{server.base}/health", timeout=5)  # a connection that stays open
        server.process.send_signal(signal.SIGKILL)
        server.process.wait(5)
        begun = time.monotonic()
        wait_until(lambda: not alive(child) and is_free(server.port), 10)
        assert time.monotonic() - begun < 2.5


@needs_proc
def test_a_worker_that_is_killed_is_replaced(lasting):
    assert lasting.get(f"{ROSTER}users?limit=1").status_code == 200
    for _ in range(2):
        child = worker(lasting)
        os.kill(child, signal.SIGKILL)
        wait_until(lambda child=child: worker(lasting) not in {0, child})
        wait_until(lambda: answers(lasting))
    lasting.token = ""  # the tokens of before were in the memory of the worker
    assert lasting.get(f"{ROSTER}users?limit=1").status_code == 200


def answers(server):
    with suppress(requests.RequestException):
        return requests.get(f"{server.base}/health", timeout=5).status_code == 200
    return False


@needs_proc
def test_a_hangup_leaves_the_worker_and_its_tokens_alone(lasting):
    assert lasting.get(f"{ROSTER}users?limit=1").status_code == 200
    child = worker(lasting)
    for process in (lasting.process.pid, child, lasting.process.pid):
        os.kill(process, signal.SIGHUP)
    wait_until(lambda: "state folder" in lasting.log.read_text() or "reload" in lasting.log.read_text())
    assert lasting.get(f"{ROSTER}users?limit=1").status_code == 200
    assert worker(lasting) == child


def test_a_worker_that_cannot_start_ends_the_server_and_says_why(lasting):
    """Its record is another gateway's: nothing that waiting would mend."""
    place = lasting.folder / "gateway.toml"
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    other = lasting.folder / "other.toml"
    other.write_text(place.read_text().replace(f"port = {lasting.port}", f"port = {port}"))
    ran = subprocess.run(
        [sys.executable, "-m", "gateway.server.web_server", str(other)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ran.returncode == 1
    assert [line for line in ran.stderr.splitlines() if line.startswith("Error: ")]
    assert (ran.stdout + ran.stderr).count("Spawning worker") == 1
    assert "Traceback" not in ran.stderr + ran.stdout


def test_a_server_that_is_told_to_end_answers_what_it_has_begun(server):
    found = []
    server.bearer  # noqa: B018  a token, so that the requests below need none

    def ask():
        with requests.Session() as web, suppress(requests.RequestException):
            while True:
                found.append(web.get(f"{server.base}{ROSTER}users", headers=server.bearer, timeout=10).status_code)

    asking = [threading.Thread(target=ask) for _ in range(4)]
    for one in asking:
        one.start()
    wait_until(lambda: len(found) > 20)
    server.process.terminate()
    assert server.process.wait(20) == 0
    for one in asking:
        one.join()
    assert set(found) == {200}
    events = list((load(server.folder / "gateway.toml").audit.folder).glob("head*"))
    assert events


def test_the_pause_before_a_replacement_grows_and_begins_anew_after_a_steady_life():
    made = supervision.Supervisor.__new__(supervision.Supervisor)
    made._pause, made.main_loop_interrupt = supervision.FIRST_PAUSE_SECONDS, threading.Event()
    made.interrupt_signal, made.interrupt_children = False, [0]
    made.main_loop_interrupt.set()

    class Process:
        exitcode = -9

    class Worker:
        inner, birth = Process, time.monotonic()

    made.wrks = [Worker]
    pauses = []
    for _ in range(12):
        assert made._worker_is_to_be_replaced()
        pauses.append(made._pause)
    assert pauses == sorted(pauses)
    assert pauses[-1] == supervision.MAX_PAUSE_SECONDS
    Worker.birth -= supervision.STEADY_SECONDS
    assert made._worker_is_to_be_replaced()
    assert made._pause == 2 * supervision.FIRST_PAUSE_SECONDS
    Process.exitcode = supervision.CANNOT_START
    assert not made._worker_is_to_be_replaced()
