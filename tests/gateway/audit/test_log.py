"""The record of disclosures is durable before it is believed, and shows whatever is done to it."""

from __future__ import annotations

import errno
import json
import os
import stat
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from gateway.audit import chain, log
from gateway.audit.log import Record, verify
from gateway.storage.signed_heads import HEAD, read_head
from standards.errors import StoreUnavailable
from tests.support.regions import wait_until

KEY = b"k" * 32
EVENT = {
    "at": "2026-09-01T12:00:00.000+00:00",
    "client": "tutor",
    "view": "students",
    "shape": "grade =",
    "rows": 3,
    "status": 200,
}


def tag(number: int) -> bytes:
    return number.to_bytes(8, "big")


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "audit"


def fill(folder, events: int = 6, **options) -> None:
    """A closed record of some events, each about one large set of students."""
    record = Record(folder, KEY, **options)
    name = record.subjects([tag(number) for number in range(10)])
    for number in range(events):
        record.append({**EVENT, "set": name, "from": number % 8, "to": number % 8 + 2})
    record.close()


def lines(folder) -> list[bytes]:
    return [line for path in chain.list_segments(folder) for line in path.read_bytes().splitlines()]


def segment(folder):
    return chain.list_segments(folder)[-1]


def test_an_event_is_on_disk_when_append_returns(folder):
    record = Record(folder, KEY)
    assert [record.append(EVENT), record.append({**EVENT, "rows": 4})] == [1, 2]
    kept = [json.loads(line) for line in lines(folder)]
    record.close()
    assert all(len(event.pop("hash")) == len(event.pop("mac")) == 64 for event in kept)
    assert kept == [{**EVENT, "seq": 1}, {**EVENT, "rows": 4, "seq": 2}]


def test_an_event_can_tell_only_what_is_listed(folder):
    record = Record(folder, KEY)
    with pytest.raises(ValueError, match="familyName"):
        record.append({**EVENT, "familyName": "Lee"})
    record.close()
    assert lines(folder) == []


def test_a_whole_record_shows_nothing(folder):
    fill(folder)
    fill(folder)
    assert verify(folder, KEY) == []
    assert [json.loads(line)["seq"] for line in lines(folder)] == list(range(1, 13))


def test_events_of_many_threads_are_all_kept_in_one_chain(folder):
    record = Record(folder, KEY)
    with ThreadPoolExecutor(16) as threads:
        numbers = list(threads.map(lambda _: record.append(EVENT), range(400)))
    assert sorted(numbers) == list(range(1, 401))
    record.close()
    assert len(lines(folder)) == 400
    assert verify(folder, KEY) == []


def test_whoever_waits_is_written_for_by_whoever_writes(folder, monkeypatch):
    record = Record(folder, KEY)
    flushes, gate = [], threading.Event()

    def slow(descriptor):
        flushes.append(descriptor)
        gate.wait(5)

    monkeypatch.setattr(log, "_sync", slow)
    with ThreadPoolExecutor(20) as threads:
        waiting = [threads.submit(record.append, EVENT) for _ in range(20)]
        while record._last < 20:
            pass
        gate.set()
        assert sorted(each.result() for each in waiting) == list(range(1, 21))
    record.close()
    assert len(flushes) == 2


@pytest.mark.parametrize("torn", [b'{"at":"2026', b"\x00" * 50])
def test_a_torn_last_line_is_cut_off_on_opening(folder, torn):
    fill(folder)
    with segment(folder).open("ab") as file:
        file.write(torn)
    record = Record(folder, KEY)
    assert record.append(EVENT) == 7
    record.close()
    assert verify(folder, KEY) == []


def test_after_a_crash_what_was_promised_is_still_there(folder):
    program = f"""
import os
from pathlib import Path
from gateway.audit.log import Record
record = Record(Path({str(folder)!r}), {KEY!r})
for _ in range(5):
    record.append({EVENT!r})
os._exit(9)
"""
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 9
    assert verify(folder, KEY) == []
    record = Record(folder, KEY)
    assert record.append(EVENT) == 6
    record.close()


def test_the_record_moves_to_a_new_file_when_one_is_full(folder):
    fill(folder, 30, segment_bytes=2000)
    assert len(chain.list_segments(folder)) > 3
    assert max(path.stat().st_size for path in chain.list_segments(folder)) < 2600
    assert verify(folder, KEY) == []
    fill(folder, 1, segment_bytes=2000)
    assert verify(folder, KEY) == []
    chain.list_segments(folder)[1].unlink()
    assert any("are missing before it" in problem for problem in verify(folder, KEY))


def test_the_head_is_signed_every_so_many_events(folder):
    record = Record(folder, KEY, events_per_head=5)
    for _ in range(12):
        record.append(EVENT)
    wait_until(lambda: read_head(folder, KEY).seq >= 5)
    record.close()
    assert read_head(folder, KEY).seq == 12


