"""The index finds every event about a student, follows the record, and says nothing that the record does not say."""

from __future__ import annotations

import json
import random
import sqlite3
import stat
from contextlib import closing, suppress

import pytest

from gateway.audit.chain import list_segments, read_events
from gateway.audit.log import Record, verify
from gateway.audit.students import index as module
from gateway.audit.students.index import IndexKeeper, SubjectIndex
from gateway.audit.subjects import Subjects
from tests.support.regions import wait_until

KEY = b"k" * 32
EVENT = {"at": "2026-09-01T12:00:00.000+00:00", "client": "tutor", "view": "students", "rows": 3, "status": 200}


def tag(number: int) -> bytes:
    return number.to_bytes(8, "big", signed=True)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "audit"


def fill(folder, seed=1, events=300, **options):
    """A record of events about ranges of stored sets and about a few students each."""
    some, record = random.Random(seed), Record(folder, KEY, **options)
    names = [record.subjects([tag(some.randrange(-60, 60)) for _ in range(40)]) for _ in range(6)]
    for _ in range(events):
        few = record.subjects([tag(some.randrange(-60, 60)) for _ in range(some.randrange(1, 5))])
        first = some.randrange(0, 30)
        span = some.choice([(few, 0, (len(few) - 1) // 16), (some.choice(names), first, first + some.randrange(1, 10))])
        record.append({**EVENT, **dict(zip(("set", "from", "to"), span, strict=True))})
        if some.random() < 0.1:
            record.append({"operation": "act", "action": "client.add", "at": EVENT["at"]})
    record.close()


def plain(folder, *tags):
    subjects = Subjects(folder / "subjects")
    return [
        event["seq"]
        for event in read_events(folder)
        if event.get("set") and any(subjects.holds(event["set"], one, event["from"], event["to"]) for one in tags)
    ]


def found(folder, *tags):
    return [event["seq"] for event in SubjectIndex(folder).about(tags)]


def test_it_finds_the_events_that_a_walk_along_the_record_finds(folder, monkeypatch):
    monkeypatch.setattr(module, "EVENTS_PER_TRANSACTION", 50)
    fill(folder, segment_bytes=9000)
    assert len(list_segments(folder)) > 2
    for number in range(-60, 60):
        assert found(folder, tag(number)) == plain(folder, tag(number))
    assert found(folder, tag(3), tag(4), tag(999)) == plain(folder, tag(3), tag(4))
    assert [one for one in read_events(folder) if one["seq"] in plain(folder, tag(3))] == [
        *SubjectIndex(folder).about([tag(3)])
    ]
    assert [one["seq"] for one in SubjectIndex(folder).acts()] == [
        one["seq"] for one in read_events(folder) if one.get("operation") == "act"
    ]


def test_it_reads_on_from_where_it_was_and_not_from_the_beginning(folder, monkeypatch):
    fill(folder, segment_bytes=9000)
    index = SubjectIndex(folder)
    last = index.catch_up()
    fill(folder, seed=2, events=5, segment_bytes=9000)
    read = []
    monkeypatch.setattr(module, "_event", lambda line, before=module._event: read.append(line) or before(line))
    assert index.catch_up() == sum(1 for _ in read_events(folder)) > last
    assert len(read) == index.catch_up() - last
    assert found(folder, tag(3)) == plain(folder, tag(3))


def test_it_is_kept_up_by_the_gateway_with_every_head(folder):
    record = Record(folder, KEY, seconds_per_head=0.05)
    index = SubjectIndex(folder)
    record.head_signed = IndexKeeper(index).wake
    record.append({**EVENT, "set": record.subjects([tag(7)]), "from": 0, "to": 1})

    def held():
        with (
            suppress(sqlite3.OperationalError),
            closing(sqlite3.connect(f"file:{index.path}?mode=ro", uri=True)) as kept,
        ):
            return kept.execute("SELECT count(*) FROM events").fetchone()[0]

    wait_until(lambda: held() == 1)
    record.close()


def test_it_is_for_its_owner_alone_and_has_no_value_in_it(folder):
    fill(folder, events=3)
    SubjectIndex(folder).catch_up()
    assert stat.S_IMODE(SubjectIndex(folder).path.stat().st_mode) == 0o600
    assert b"tutor" not in SubjectIndex(folder).path.read_bytes()


def test_it_is_made_anew_where_it_is_missing_or_of_another_record(folder, tmp_path):
    fill(folder)
    assert found(folder, tag(3)) == plain(folder, tag(3))
    SubjectIndex(folder).path.unlink()
    assert found(folder, tag(3)) == plain(folder, tag(3))
    for path in folder.rglob("*"):
        if path.is_file():
            path.unlink()
    fill(folder, seed=5)
    assert found(folder, tag(3)) == plain(folder, tag(3))
    assert list(SubjectIndex(folder).faults()) == []


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM events WHERE rowid_of = 1",
        "UPDATE events SET first = first + 1 WHERE seq = 5",
        "DELETE FROM tags WHERE position = 3",
        "UPDATE tags SET tag = tag + 1 WHERE position = 0",
        "UPDATE events SET offset = offset + 1",
        "DELETE FROM acts WHERE seq = (SELECT min(seq) FROM acts)",
        "UPDATE acts SET offset = offset + 1",
        "UPDATE acts SET seq = seq + 100000 WHERE seq = (SELECT max(seq) FROM acts)",
        "INSERT INTO acts SELECT seq, segment, offset FROM events",
        "INSERT INTO events SELECT in_set, seq + 100000, first, stop, segment, offset FROM events",
    ],
)
def test_what_was_changed_in_it_is_found(folder, statement):
    fill(folder)
    index = SubjectIndex(folder)
    index.catch_up()
    assert list(index.faults()) == []
    statement = statement.replace("rowid_of = 1", "seq = (SELECT min(seq) FROM events)")
    with closing(sqlite3.connect(index.path)) as database:
        database.execute(statement)
        database.commit()
    (told,) = index.faults()
    assert "does not say what the record says" in told
    index.path.unlink()
    assert list(index.faults()) == []


def test_an_event_that_it_makes_up_is_not_told(folder):
    fill(folder)
    index = SubjectIndex(folder)
    index.catch_up()
    with closing(sqlite3.connect(index.path)) as database:
        database.execute("UPDATE tags SET tag = 777")
        database.commit()
    assert found(folder, tag(777)) == []


def test_an_event_that_is_no_act_is_not_told_as_one(folder):
    fill(folder)
    index = SubjectIndex(folder)
    acts = list(index.acts())
    with closing(sqlite3.connect(index.path)) as database:
        database.execute("INSERT INTO acts SELECT seq, segment, offset FROM events")
        database.commit()
    assert list(index.acts()) == acts


SPOILT = [
    ("from", None),
    ("to", None),
    ("from", "3"),
    ("to", [1]),
    ("set", 7),
    ("set", ["a"]),
    ("set", {}),
    ("to", 2**63),
]


@pytest.mark.parametrize(("member", "value"), SPOILT)
def test_a_line_that_somebody_has_spoilt_keeps_nobody_from_reading_the_rest(folder, member, value):
    fill(folder, events=30)
    (segment,) = list_segments(folder)
    lines = segment.read_text().splitlines()
    at = next(number for number, line in enumerate(lines) if '"set"' in line)
    event = json.loads(lines[at])
    event[member] = value
    spoilt = {name: one for name, one in event.items() if one is not None}
    segment.write_text("\n".join([*lines[:at], json.dumps(spoilt), *lines[at + 1 :]]) + "\n")
    assert verify(folder, KEY)[0].startswith(f"{segment.name}:{at + 1}: ")
    assert list(SubjectIndex(folder).faults()) == []
    assert SubjectIndex(folder).catch_up() > event["seq"]
    assert list(SubjectIndex(folder).faults()) == []
    assert [one["seq"] for one in SubjectIndex(folder).acts()]
