"""Old files of the record end when nothing in them need be kept, and what is left verifies on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from click.testing import CliRunner

from gateway.audit import keys as audit_keys
from gateway.audit.chain import list_segments, read_events
from gateway.audit.deletion import delete_segments, leftovers
from gateway.audit.log import PURPOSE, Record, verify
from gateway.audit.proofs.merkle import root_of_inclusion
from gateway.audit.proofs.signing import read_head
from gateway.audit.reports.proof_file import proof
from gateway.audit.reports.retention import FILES, KEYS, due, ends
from gateway.audit.students.index import SubjectIndex
from gateway.audit.students.subject_keys import SubjectKey
from gateway.audit.tree_heads import BEGUN, TreeFile, leaf_hash
from gateway.commands.cli import main
from gateway.config.settings import load
from gateway.storage.acts import Acts
from gateway.storage.registry import open_store
from standards.errors import CallerError, NotFound, StoreUnavailable

SETTINGS = """
[audit]
segment_bytes = 4096
refusal_years = 7
[districts.maple]
adapter = "oneroster_csv"
cache = "15m"
timezone = "America/Los_Angeles"
record_years = 3
[districts.maple.settings]
source = "maple.zip"
[districts.oak]
adapter = "oneroster_csv"
cache = "15m"
timezone = "America/New_York"
[districts.oak.settings]
source = "oak.zip"
"""
DISCLOSED = {"client": "tutor", "operation": "read", "view": "students", "rows": 1, "status": 200}


@pytest.fixture
def settings(tmp_path):
    (tmp_path / "gateway.toml").write_text(SETTINGS)
    (tmp_path / "agreements").mkdir()
    return load(tmp_path / "gateway.toml")


@pytest.fixture
def registry(settings):
    store = open_store(settings.store_url)
    yield store
    store.close()


def key_of(settings):
    return settings.open_keys().derive(PURPOSE)


def fill(settings, registry, days, district="maple", **more):
    record = Record(settings.audit.folder, key_of(settings), settings.audit.segment_bytes, registry=registry)
    for day in days:
        told = {**DISCLOSED, "at": f"{day}T12:00:00.000+00:00", "district": district, **more}
        record.append({**told, "set": record.subjects([b"12345678"]), "from": 0, "to": 1})
    record.close()


def names(settings):
    return [path.name for path in list_segments(settings.audit.folder)]


def checked(settings, registry):
    folder, key = settings.audit.folder, key_of(settings)
    return verify(folder, key, registry, audit_keys.read_keys("\n".join(audit_keys.sealed(folder, key).values())))


def test_retention_is_counted_from_the_end_of_the_school_year(settings):
    assert ends(settings, "maple", 2027) == date(2030, 7, 1)
    assert ends(settings, "oak", 2027) == ends(settings, "gone", 2027) == date.max


def test_keys_are_due_when_their_years_have_been_kept(settings):
    made = [SubjectKey("maple", 2027, b"k" * 32, datetime(2026, 7, 1, tzinfo=UTC))]
    made += [SubjectKey("oak", 2020, b"k" * 32, datetime(2019, 7, 1, tzinfo=UTC))]
    made += [SubjectKey("maple", 2026, None, datetime(2019, 7, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC))]
    assert due(settings, made, datetime(2030, 7, 1, 6, 59, tzinfo=UTC)) == ()  # it is still June in California
    (one,) = due(settings, made, datetime(2030, 7, 1, 7, tzinfo=UTC))
    assert (one.id, one.kind, one.since) == ("record-key:maple:2027", KEYS, date(2030, 7, 1))


@pytest.mark.parametrize(
    ("more", "first"),
    [
        ({}, date(2030, 7, 1)),
        ({"operation": "refused"}, date(2034, 1, 1)),
        ({"operation": "act"}, date(2034, 1, 1)),
        ({"operation": "reopen"}, None),
        ({"district": "oak"}, None),
        ({"district": "*"}, None),
        ({"district": "gone"}, None),
    ],
)
def test_files_are_due_when_nothing_in_them_need_be_kept(settings, registry, more, first):
    fill(settings, registry, ["2026-09-01"] * 30, **more)
    assert len(names(settings)) > 2
    if first is None:
        assert due(settings, (), datetime(2200, 1, 1, tzinfo=UTC)) == ()
        return
    assert (
        due(
            settings,
            (),
            datetime.combine(first, datetime.min.time(), UTC).replace(hour=0) - (date(1, 1, 2) - date(1, 1, 1)),
        )
        == ()
    )
    (one,) = due(settings, (), datetime.combine(first, datetime.min.time(), UTC))
    assert (one.kind, one.files, one.since) == (FILES, tuple(names(settings)[:-1]), first)


def test_one_event_that_must_be_kept_keeps_its_file_and_all_later_ones(settings, registry):
    fill(settings, registry, ["2026-09-01"] * 30)
    kept = len(names(settings))
    fill(settings, registry, ["2026-09-01"], district="oak")
    fill(settings, registry, ["2026-09-01"] * 20)
    (one,) = due(settings, (), datetime(2200, 1, 1, tzinfo=UTC))
    assert len(one.files) == kept - 1 < len(names(settings)) - 1


def test_what_is_left_verifies_on_and_is_written_on(settings, registry):
    fill(settings, registry, ["2026-09-01"] * 30)
    folder, key, before = settings.audit.folder, key_of(settings), names(settings)
    seen = read_head(TreeFile(folder, key).read().told())
    told = []
    head = delete_segments(folder, key, registry, before[:2], told.append)
    assert told == [head]
    assert names(settings) == before[2:]
    assert checked(settings, registry) == []
    assert verify(folder, key, registry, witnessed=[seen]) == []
    fill(settings, registry, ["2026-09-02"] * 30)
    assert checked(settings, registry) == []
    head = delete_segments(folder, key, registry, names(settings)[:2], told.append)
    assert checked(settings, registry) == []
    left = [event["seq"] for event in read_events(folder)]
    assert left == list(range(head.seq + 1, 61))
    assert [event["seq"] for event in SubjectIndex(folder).about([b"12345678"])] == left
    assert list(SubjectIndex(folder).faults()) == []
    made = proof(folder, key, {left[0], 60})
    for one in made["entries"]:
        path = [bytes.fromhex(beside) for beside in one["path"]]
        root = root_of_inclusion(leaf_hash(one["text"].encode()), one["index"], made["head"]["size"], path)
        assert root.hex() == made["head"]["root"]
    with pytest.raises(NotFound):
        proof(folder, key, {1})


def test_a_deletion_that_leaves_nothing_to_compare_with_the_witness_is_told(settings, registry):
    """Else whoever has the keys of the machine could delete all that was witnessed, and write another record."""
    fill(settings, registry, ["2026-09-01"] * 30)
    folder, key = settings.audit.folder, key_of(settings)
    early = read_head(TreeFile(folder, key).read().told())
    fill(settings, registry, ["2026-09-01"] * 60)
    late = read_head(TreeFile(folder, key).read().told())
    head = delete_segments(folder, key, registry, names(settings)[:-1], lambda _: None)
    assert early.size < head.size < late.size
    assert verify(folder, key, registry, witnessed=[early, late]) == []
    told = "record-begun.json: stands for every line that the witness knows, so that none can be compared"
    assert verify(folder, key, registry, witnessed=[early]) == [told]
    assert verify(folder, key, registry, witnessed=[head]) == []
    (differs,) = verify(folder, key, registry, witnessed=[replace(head, root="00" * 32)])
    assert "are not those that the witness of" in differs


def test_a_deletion_by_anybody_else_is_found(settings, registry):
    fill(settings, registry, ["2026-09-01"] * 60)
    folder, key, before = settings.audit.folder, key_of(settings), names(settings)
    delete_segments(folder, key, registry, before[:2], lambda _head: None)
    begun = (folder / BEGUN).read_bytes()
    (folder / before[2]).rename(folder / "away")
    assert any("are missing before it" in one for one in verify(folder, key, registry))
    (folder / "away").rename(folder / before[2])
    (folder / BEGUN).unlink()
    assert any("are missing before it" in one for one in verify(folder, key, registry))
    (folder / BEGUN).write_bytes(begun.replace(b'"seq":', b'"seq":1'))
    assert f"{BEGUN}: was changed" in verify(folder, key, registry)


def test_only_the_oldest_closed_files_of_a_whole_record_are_deleted(settings, registry):
    fill(settings, registry, ["2026-09-01"] * 30)
    folder, key, before = settings.audit.folder, key_of(settings), names(settings)
    for some in (before[1:2], before, ["record-000099.jsonl"]):
        with pytest.raises(CallerError):
            delete_segments(folder, key, registry, some, lambda _head: None)
    (folder / before[1]).write_bytes((folder / before[1]).read_bytes().replace(b"tutor", b"other", 1))
    with pytest.raises(CallerError, match="does not verify"):
        delete_segments(folder, key, registry, before[:1], lambda _head: None)
    assert names(settings) == before


def test_files_that_an_interrupted_deletion_left_are_read_by_nobody(settings, registry):
    fill(settings, registry, ["2026-09-01"] * 30)
    folder, key, before = settings.audit.folder, key_of(settings), names(settings)
    kept = {name: (folder / name).read_bytes() for name in before[:2]}
    delete_segments(folder, key, registry, before[:2], lambda _head: None)
    for name, content in kept.items():
        (folder / name).write_bytes(content)
    assert verify(folder, key, registry) == []
    fill(settings, registry, ["2026-09-02"])
    assert verify(folder, key, registry) == []
    assert [path.name for path in leftovers(folder, key)] == before[:2]


def test_a_damaged_file_is_not_taken_for_one_that_was_to_be_deleted(settings, registry):
    fill(settings, registry, ["2026-09-01"] * 90)
    folder, key = settings.audit.folder, key_of(settings)
    first, second, third, *_ = list_segments(folder)
    kept = first.read_bytes()
    delete_segments(folder, key, registry, [first.name], lambda _: None)
    second.write_bytes(second.read_bytes().replace(b'"seq":', b'"sec":'))
    third.write_bytes(b"\0" * third.stat().st_size)
    assert leftovers(folder, key) == []
    third.write_bytes(b"")
    assert leftovers(folder, key) == []
    first.write_bytes(kept)
    assert leftovers(folder, key) == [first]
    first.write_bytes(kept.replace(b'"hash"', b'"hush"', 1))
    assert leftovers(folder, key) == []
    (folder / BEGUN).write_bytes((folder / BEGUN).read_bytes().replace(b'"seq"', b'"sea"'))
    with pytest.raises(CallerError, match="nothing of it is deleted: record-begun"):
        leftovers(folder, key)


def test_the_command_deletes_what_is_due_and_the_act_is_written(settings, registry, monkeypatch):
    fill(settings, registry, ["2026-09-01"] * 30)
    words = ["audit", "delete", "--reason", "four years", "--yes", "--settings", str(settings.file)]
    assert "Nothing is due." in CliRunner().invoke(main, words).output
    monkeypatch.setattr("gateway.storage.registry.utc_now", lambda: datetime(2030, 7, 2, tzinfo=UTC))
    before = names(settings)
    told = CliRunner().invoke(main, ["audit", "retention", "--settings", str(settings.file)]).output
    assert f"{len(before) - 1} files of the record need not be kept since 2030-07-01" in told
    assert f"{len(before) - 1} files are deleted." in CliRunner().invoke(main, words).output
    assert names(settings) == before[-1:]
    (act,) = Acts(registry).waiting()
    assert (act.action, act.reason, act.content["files"]) == ("record.delete", "four years", before[:-1])
    assert checked(settings, registry) == []


def test_a_deletion_whose_act_could_not_be_written_is_done_with_its_act_by_the_next_command(settings, registry):
    fill(settings, registry, ["2026-09-01"] * 30)
    folder, key, before = settings.audit.folder, key_of(settings), names(settings)

    def away(_head):
        raise StoreUnavailable("The registry cannot be used.")

    with pytest.raises(StoreUnavailable):
        delete_segments(folder, key, registry, before[:2], away)
    assert names(settings) == before
    assert Acts(registry).waiting() == ()
    words = ["audit", "delete", "--reason", "four years", "--yes", "--settings", str(settings.file)]
    assert "2 files are deleted, as an earlier command was to do." in CliRunner().invoke(main, words).output
    assert names(settings) == before[2:]
    (act,) = Acts(registry).waiting()
    assert (act.action, act.content["files"]) == ("record.delete", before[:2])
    assert checked(settings, registry) == []
