"""The state folder on a disk that is full, and of two agents that start at once."""

from __future__ import annotations

import errno
import os
import secrets
from threading import Thread

import pytest

from gateway.receiving.errors import StateBroken
from gateway.receiving.state import StateFolder
from tests.gateway.receiving.houses import TRANSFER, package, run


def full(*_):
    raise OSError(errno.ENOSPC, "full")


def short(opened, content):
    return WRITE(opened, content[:20])


WRITE = os.write


@pytest.mark.parametrize(("call", "fault"), [("write", full), ("write", short), ("fsync", full)])
def test_an_entry_that_the_disk_does_not_take_leaves_the_journal_as_it_was(tmp_path, monkeypatch, call, fault):
    journal = StateFolder(tmp_path / "state").journal("t")
    journal.add("fetched", version=1)
    with monkeypatch.context() as patched:
        patched.setattr(os, call, fault)
        with pytest.raises(StateBroken, match="is the disk full"):
            journal.add("acknowledged", version=1)
    journal.add("finished", version=1)
    found = StateFolder(tmp_path / "state").journal("t").entries
    assert found == journal.entries == [{"step": "fetched", "version": 1}, {"step": "finished", "version": 1}]


def test_a_package_for_which_the_disk_has_no_room_goes_on_once_it_has(fir, monkeypatch):
    monkeypatch.setattr("gateway.receiving.fetching.PIECE_BYTES", 10_000)
    synced = os.fsync

    def filling(opened):
        if os.fstat(opened).st_size == 20_000:
            full()
        synced(opened)

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", filling)
        with pytest.raises(StateBroken, match="is the disk full"):
            run(fir)
    assert fir.writes() == fir.gateway.posts == []
    fir.gateway.asked.clear()
    assert run(fir)[0].endswith("acknowledged")
    ranges = [headers["Range"] for _, path, headers in fir.gateway.asked if path.endswith(f"{TRANSFER}/package")]
    assert ranges[0].startswith("bytes=20000-")
    assert len(package()) > 20_000


def test_two_agents_that_start_at_once_have_one_key(tmp_path, monkeypatch):
    made, others = secrets.token_hex, []

    def started():
        others.append(StateFolder(tmp_path / "state").key)

    other = Thread(target=started)

    def slow(count):
        if other.ident is None:
            other.start()
            other.join(0.1)
        return made(count)

    monkeypatch.setattr(secrets, "token_hex", slow)
    first = StateFolder(tmp_path / "state").key
    other.join()
    assert others == [first] == [StateFolder(tmp_path / "state").key]
