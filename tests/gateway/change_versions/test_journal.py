"""A journal: what was shown, in hashes; what is gone or goes by another key, sealed; on disk, nothing to read."""

from __future__ import annotations

import shutil
from array import array
from contextlib import suppress
from dataclasses import replace

import pytest

from gateway.change_log.ledger import BASE
from gateway.change_versions import journal as book
from gateway.change_versions.compared import CurrentRows
from gateway.change_versions.journal import ShownHashes, begin, forget, record_differences
from gateway.change_versions.journals import VERSION_ORIGIN_SECONDS, VERSION_STEP_SECONDS, ClientLogs
from gateway.storage.cipher import Cipher
from gateway.storage.registry import open_store
from gateway.storage.sealed_files import Sealed
from standards.errors import StoreUnavailable
from standards.query import Window
from tests.gateway.engine.school import grant, shown, students

KEY, PURPOSE = b"k" * 32, grant().purpose
ALL = Window()


def seal():
    return Cipher(KEY)


def sight(exact=True, **rows):
    """Records by name, each a hash and a key."""
    ids = sorted(name.ljust(16).encode() for name in rows)
    told = {name.ljust(16).encode(): value for name, value in rows.items()}
    lines = [f'{{"key":"{told[one][1]}"}}\t'.encode() for one in ids]
    return ShownHashes(
        ids,
        [told[one][0] for one in ids],
        lambda places: [lines[place] for place in places],
        lambda line: book.digest_of(KEY, book.key_of(line)) if exact else 0,
    )


def versions(journal):
    return {one.decode().strip(): version for one, _, version in journal.known()}


def names(entries):
    return [one.id.decode().strip() for one in entries]


def test_what_is_as_it_was_keeps_its_version_and_what_differs_gets_the_new_one():
    first = begin(sight(a=(1, "a"), b=(2, "b")), seal(), 10)
    assert versions(first) == {"a": 10, "b": 10}
    later = record_differences(first, sight(a=(1, "a"), b=(3, "b"), c=(4, "c")), seal(), 20)
    assert versions(later) == {"a": 10, "b": 20, "c": 20}
    assert later.gone == later.rekeyed == ()


def test_where_nothing_differs_the_journal_is_the_same():
    first = begin(sight(a=(1, "a")), seal(), 10)
    assert record_differences(first, sight(a=(1, "a")), seal(), 20) is first


def test_what_is_gone_is_told_until_it_comes_back():
    first, kept = begin(sight(a=(1, "a"), b=(2, "b")), seal(), 10), seal()
    later = record_differences(first, sight(a=(1, "a")), kept, 20)
    assert names(later.gone) == ["b"]
    assert kept.open(later.gone[0].sealed) == b'{"key":"b"}\t'
    assert record_differences(later, sight(a=(1, "a"), b=(9, "b")), kept, 30).gone == ()


def test_another_record_of_the_same_key_takes_the_place_of_one_that_is_gone():
    kept = seal()
    first = begin(sight(a=(1, "x")), kept, 10)
    assert record_differences(first, sight(b=(2, "x")), kept, 20).gone == ()
    assert names(record_differences(first, sight(b=(2, "y")), kept, 20).gone) == ["a"]


def test_where_the_key_is_not_released_whole_the_same_key_is_not_taken_for_the_same_record():
    kept = seal()
    first = begin(sight(exact=False, a=(1, "2010")), kept, 10)
    assert names(record_differences(first, sight(exact=False, b=(2, "2010")), kept, 20).gone) == ["a"]


def test_a_new_key_is_told_with_the_old_one():
    kept = seal()
    later = record_differences(begin(sight(a=(1, "x")), kept, 10), sight(a=(2, "y")), kept, 20)
    (entry,) = later.rekeyed
    assert kept.open(entry.sealed) == b'{"key":"x"}\t\n{"key":"y"}\t'
    assert versions(later) == {"a": 20}


def test_too_many_entries_push_out_the_oldest_and_the_floor_tells_from_when_all_are_known(monkeypatch):
    monkeypatch.setattr(book, "MAX_ENTRIES", 2)
    kept = seal()
    journal = begin(sight(**{name: (1, name) for name in "abcde"}), kept, 10)
    for at, left in enumerate(("bcde", "cde", "de", "e"), 2):
        journal = record_differences(journal, sight(**{name: (1, name) for name in left}), kept, 10 * at)
    assert names(journal.gone) == ["c", "d"]
    assert journal.floor == 31


