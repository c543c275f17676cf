"""A kill at any moment: the next run brings the system to the same end, with no record twice and none lost."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading

import pytest

from gateway.receiving.filing.own_system import OwnSystem
from gateway.receiving.gateway_client import TransferClient
from gateway.receiving.state import Journal
from tests.gateway.receiving.houses import TRANSFER, run
from tests.gateway.transfers.sealing.sealed_packages import NOW
from tests.support.needs import ROOT

PROGRAM = f"""
from datetime import datetime
import gateway.receiving.agent
from gateway.commands.cli import main
gateway.receiving.agent.utc_now = lambda: datetime.fromisoformat({NOW.isoformat()!r})
main(["receive", "run", "--once"])
"""


class KilledHere(BaseException):
    """The process is gone."""


class Killer:
    """Kills at one moment: before or after the n-th step that leaves a trace anywhere."""

    STEPS = ((OwnSystem, "create"), (OwnSystem, "delete"), (Journal, "add"), (TransferClient, "post"))

    def __init__(self, monkeypatch):
        self.left = None
        self.moments = 0
        for owner, name in self.STEPS:
            monkeypatch.setattr(owner, name, self.wrapped(getattr(owner, name)))

    def wrapped(self, step):
        def stepping(*args, **more):
            self.tick()
            done = step(*args, **more)
            self.tick()
            return done

        return stepping

    def tick(self):
        self.moments += 1
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                raise KilledHere


def undo(made):
    with made.agent() as agent:
        return agent.undo(TRANSFER)


def reset(made, pristine):
    """Put everything back to where it was before anything came."""
    made.ods.state = pristine.copy()
    made.gateway.posts.clear()
    made.gateway.idempotent.clear()
    made.ods.tokens.expire()
    shutil.rmtree(made.folder / "state", ignore_errors=True)


@pytest.mark.parametrize("share", [pytest.param(one, marks=pytest.mark.slow if one else ()) for one in range(4)])
def test_after_a_kill_at_any_moment_a_second_run_ends_the_same(fir, monkeypatch, share):
    pristine, killer = fir.ods.state.copy(), Killer(monkeypatch)
    run(fir)
    moments, wanted, posts = killer.moments, fir.contents(), sorted(map(repr, fir.gateway.posts))
    assert moments > 60
    for moment in range(share, moments, 4):
        reset(fir, pristine)
        killer.left = moment
        with pytest.raises(KilledHere):
            run(fir)
        killer.left = None
        run(fir)
        assert fir.contents() == wanted, moment
        assert sorted(map(repr, fir.gateway.posts)) == posts, moment


def test_after_a_kill_while_undoing_a_second_undo_ends_the_same(fir, monkeypatch):
    pristine, before, killer = fir.ods.state.copy(), fir.contents(), Killer(monkeypatch)
    run(fir)
    killer.moments = 0
    undo(fir)
    for moment in range(0, killer.moments, 5):
        reset(fir, pristine)
        run(fir)
        killer.left = moment
        with pytest.raises(KilledHere):
            undo(fir)
        killer.left = None
        undo(fir)
        assert fir.contents() == before, moment


def test_a_line_of_the_journal_that_was_cut_off_is_no_line(fir):
    run(fir)
    wanted = fir.everything()
    journal = fir.folder / "state" / "journals" / f"{TRANSFER}.log"
    content = journal.read_bytes()
    for cut in (1, 40, 300):
        journal.write_bytes(content[:-cut])
        run(fir)
        assert fir.everything() == wanted


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
def test_a_process_that_is_killed_at_the_second_write_is_no_matter(fir, before):
    answer, count, running = fir.ods.answer, [], []
    begun = threading.Event()

    def killing(method, url, headers, body):
        is_write = method == "POST" and url.endswith("/courseTranscripts")
        count.extend([url] * is_write)
        if is_write and len(count) == 2 and before:
            kill()
        reply = answer(method, url, headers, body)
        if is_write and len(count) == 2 and not before:
            kill()
        return reply

    def kill():
        begun.wait(10)
        os.kill(running[0].pid, signal.SIGKILL)
        running[0].wait()

    fir.ods.answer = killing
    command = [sys.executable, "-c", PROGRAM]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    running.append(subprocess.Popen(command, cwd=fir.folder, env=environment, stdout=subprocess.DEVNULL))
    begun.set()
    assert running[0].wait(30) == -signal.SIGKILL
    fir.ods.answer = answer
    run(fir)
    assert len(fir.documents("CourseTranscript")) == 3
    assert len(fir.documents("Course")) == 4
    undo(fir)
    assert fir.documents("CourseTranscript") == []
    assert len(fir.documents("Course")) == 1
