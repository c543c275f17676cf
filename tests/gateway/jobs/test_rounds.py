"""Rounds: a job is done again and again until it is told to stop, whatever becomes of one of them."""

from __future__ import annotations

import threading
from datetime import timedelta

from gateway.jobs.rounds import Rounds

SHORT = timedelta(milliseconds=1)
PATIENCE = 30


class Work:
    """Work that fails the first time, and says when it was done three times."""

    def __init__(self):
        self.done, self.thrice = 0, threading.Event()

    def __call__(self):
        self.done += 1
        if self.done == 1:
            raise ValueError("the first time")
        if self.done >= 3:
            self.thrice.set()


def test_a_job_is_done_again_though_it_has_failed(monkeypatch):
    faults = []
    monkeypatch.setattr("gateway.jobs.consumer.telemetry.fault", faults.append)
    work = Work()
    rounds = Rounds(work, SHORT)
    rounds.start()
    assert work.thrice.wait(PATIENCE)
    rounds.stop()
    assert [type(one) for one in faults] == [ValueError]


def test_no_job_is_done_after_the_end():
    work = Work()
    work.done = 1
    rounds = Rounds(work, SHORT)
    rounds.start()
    assert work.thrice.wait(PATIENCE)
    rounds.stop()
    before = work.done
    assert not any(one.name == "rounds" and one.is_alive() for one in threading.enumerate())
    assert work.done == before