def test_what_happened_before_the_window_is_forgotten():
    kept = seal()
    journal = begin(sight(a=(1, "a"), b=(1, "b")), kept, 10)
    journal = record_differences(journal, sight(b=(1, "b")), kept, 20)
    journal = record_differences(journal, sight(), kept, 30)
    assert names(forget(journal, 30).gone) == ["b"]
    assert forget(journal, 20) is journal


class Following:
    """A consumer that follows one resource of a small school."""

    def __init__(self, folder=None, of=None, key=KEY, registry=None):
        self.of, self.folder, self.now = of or grant(), folder, 1_790_900_000.0
        self.number, self.journals = 0, ClientLogs(folder, key, lambda: self.now, registry=registry)
        self.told = 0

    def see(self, records, since=None):
        """Let *records* be what is shown from now on; the branch."""
        self.number, self.now = self.number + 1, self.now + 1000
        (part,) = shown(records, "students", "edfi", of=self.of, number=self.number, loaded=self.now)
        self.journals.follow(self.of.client, "maple", self.of.epoch, self.of.purpose)
        self.journals.record_differences(
            CurrentRows(part, frozenset({"student"}), lambda _shown: lambda row: (bytes([row] * 8),)), since
        )
        self.told = self.journals.report(self.of.client, "maple", purpose=self.of.purpose)
        return part


def test_a_difference_has_the_version_that_is_told_next():
    one = Following()
    one.see(students("Ann", "Bob"))
    first = one.told
    changed = students("Ann", "Bob", "Cid")
    changed[1][1]["name.family"] = "Lee"
    part = one.see(changed)
    rows = one.journals.changed(part, Window(first + 1))
    assert {part.render([row], BASE)[0]["firstName"] for row in rows} == {"Ann", "Cid"}
    assert len(one.journals.changed(part, Window(None, first))) == 1


def test_what_is_gone_names_its_key_and_its_students_tag():
    one = Following()
    gone = list(one.see(students("Ann", "Bob")).rows)
    part = one.see(students("Ann"))
    ((entry, line, _),) = one.journals.gone(part, ALL)
    assert b"bob" in line
    assert entry.version == one.told
    assert len(gone) == 2
    assert one.journals.gone(part, Window(None, one.told - 1)) == []


def test_a_state_of_before_does_not_undo_what_a_later_one_settled():
    one = Following()
    early = one.see(students("Ann", "Bob"))
    late = one.see(students("Ann"))
    one.journals.record_differences(CurrentRows(early, frozenset({"student"}), lambda _shown: lambda _row: ()))
    assert len(one.journals.gone(late, ALL)) == 1
    assert len(one.journals.changed(early, ALL)) == 1


def test_a_hidden_change_is_none():
    one = Following(of=grant("student.name.family"))
    one.see(students("Ann"))
    first = one.told
    changed = students("Ann")
    changed[1][1]["name.family"] = "Lee"
    part = one.see(changed)
    assert one.journals.changed(part, Window(first + 1)) == frozenset()


def test_another_state_of_the_same_version_gets_one_that_was_never_told():
    one = Following()
    one.see(students("Ann"))
    told, one.of = one.told, grant("student.name.given", epoch="another")
    (part,) = shown(students("Ann"), "students", "edfi", of=one.of, number=one.number, loaded=one.now)
    one.journals.record_differences(CurrentRows(part, frozenset({"student"}), lambda _shown: lambda _row: ()))
    assert len(one.journals.changed(part, Window(told + 1))) == 1


def test_versions_count_ten_seconds_each_and_one_for_each_that_is_told():
    one = Following()
    one.see(students("Ann"))
    first = one.told
    assert first == int((one.now - VERSION_ORIGIN_SECONDS) / VERSION_STEP_SECONDS)
    assert [one.journals.report("tutor", "maple", purpose=PURPOSE) for _ in range(3)] == [
        first + 1,
        first + 2,
        first + 3,
    ]
    one.now += 300
    assert one.journals.report("tutor", "maple", purpose=PURPOSE) == first + 30


