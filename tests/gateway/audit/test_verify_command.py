"""`crossing audit verify` finds what was done to a region's record, names the first bad entry, and fails."""

from __future__ import annotations

import re
import shutil

import pytest
from click.testing import CliRunner

from gateway.audit import chain
from gateway.audit.log import PURPOSE, Record
from gateway.audit.students.index import index_file
from gateway.commands.cli import main
from gateway.config.settings import load
from gateway.demo.data import write_oneroster_12
from gateway.storage.registry import open_store
from tests.gateway.audit.test_tampering import EVENT, lines, put
from tests.support.regions import TUTORING, Site, agreement, running, small_district


@pytest.fixture(scope="module")
def region(tmp_path_factory):
    """A region that was stopped, after a consumer had read pages of students; its first key was handed out."""
    place = tmp_path_factory.mktemp("place")
    write_oneroster_12(small_district(40), place / "maple.zip")
    sites = {"maple": Site("oneroster_csv", {"source": str(place / "maple.zip")})}
    with running(
        place / "region", sites, [agreement("maple", TUTORING, client="tutor", purpose="tutoring")]
    ) as started:
        for at in range(6):
            started.consumer("tutor").roster(f"students?limit=5&offset={5 * at}")
        started.gateway.record._sign()
    folder = started.folder
    assert len(lines(load(folder / "gateway.toml").audit.folder)) >= 6
    (folder / "first.txt").write_text(crossing(folder, "audit", "key").output)
    return folder


def crossing(folder, *words):
    return CliRunner().invoke(main, [*words, "--settings", str(folder / "gateway.toml")])


@pytest.fixture
def record(region):
    """The folder of the record, put back after the test."""
    folder = load(region / "gateway.toml").audit.folder
    shutil.copytree(folder, region / "kept")
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
    (region / "kept").rename(folder)


def verified(region, *, key=False):
    more = ("--key", str(region / "first.txt")) if key else ()
    answer = crossing(region, "audit", "verify", *more)
    assert answer.exception is None or isinstance(answer.exception, SystemExit)
    return answer.exit_code, answer.output.splitlines()


def edit(folder):
    put(folder, [line.replace(b"tutor", b"other", 1) if at == 2 else line for at, line in enumerate(lines(folder))])


def rechain(folder):
    """Another third entry, and every hash from there on made again."""
    end, written = chain.GENESIS, []
    for at, text in enumerate(lines(folder)):
        line = chain.read_line(text.rstrip())
        entry = line.entry.replace(b"tutor", b"other", 1) if at == 2 else line.entry
        digest = chain.link(end, entry)
        written.append(chain.write_line(entry, digest, line.mac))
        end = digest + line.mac
    put(folder, written)


def delete_one(folder):
    put(folder, lines(folder)[:2] + lines(folder)[3:])


def reorder(folder):
    first, second, third, fourth, *rest = lines(folder)
    put(folder, [first, second, fourth, third, *rest])


def cut(folder):
    put(folder, lines(folder)[:2])


def delete_all(folder):
    for path in chain.list_segments(folder):
        path.unlink()


def remove_the_folder(folder):
    shutil.rmtree(folder)


def swap_a_text(folder):
    first, *rest = sorted((folder / "agreements").rglob("*.json"))
    first.write_bytes(rest[0].read_bytes())


def swap_the_sets(folder):
    first = next((folder / "fields").rglob("*.txt"))
    first.write_bytes(first.read_bytes() + b"more\n")


def remove_the_tree(folder):
    (folder / "tree.json").unlink()


HARMS = {
    edit: "record-000001.jsonl:3: entry 3 was changed, or the one before it was",
    delete_one: "record-000001.jsonl:3: entries 3 to 3 are missing before it",
    reorder: "record-000001.jsonl:3: entries 3 to 3 are missing before it",
    cut: "entries 3 to ",
    delete_all: "entries 1 to ",
    remove_the_folder: "tree.json: is missing",
    swap_a_text: "was changed",
    swap_the_sets: "record-000001.jsonl:1: the set of fields",
    remove_the_tree: "tree.json: is missing",
}