def test_a_head_is_signed_every_so_many_seconds_of_activity(folder):
    record = Record(folder, KEY, seconds_per_head=0.05)
    record.append(EVENT)
    wait_until(lambda: read_head(folder, KEY).seq == 1)
    record.append(EVENT)
    wait_until(lambda: read_head(folder, KEY).seq == 2)
    written = (folder / HEAD).stat().st_mtime_ns
    time.sleep(0.2)
    assert (folder / HEAD).stat().st_mtime_ns == written  # nothing happened
    record.close()


@pytest.mark.parametrize("call", ["write", "_sync"])
def test_when_the_disk_fails_it_refuses_until_it_is_opened_again(folder, monkeypatch, call):
    record = Record(folder, KEY)
    record.append(EVENT)

    def fail(*_):
        raise OSError(errno.ENOSPC, "full")

    with monkeypatch.context() as patch:
        patch.setattr(*((os, "write") if call == "write" else (log, "_sync")), fail)
        with pytest.raises(StoreUnavailable, match="nothing is sent"):
            record.append(EVENT)
    with pytest.raises(StoreUnavailable):
        record.append(EVENT)
    with pytest.raises(StoreUnavailable):
        record.subjects([tag(1)])
    record.reopen()
    assert record.append(EVENT) == 2
    record.close()
    assert verify(folder, KEY) == []
    assert len(lines(folder)) == 2


def test_half_a_line_written_before_a_failure_is_cut_off(folder, monkeypatch):
    record = Record(folder, KEY)
    record.append(EVENT)
    write = os.write

    def half(descriptor, content):
        if len(content) < 100:
            raise OSError(errno.EIO, "gone")
        return write(descriptor, content[:60])

    with monkeypatch.context() as patch:
        patch.setattr(
            os, "write", lambda descriptor, content: half(descriptor, content) if len(content) > 200 else fail()
        )
        with pytest.raises(StoreUnavailable):
            record.append(EVENT)
    record.reopen()
    assert record.append(EVENT) == 2
    record.close()
    assert verify(folder, KEY) == []


def fail():
    raise OSError(errno.EIO, "gone")


def test_everyone_who_waited_for_a_failed_write_is_refused(folder, monkeypatch):
    record = Record(folder, KEY)
    gate = threading.Event()

    def late(_descriptor):
        gate.wait(5)
        fail()

    monkeypatch.setattr(log, "_sync", late)
    with ThreadPoolExecutor(8) as threads:
        waiting = [threads.submit(record.append, EVENT) for _ in range(8)]
        while record._last < 8:
            pass
        gate.set()
        outcomes = [type(each.exception()) for each in waiting]
    record.close()
    assert outcomes == [StoreUnavailable] * 8


def test_a_folder_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "audit").write_text("a file where the folder should be")
    with pytest.raises(StoreUnavailable):
        Record(tmp_path / "audit", KEY)


def test_two_processes_cannot_write_one_record(folder):
    first = Record(folder, KEY)
    with pytest.raises(StoreUnavailable, match="Another process"):
        Record(folder, KEY)
    first.close()
    Record(folder, KEY).close()


def test_every_file_is_its_owners_alone(folder):
    fill(folder)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*") if path.is_file()}
    assert modes == {0o600}


def test_who_saw_a_child_is_answered_from_the_ranges(folder):
    fill(folder)
    record = Record(folder, KEY)
    few = record.subjects([tag(3), tag(77)])
    record.append({**EVENT, "set": few, "from": 0, "to": 2})
    record.append(EVENT)
    assert [event["seq"] for event in record.seen(tag(3))] == [3, 4, 7]
    assert [event["seq"] for event in record.seen(tag(77))] == [7]
    assert list(record.seen(tag(9))) == []
    record.close()


def test_a_tag_is_found_only_where_a_tag_begins(folder):
    record = Record(folder, KEY)
    name = record.subjects([b"\x01" * 4 + b"\x02" * 4, b"\x02" * 4 + b"\x01" * 4, b"\x02" * 8])
    record.append({**EVENT, "set": name, "from": 0, "to": 2})
    assert list(record.seen(b"\x02" * 8)) == []
    assert len(list(record.seen(b"\x02" * 4 + b"\x01" * 4))) == 1
    record.close()


def test_the_same_students_are_kept_once_and_order_matters(folder):
    record = Record(folder, KEY)
    tags = [tag(number) for number in range(100)]
    assert record.subjects(tags) == record.subjects(tags)
    assert record.subjects(tags[::-1]) != record.subjects(tags)
    record.close()
    assert len(list((folder / "subjects").rglob("*.tags"))) == 2
    again = Record(folder, KEY)
    again.subjects(tags)
    again.close()
    assert len(list((folder / "subjects").rglob("*.tags"))) == 2


def test_a_tag_of_another_length_is_refused(folder):
    record = Record(folder, KEY)
    with pytest.raises(ValueError, match="8 bytes"):
        record.subjects([b"123"])
    record.close()