def test_what_was_told_is_known_after_a_restart(tmp_path):
    one = Following(tmp_path)
    one.see(students("Ann"))
    told = [one.journals.report("tutor", "maple", purpose=PURPOSE) for _ in range(5)][-1]
    assert ClientLogs(tmp_path, KEY, lambda: one.now).next("tutor", "maple", PURPOSE) == told + 1


def test_it_goes_on_after_a_restart_and_nothing_on_disk_can_be_read(tmp_path):
    one = Following(tmp_path)
    one.see(students("Canary", "Other"))
    before = one.told
    again = Following(tmp_path)
    again.now = one.now
    part = again.see(students("Other"))
    ((entry, line, _),) = again.journals.gone(part, ALL)
    assert b"canary" in line
    assert entry.version > before
    assert again.journals.changed(part, Window(before + 1)) == frozenset()
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert len(files) == 2
    for file in files:
        assert b"anary" not in file.read_bytes()
        assert "tutor" not in str(file.relative_to(tmp_path))
        assert file.stat().st_mode & 0o077 == 0


def test_another_key_opens_nothing_and_everything_is_new(tmp_path):
    one = Following(tmp_path)
    one.see(students("Ann", "Bob"))
    again = Following(tmp_path, key=b"x" * 32)
    again.now = one.now
    part = again.see(students("Ann"))
    assert len(again.journals.changed(part, Window(one.told + 1))) == 1
    assert again.journals.gone(part, ALL) == []
    assert again.journals.oldest("tutor", "maple", PURPOSE) > one.told


def test_a_file_of_one_place_is_none_for_another(tmp_path):
    sealed = Sealed(tmp_path, KEY)
    sealed.write("a/one", b"text")
    assert sealed.read("a/one") == b"text"
    (tmp_path / "a" / "other").write_bytes((tmp_path / "a" / "one").read_bytes())
    assert sealed.read("a/other") is None
    assert sealed.read("a/none") is None


def test_who_has_not_asked_for_as_long_as_the_window_is_forgotten_at_the_next_start(tmp_path):
    one = Following(tmp_path)
    one.see(students("Ann"))
    ClientLogs(tmp_path, KEY, lambda: one.now + 29 * 86_400)
    assert list(tmp_path.iterdir())
    later = one.now + 29 * 86_400
    one.now = later
    one.journals.follow("tutor", "maple", "epoch", PURPOSE)
    ClientLogs(tmp_path, KEY, lambda: later + 29 * 86_400)
    assert list(tmp_path.iterdir())
    ClientLogs(tmp_path, KEY, lambda: later + 31 * 86_400)
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_written_down_is_not_told(tmp_path):
    (tmp_path / "journals").write_bytes(b"a file where a folder should be")
    with pytest.raises(StoreUnavailable):
        Following(tmp_path / "journals").see(students("Ann"))


def test_the_arrays_have_the_same_form_on_every_machine():
    assert array("Q", [1]).itemsize == array("q", [1]).itemsize == 8


@pytest.fixture
def registry(tmp_path):
    store = open_store(f"sqlite:///{tmp_path}/registry.db")
    yield store
    store.close()


def put_back(folder, copy, name=""):
    """Let the files whose names contain *name* be as they were."""
    for file in copy.rglob("*"):
        if file.is_file() and name in file.name:
            (folder / file.relative_to(copy)).write_bytes(file.read_bytes())


@pytest.mark.parametrize("name", ["head", ""])
def test_journals_that_were_put_back_to_an_earlier_state_begin_anew(tmp_path, registry, name):
    """Ann is gone, and the consumer was told so; files of before would have it believe that she is gone only now."""
    folder = tmp_path / "journals"
    one = Following(folder, registry=registry)
    one.see(students("Ann", "Bob"))
    shutil.copytree(folder, tmp_path / "copy")
    one.see(students("Bob"))
    told = [one.journals.report("tutor", "maple", purpose=PURPOSE) for _ in range(500)][-1]
    put_back(folder, tmp_path / "copy", name)
    again = Following(folder, registry=registry)
    again.now = one.now - 1000  # the same moment
    part = again.see(students("Bob"))
    assert again.told > told
    assert len(again.journals.changed(part, Window(told + 1))) == 1  # everything is read again
    assert again.journals.gone(part, ALL) == []
    assert again.journals.oldest("tutor", "maple", PURPOSE) > told