def test_a_record_that_nobody_has_touched_verifies(region):
    assert verified(region) == (0, ["The record is whole, as far as can be told without its first key."])
    assert verified(region, key=True) == (0, ["The record is whole."])


@pytest.mark.parametrize("harm", HARMS, ids=lambda one: one.__name__)
def test_what_was_done_is_found_and_the_first_bad_entry_named(region, record, harm):
    harm(record)
    code, told = verified(region)
    assert code == 1
    assert HARMS[harm] in told[0]
    assert not any("whole" in line for line in told)


@pytest.mark.parametrize("value", [b"7", b'["x"]', b'"=zz"', b"true", b"18446744073709551615", b"null", b"{}"])
@pytest.mark.parametrize("name", [b"set", b"from", b"to", b"seq"])
def test_an_edited_event_stops_neither_the_check_of_the_record_nor_that_of_its_index(region, record, name, value):
    kept = lines(record)
    index_file(record).unlink(missing_ok=True)
    index_file(record).touch()  # it is made anew, and so reads the line
    edited = re.sub(b'"%s":("[^"]*"|[0-9]+)' % name, b'"%s":%s' % (name, value), kept[2], count=1)
    assert edited != kept[2]
    put(record, [*kept[:2], edited, *kept[3:]])
    code, told = verified(region)
    index_file(record).unlink()
    assert code == 1
    assert "record-000001.jsonl:3: " in told[0]
    assert "index" not in told[0]


def test_an_index_that_cannot_be_read_is_told_behind_what_is_wrong_with_the_record(region, record):
    assert crossing(region, "audit", "acts").exit_code == 0
    index_file(record).write_bytes(b"no database at all, of some length " * 200)
    edit(record)
    code, told = verified(region)
    index_file(record).unlink()
    assert code == 1
    assert told[0] == HARMS[edit]
    assert "The index audit-index.db cannot be used; remove it." in told


def test_lines_with_new_hashes_are_found_and_the_first_one_named_with_the_first_key(region, record):
    rechain(record)
    code, told = verified(region)
    assert code == 1
    assert "is not the one that head.json knows" in told[0]
    code, told = verified(region, key=True)
    assert code == 1
    assert told[0] == "record-000001.jsonl:3: entry 3 bears a MAC that is not of its key"


def test_a_tail_behind_the_last_head_is_found_cut_before_another_head_is_signed(region, record):
    """The present key tells how far the record came, between heads too."""
    settings = load(region / "gateway.toml")
    store = open_store(settings.store_url)
    log = Record(record, settings.open_keys().derive(PURPOSE), registry=store)
    before = len(lines(record))
    for _ in range(3):
        log.append(EVENT)
    cut_off = lines(record)[:-1]
    shutil.copytree(record, region / "crashed")
    log.close()
    store.close()
    shutil.rmtree(record)
    (region / "crashed").rename(record)
    assert len(lines(record)) == before + 3
    put(record, cut_off)
    code, told = verified(region)
    assert code == 1
    assert any(f"entries {before + 3} to {before + 3} are missing at the end" in one for one in told)


def test_an_export_of_a_record_with_a_line_that_is_no_event_says_so_and_fails(region, record):
    whole = crossing(region, "audit", "export")
    assert whole.exit_code == 0
    kept = lines(record)
    put(record, [*kept[:2], b"{}\n", *kept[2:]])
    answer = crossing(region, "audit", "export")
    assert answer.exit_code == 1
    assert answer.stdout == whole.stdout
    assert "1 lines are no events (record-000001.jsonl:3)" in answer.stderr


@pytest.mark.parametrize("at", [b'"at":5', b'"at":"noon"', b'"it":1'])
def test_an_event_of_no_day_is_not_left_out_of_an_export_in_silence(region, record, at):
    kept = lines(record)
    put(record, [re.sub(rb'"at":"[^"]*"', at, kept[0]), *kept[1:]])
    answer = crossing(region, "audit", "export", "--from", "2026-01-01")
    assert answer.exit_code == 1
    assert "1 lines are no events (record-000001.jsonl:1)" in answer.stderr
    assert answer.stdout.encode() == b"".join(kept[1:])
