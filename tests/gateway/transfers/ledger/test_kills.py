"""A gateway that dies at any moment loses no record on its way, and delivers none twice."""

from __future__ import annotations

import subprocess
import sys

import pytest

from gateway.transfers.machine.words import EventKind
from tests.gateway.transfers.ledger import killed
from tests.gateway.transfers.ledger.test_ledger import agrees
from tests.support.needs import ROOT


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_after_two_hundred_kills_every_record_was_delivered_once(tmp_path, seed):
    students, kills = 60, 100
    command = [
        sys.executable,
        "-m",
        "tests.gateway.transfers.ledger.killed",
        str(tmp_path),
        str(students),
        str(kills),
        str(seed),
    ]
    subprocess.run(command, cwd=ROOT, check=True, timeout=600)
    bench = killed.opened(tmp_path)
    listed, cursor = [], ""
    while True:
        page = bench.lists.asked_by("fir", cursor=cursor)
        listed, cursor = [*listed, *page.items], page.next
        if not cursor:
            break
    assert len(listed) == students
    for one in listed:
        assert agrees(bench, one.id).state == "acknowledged"
        assert [event.kind for event in bench.ledger.events(one.id)] == [EventKind.ASK, *killed.WAY]
    assert bench.packages.expire() == students
    bench.times.later(days=365)
    bench.packages.sweep()
    assert list((tmp_path / "sealed").iterdir()) == []
    bench.store.close()