def test_one_journal_that_was_put_back_begins_anew(tmp_path, registry):
    folder = tmp_path / "journals"
    one = Following(folder, registry=registry)
    one.see(students("Ann", "Bob"))
    (journal,) = [file for file in folder.rglob("*") if file.is_file() and file.name != "head"]
    before = journal.read_bytes()
    one.see(students("Bob"))
    journal.write_bytes(before)
    again = Following(folder, registry=registry)
    again.now = one.now
    part = again.see(students("Bob"))
    assert len(again.journals.changed(part, Window(one.told + 1))) == 1
    assert again.journals.gone(part, ALL) == []
    assert again.journals.oldest("tutor", "maple", PURPOSE) > one.told


def test_journals_that_are_gone_begin_anew_beyond_all_that_was_told(tmp_path, registry):
    folder = tmp_path / "journals"
    one = Following(folder, registry=registry)
    one.see(students("Ann"))
    told = [one.journals.report("tutor", "maple", purpose=PURPOSE) for _ in range(500)][-1]
    shutil.rmtree(folder)
    again = Following(folder, registry=registry)
    again.now = one.now - 1000
    part = again.see(students("Ann"))
    assert again.told > told
    assert len(again.journals.changed(part, Window(told + 1))) == 1


class Interrupted(Exception):
    """The process ends here."""


@pytest.mark.parametrize("lost", range(4))
def test_a_crash_between_two_files_is_no_rollback(tmp_path, registry, monkeypatch, lost):
    """Whatever of journal, head and registry was written last: it goes on, and what was told is kept."""
    folder = tmp_path / "journals"
    one = Following(folder, registry=registry)
    one.see(students("Ann", "Bob"))
    told, steps = one.told, iter(range(4))
    write, hold = Sealed.write, type(registry).write_checkpoint

    def step(method):
        def done(*arguments):
            if next(steps, 9) >= lost:
                raise Interrupted
            method(*arguments)

        return done

    with monkeypatch.context() as patch, suppress(Interrupted):
        patch.setattr(Sealed, "write", step(write))
        patch.setattr(type(registry), "write_checkpoint", step(hold))
        one.see(students("Bob"))
    again = Following(folder, registry=registry)
    again.now = one.now
    part = again.see(students("Bob"))
    assert again.journals.changed(part, Window(told + 1)) == frozenset()  # Bob is as he was
    assert len(again.journals.gone(part, Window(told + 1))) == 1


def test_what_one_purpose_was_told_is_no_deletion_for_another_of_the_same_client(tmp_path):
    one = Following(tmp_path)
    one.see(students("Ann", "Bob"))
    other = Following(tmp_path, replace(one.of, purpose="research", epoch="e2"))
    other.now = one.now
    part = other.see(students("Ann"))
    assert other.journals.gone(part, ALL) == []
    mine = one.see(students("Ann", "Bob"))
    assert one.journals.gone(mine, ALL) == []


def written_by_0_2_0(folder):
    """The logs of a client that were written for the one purpose that it had, without its name."""
    before = Following(folder, replace(grant(), purpose=""))
    before.see(students("Ann", "Bob"))
    return before


def test_logs_of_an_earlier_version_go_on_for_the_one_purpose_of_the_client(tmp_path):
    before = written_by_0_2_0(tmp_path)
    after = Following(tmp_path)
    after.now, after.journals.purposes = before.now, lambda _client: frozenset({PURPOSE})
    assert [entry.id for entry, _, _ in after.journals.gone(after.see(students("Ann")), ALL)]
    claimed = Following(tmp_path, replace(grant(), purpose="research"))
    claimed.now, claimed.journals.purposes = after.now, lambda _client: frozenset({"research"})
    assert claimed.journals.gone(claimed.see(students()), ALL) == []


def test_logs_of_an_earlier_version_are_of_no_purpose_where_the_client_has_several(tmp_path):
    before = written_by_0_2_0(tmp_path)
    after = Following(tmp_path)
    after.now, after.journals.purposes = before.now, lambda _client: frozenset({PURPOSE, "research"})
    assert after.journals.gone(after.see(students("Ann")), ALL) == []
