"""The record of disclosures is durable before it is believed, and shows whatever is done to it."""

from __future__ import annotations

import errno
import json
import os
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway import audit, chain
from gateway.audit import Record, verify
from standards.errors import StoreUnavailable

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
    assert all(len(event.pop("hash")) == 64 for event in kept)
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

    monkeypatch.setattr(audit, "_sync", slow)
    with ThreadPoolExecutor(20) as threads:
        waiting = [threads.submit(record.append, EVENT) for _ in range(20)]
        while record._last < 20:
            pass
        gate.set()
        assert sorted(each.result() for each in waiting) == list(range(1, 21))
    record.close()
    assert len(flushes) == 2


def edit(folder):
    path = segment(folder)
    path.write_bytes(path.read_bytes().replace(b'"rows":3', b'"rows":2', 1))


def edit_and_rehash(folder):
    path = segment(folder)
    first, *rest = path.read_bytes().splitlines()
    entry = chain.read_line(first)[0].replace(b'"rows":3', b'"rows":2')
    path.write_bytes(chain.write_line(entry, chain.link(chain.GENESIS, entry)) + b"\n".join(rest) + b"\n")


def rewrite_the_whole_chain(folder):
    path, digest, written = segment(folder), chain.GENESIS, b""
    for line in path.read_bytes().splitlines():
        entry = chain.read_line(line)[0].replace(b'"tutor"', b'"other"')
        digest = chain.link(digest, entry)
        written += chain.write_line(entry, digest)
    path.write_bytes(written)


def delete_one(folder):
    path = segment(folder)
    kept = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(kept[:2] + kept[3:]))


def delete_the_first(folder):
    path = segment(folder)
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[1:]))


def swap_two(folder):
    path = segment(folder)
    kept = path.read_bytes().splitlines(keepends=True)
    kept[2], kept[3] = kept[3], kept[2]
    path.write_bytes(b"".join(kept))


def cut_off_the_end(folder):
    path = segment(folder)
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))


def remove_every_file(folder):
    segment(folder).unlink()


def remove_the_head(folder):
    (folder / chain.HEAD).unlink()


def sign_with_another_key(folder):
    cut_off_the_end(folder)
    last = json.loads(lines(folder)[-1])
    chain.write_head(folder, chain.Head(last["seq"], last["hash"]), b"x" * 32)


def insert_a_line(folder):
    path = segment(folder)
    path.write_bytes(path.read_bytes() + b"{}\n")


def duplicate_the_last(folder):
    path = segment(folder)
    path.write_bytes(path.read_bytes() + path.read_bytes().splitlines(keepends=True)[-1])


def remove_a_set(folder):
    next((folder / "subjects").rglob("*.tags")).unlink()


def change_a_set(folder):
    path = next((folder / "subjects").rglob("*.tags"))
    path.write_bytes(path.read_bytes()[:-1] + b"\xff")


@pytest.mark.parametrize(
    ("harm", "complaint"),
    [
        (edit, "entry 1 was changed"),
        (edit_and_rehash, "entry 2 was changed, or the one before it was"),
        (rewrite_the_whole_chain, "entry 6 is not the one that was signed"),
        (delete_one, "entries 3 to 3 are missing before it"),
        (delete_the_first, "entries 1 to 1 are missing before it"),
        (swap_two, "is out of order"),
        (cut_off_the_end, "entries 6 to 6 are missing at the end"),
        (remove_every_file, "entries 1 to 6 are missing at the end"),
        (remove_the_head, "head.json: is missing"),
        (sign_with_another_key, "was not signed by this gateway"),
        (insert_a_line, "is not an entry"),
        (duplicate_the_last, "entry 6 is out of order"),
        (remove_a_set, "is missing"),
        (change_a_set, "was changed"),
    ],
)
def test_whatever_is_done_to_a_record_is_found(folder, harm, complaint):
    fill(folder)
    harm(folder)
    assert any(complaint in problem for problem in verify(folder, KEY)), verify(folder, KEY)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_no_byte_of_a_record_can_change_unnoticed(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("record")
    fill(folder, 3)
    path = segment(folder)
    content = bytearray(path.read_bytes())
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    assert verify(folder, KEY) != []


@pytest.mark.parametrize("harm", [cut_off_the_end, rewrite_the_whole_chain, remove_every_file, remove_the_head, edit])
def test_a_record_that_was_tampered_with_at_its_end_is_not_written_on(folder, harm):
    fill(folder, 1)
    harm(folder)
    with pytest.raises(StoreUnavailable):
        Record(folder, KEY)


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
from gateway.audit import Record
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
    assert chain.read_head(folder, KEY).seq == 10
    record.close()
    assert chain.read_head(folder, KEY).seq == 12


@pytest.mark.parametrize("call", ["write", "_sync"])
def test_when_the_disk_fails_it_refuses_until_it_is_opened_again(folder, monkeypatch, call):
    record = Record(folder, KEY)
    record.append(EVENT)

    def fail(*_):
        raise OSError(errno.ENOSPC, "full")

    with monkeypatch.context() as patch:
        patch.setattr(*((os, "write") if call == "write" else (audit, "_sync")), fail)
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

    monkeypatch.setattr(audit, "_sync", late)
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
