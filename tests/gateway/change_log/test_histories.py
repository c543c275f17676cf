"""What a consumer is told has changed, applied to what it knew, is what there is now: over random histories."""

from __future__ import annotations

import os
import shutil
import tempfile
from functools import partial
from pathlib import Path

import pytest

from gateway.cache.snapshot_differences import Differences
from gateway.change_log import findings, resuming, window
from gateway.change_log.account import ClientHistory
from gateway.change_log.findings import ChangeFindings
from gateway.change_log.grant_log import MAX_STATES, ChangeLog
from gateway.change_log.grant_logs import ChangeLogs
from gateway.change_log.states import LogState
from gateway.change_log.window import WINDOW_SECONDS
from gateway.change_log.written import ClientPosition
from gateway.changes.tombstones import FORGOTTEN
from gateway.reads.export import ExportRequest, export
from gateway.storage.registry import open_store
from gateway.storage.sealed_files import Sealed
from standards.errors import MalformedQuery
from tests.gateway.change_log.histories import HOLD, Gate, History, begin, leave, staff, text_of

FEW, MANY = 24, 2_000
ONCE = 78, 98, 121, 125, 294, 1174
"""Histories that told too little once."""
WRITTEN = 339, 1766, 6591
"""Histories with writes that told wrong once: by rows taken over for others, of what came back to another list, and
to who had read on in an earlier state when the agreement changed."""
STEPS = 9
MEMORY = "/dev/shm"


@pytest.fixture
def folder():
    """A folder that no disk has to keep, where the system has such a place."""
    with tempfile.TemporaryDirectory(dir=MEMORY if os.access(MEMORY, os.W_OK) else None) as place:
        yield Path(place)


def run(folder, seeds, *, writes=False):
    for seed in seeds:
        place = folder / str(seed)
        try:
            History(place, seed, writes=writes).run(STEPS)
        except AssertionError as error:
            raise AssertionError(f"history {seed}: {error}") from error
        shutil.rmtree(place)


def test_a_delta_by_any_address_ends_equal_to_a_full_read(folder):
    run(folder, (*range(FEW), *ONCE))


def test_a_delta_ends_equal_to_a_full_read_where_half_of_what_happens_is_written_here(folder):
    run(folder, (*range(FEW), *WRITTEN), writes=True)


@pytest.mark.slow
@pytest.mark.parametrize("writes", [False, True])
def test_a_delta_by_any_address_ends_equal_to_a_full_read_in_many_histories(folder, writes):
    run(folder, range(MANY), writes=writes)


def read_slowly(place, told, changed):
    """The times of all students after somebody has read them slowly, while much of what is hidden has *changed*."""
    gate = Gate(place, begin())
    gate.page("all", "1.2", "students", limit=1)
    told(gate)
    for number in range(changed):
        gate.world.change("student", "p3", birthDate=f"2012-03-{number + 1:02}")
        gate.adapter.load(gate.world.rows())
        gate.district.note_written("student", ("p3",))
        gate.page("twin", "1.2", "students", limit=1)
    late = gate.page("all", "1.2", "students", limit=3, offset=1)
    gate.time += 1
    times = {one["sourcedId"]: one["dateLastModified"] for one in gate.records("all", "1.2", "students")}
    assert {one["sourcedId"] for one in late} == {"p1", "p2", "p3"}
    gate.close()
    return gate.district.cached_snapshot().number, times


def nobody_is_told(_gate):
    """Let nothing happen that anybody sees."""


def one_is_renamed(gate):
    """Let one student have another name, and somebody be told."""
    gate.time += 1
    gate.world.change("student", "p1", **{"name.family": "New"})
    gate.adapter.load(gate.world.rows())
    gate.district.note_written("student", ("p1",))
    gate.page("twin", "1.2", "students", limit=1)


@pytest.mark.parametrize(("told", "new"), [(nobody_is_told, set()), (one_is_renamed, {"p1"})])
def test_hidden_changes_while_somebody_reads_slowly_make_nothing_new(folder, told, new):
    none, few = read_slowly(folder / "few", told, 1)
    many, after = read_slowly(folder / "many", told, MAX_STATES + 2)
    assert many - none > MAX_STATES
    oldest = min(few.values())
    assert {own for own, at in after.items() if at > oldest} == {own for own, at in few.items() if at > oldest} == new
    assert min(after.values()) == oldest


def told_after_reading_on(folder):
    """Who is told as changed, after a crash, to one who read on in an earlier state when that had been told."""
    gate = Gate(folder / "on", begin())
    gate.page("all", "1.2", "students", limit=2)
    gate.time += 1
    gate.world.change("student", "p3", **{"name.family": "New"})
    gate.adapter.load(gate.world.rows())
    gate.district.note_written("student", ("p3",))
    gate.page("twin", "1.2", "students", limit=1)
    gate.time += 1
    late = gate.page("all", "1.2", "students", limit=2, offset=2)
    assert [one["familyName"] for one in late] == ["F", "F"]
    since = text_of(gate.time)
    gate.time += 1
    gate.crash()
    gate.begin()
    found = gate.records("all", "1.2", "students", filter=f"dateLastModified>'{since}'")
    gate.close()
    return {one["sourcedId"] for one in found}


def test_who_read_on_in_an_earlier_state_is_told_after_a_crash_what_differs(folder, monkeypatch):
    assert "p3" in told_after_reading_on(folder / "kept")
    monkeypatch.setattr(ChangeLog, "_fall_behind", lambda log, moment: setattr(log, "behind", moment))
    assert "p3" not in told_after_reading_on(folder / "forgotten")


def test_states_of_before_share_what_does_not_differ(folder):
    gate = Gate(folder / "shared", begin())
    for number in range(3):
        gate.world.change("student", "p3", birthDate=f"2012-03-{number + 1:02}")
        gate.adapter.load(gate.world.rows())
        gate.district.note_written("student", ("p3",))
        gate.page("all", "1.2", "students", limit=1)
    (log,) = [one for one in gate.gateway.logs.followers("maple") if one.state is not None]
    gate.close()
    assert log.state is not None
    assert len(log._before) > 1
    for state in log._before.values():
        assert not state.hashes
        assert all(state.times[entity] is times for entity, times in log.state.times.items())


K1 = "classes/K1/students"
DELETED = "status='tobedeleted'"


def moved(gate, klass):
    """Let the pupil p1 be in another class."""
    if "p-p1" in gate.world.records["placement"]:
        gate.world.change("placement", "p-p1", section=(klass,))
    gate.adapter.load(gate.world.rows())
    gate.time += HOLD + 1


def restarted(gate, happens=lambda _gate: None):
    """Let a gateway begin again, once something has happened while nobody looks."""
    gate.end()
    happens(gate)
    gate.begin()


def cursor(gate, place="students"):
    """The moment from which a consumer that reads a list now asks what has changed."""
    found = gate.records("all", "1.2", place)
    gate.time += 1
    return max(one["dateLastModified"] for one in found)


def told_gone(gate, place, since):
    """The ids of all that is told as gone from a list since a moment."""
    found = gate.records("all", "1.2", place, filter=f"dateLastModified>'{since}'")
    return [one["sourcedId"] for one in found if one["status"] == "tobedeleted"]


def test_who_leaves_a_list_after_a_change_of_the_agreement_is_told_by_its_own_time(folder):
    gate = Gate(folder / "agreement", begin())
    cursor(gate)
    gate.reload()
    since = cursor(gate)
    restarted(gate, lambda gate: moved(gate, "K3"))
    assert "p1" in told_gone(gate, K1, since)
    gate.close()


def test_who_leaves_a_list_for_the_second_time_is_told_by_the_last(folder):
    gate = Gate(folder / "twice", begin())
    cursor(gate)
    moved(gate, "K2")
    cursor(gate)
    restarted(gate, lambda gate: moved(gate, "K1"))
    since = cursor(gate)
    restarted(gate, lambda gate: moved(gate, "K3"))
    assert "p1" in told_gone(gate, K1, since)
    gate.close()


def test_what_is_gone_and_was_written_down_before_anybody_was_told_is_told_after_a_restart(folder):
    world = begin()
    world.drop("placement", "p-p1")  # so that no class is shown otherwise when p1 leaves
    gate = Gate(folder / "untold", world)
    since = cursor(gate)
    leave(gate.world, "p1")
    gate.adapter.load(gate.world.rows())
    gate.time += HOLD + 1
    gate.district.cached_snapshot()
    for log in gate.gateway.logs.followers("maple"):
        gate.gateway.logs.keep(log)  # as when all of it is hashed
    restarted(gate)
    assert told_gone(gate, "students", since) == ["p1"]
    gate.close()


def enrolled(gate, *, here):
    """Let the pupil p1 be in a school, or in none: only who is in one is a user."""
    row = gate.world.records["enrollment"].pop("e-p1", None) or gate.enrollment
    gate.enrollment = row
    if here:
        gate.world.records["enrollment"]["e-p1"] = row
    gate.adapter.load(gate.world.rows())
    gate.time += HOLD + 1


def test_who_is_back_in_a_list_after_a_restart_is_gone_no_more(folder):
    gate = Gate(folder / "back", begin())
    since = cursor(gate)
    enrolled(gate, here=False)
    assert told_gone(gate, "students", since) == ["p1"]
    restarted(gate, partial(enrolled, here=True))
    assert told_gone(gate, "students", since) == []
    assert {one["sourcedId"] for one in gate.records("all", "1.2", "students")} == {"p0", "p1", "p2", "p3"}
    gate.close()


def test_who_is_gone_as_one_thing_and_then_as_another_is_told_once(folder):
    gate = Gate(folder / "once", begin())
    since = cursor(gate)
    one_leaves(gate)
    cursor(gate)
    staff(gate.world, "p1", "S1")
    moved(gate, "K1")
    cursor(gate)
    one_leaves(gate)
    (told,) = gate.records("all", "1.1", "users", filter=DELETED)
    assert (told["sourcedId"], told["role"]) == ("p1", "teacher")
    assert told_gone(gate, "users", since) == ["p1"]
    gate.close()


def refused(gate, place, since="", operator=">"):
    """Whether a question for what is gone is refused because that is known no more: since a moment, or at all."""
    asked = f"dateLastModified{operator}'{since}'" if since else DELETED
    try:
        gate.records("all", "1.2", place, filter=asked)
    except MalformedQuery as error:
        return FORGOTTEN in str(error)
    return False


def modes(gate, since):
    """What each bulk file of a consumer is since a moment: all there is, or what has changed."""
    return {
        part.mode
        for part in export(gate.gateway, gate.authorization("all"), ExportRequest("1.2", "maple", since)).parts
    }


def test_who_is_in_a_list_no_more_by_another_agreement_is_told_as_gone_from_it(folder):
    gate = Gate(folder / "list", begin())
    since = cursor(gate)
    enrolled(gate, here=False)
    gate.reload()
    assert told_gone(gate, "students", since) == ["p1"]
    assert "p1" in told_gone(gate, K1, since)
    gate.close()


def test_who_leaves_a_list_before_and_with_a_change_of_the_agreement_is_told_by_the_last_time(folder):
    gate = Gate(folder / "before", begin())
    cursor(gate)
    restarted(gate, lambda gate: moved(gate, "K2"))
    cursor(gate)
    restarted(gate, lambda gate: moved(gate, "K1"))
    since = cursor(gate)
    moved(gate, "K3")
    gate.reload()
    assert "p1" in told_gone(gate, K1, since)
    gate.close()


def test_who_leaves_a_list_and_then_every_list_before_a_change_of_the_agreement_is_told_on_both(folder):
    gate = Gate(folder / "both", begin())
    since = cursor(gate)
    moved(gate, "K2")
    cursor(gate)
    enrolled(gate, here=False)
    cursor(gate)
    gate.reload()
    assert "p1" in told_gone(gate, K1, since)
    assert "p1" in told_gone(gate, "classes/K2/students", since)
    gate.close()


def one_leaves(gate):
    """Let the pupil p1 be there no more."""
    leave(gate.world, "p1")
    gate.adapter.load(gate.world.rows())
    gate.time += HOLD + 1


def test_what_is_gone_for_longer_than_the_window_is_not_left_out_in_silence(folder):
    gate = Gate(folder / "window", begin())
    since = cursor(gate)
    one_leaves(gate)
    later = cursor(gate, "orgs")
    after = cursor(gate, "classes")
    assert not refused(gate, "students", since)
    gate.time += WINDOW_SECONDS
    assert refused(gate, "students", since)
    assert refused(gate, K1, since)
    assert modes(gate, since) == {"bulk"}
    assert later < after
    assert not refused(gate, "students", after)
    assert modes(gate, after) <= {"delta"}
    assert gate.records("all", "1.2", "students", filter=DELETED) == []
    restarted(gate)
    assert refused(gate, "students", since)
    gate.reload()
    assert refused(gate, "students", since)
    assert not refused(gate, "students", cursor(gate))
    gate.close()


def test_what_is_too_much_to_be_kept_as_gone_is_not_left_out_in_silence(folder, monkeypatch):
    monkeypatch.setattr(window, "MAX_TOMBSTONES", 5)
    gate = Gate(folder / "most", begin())
    since = cursor(gate)
    one_leaves(gate)
    assert refused(gate, "students", since)
    assert refused(gate, "students")
    restarted(gate)
    assert refused(gate, "students", since)
    after = cursor(gate)
    assert not refused(gate, "students", after)
    assert not refused(gate, "students", after, ">=")
    gate.reload()
    assert refused(gate, "students", since)
    assert not refused(gate, "students", after)
    gate.close()


@pytest.mark.parametrize("kind", ["log", "client", "gone"])
def test_what_was_gone_when_a_file_was_lost_is_not_left_out_in_silence(folder, kind):
    gate = Gate(folder / kind, begin())
    since = cursor(gate)
    one_leaves(gate)
    cursor(gate)

    def lost(gate):
        for file in gate.settings.changes.folder.glob(f"logs/{kind}-*"):
            file.unlink()

    restarted(gate, lost)
    assert refused(gate, "students", since)
    after = cursor(gate)
    assert not refused(gate, "students", after)
    assert not refused(gate, "students", after, ">=")
    restarted(gate)
    assert refused(gate, "students", since)
    assert not refused(gate, "students", after)
    gate.close()


def written(gate, monkeypatch):
    """The kinds of files that are written from now on."""
    found, plain = [], Sealed.write

    def write(self, name, text):
        found.append(name.partition("/")[2].partition("-")[0])
        plain(self, name, text)

    monkeypatch.setattr(Sealed, "write", write)
    return found


def test_what_is_gone_is_written_down_again_only_where_it_differs(folder, monkeypatch):
    gate = Gate(folder / "gone", begin())
    since = cursor(gate)
    one_leaves(gate)
    cursor(gate)
    kinds = written(gate, monkeypatch)
    gate.world.change("student", "p0", **{"name.family": "New"})
    gate.adapter.load(gate.world.rows())
    gate.time += HOLD + 1
    cursor(gate)
    assert kinds == ["log"]
    leave(gate.world, "p0")
    gate.adapter.load(gate.world.rows())
    gate.time += HOLD + 1
    cursor(gate)
    assert kinds == ["log", "gone", "log"]
    restarted(gate)
    assert told_gone(gate, "students", since) == ["p0", "p1"]
    gate.close()


def test_an_older_file_of_a_client_counts_as_lost(folder):
    gate = Gate(folder / "older", begin())
    cursor(gate)
    kept = {file: file.read_bytes() for file in gate.settings.changes.folder.glob("logs/client-*")}
    gate.reload()
    since = cursor(gate)
    one_leaves(gate)

    def restored(_gate):
        for file, text in kept.items():
            file.write_bytes(text)

    restarted(gate, restored)
    assert refused(gate, "students", since)
    gate.close()


def test_a_client_of_another_registry_is_told_nothing_of_what_one_of_its_name_was_shown(folder):
    gate = Gate(folder / "registry", begin())
    since = cursor(gate)
    one_leaves(gate)
    assert told_gone(gate, "students", since) == ["p1"]

    def replaced(gate):
        gate.store.close()
        found = [file for file in folder.rglob("*.db*") if file.is_file()]
        assert found
        for file in found:
            file.unlink()
        gate.store = open_store(gate.settings.store_url, gate.now)

    restarted(gate, replaced)
    assert refused(gate, "students", since)
    assert refused(gate, "students")
    assert told_gone(gate, "students", cursor(gate)) == []
    gate.close()


def hash_all(gate):
    """Let nothing that is shown be without a hash."""
    for log in gate.gateway.logs.followers("maple"):
        while log.hash_some():
            pass


def one_is_deleted_here(gate):
    """Let the pupil p1 be there no more by a write of the gateway."""
    leave(gate.world, "p1")
    gate.adapter.load(gate.world.rows())
    gate.district.note_written("student", ("p1",))
    gate.time += 1


def one_leaves_meanwhile(gate):
    """Let the pupil p1 be there no more after a restart."""
    restarted(gate, one_leaves)


@pytest.mark.parametrize("goes", [one_leaves, one_is_deleted_here, one_leaves_meanwhile])
def test_who_comes_later_is_not_told_of_what_was_gone_before(folder, goes):
    gate = Gate(folder / "later", begin(), writes=goes is one_is_deleted_here)
    since = cursor(gate)
    goes(gate)
    gate.records("twin", "1.2", "orgs")
    gate.time += 1
    found = gate.records("twin", "1.2", "students", filter=f"dateLastModified>'{since}'")
    assert {one["status"] for one in found} == {"active"}
    assert told_gone(gate, "students", since) == ["p1"]
    gate.close()


def test_who_comes_later_is_not_told_of_it_by_another_agreement_either(folder):
    gate = Gate(folder / "agreement", begin())
    gate.records("twin", "1.2", "orgs")
    one_leaves(gate)
    since = text_of(gate.time - 1)
    gate.records("twin", "1.2", "orgs")
    gate.time += 1
    cursor(gate)
    hash_all(gate)
    gate.reload()
    assert told_gone(gate, "students", since) == []
    assert told_gone(gate, K1, since) == []
    gate.close()


# Faults, each planted in what finds or tells changes, with the number of a history that notices it


def a_reference_that_leads_elsewhere_is_no_difference(patch):
    patch.setattr(Differences, "_references", lambda *_: [])


def what_leads_to_a_difference_is_not_looked_at(patch):
    patch.setattr(findings, "leading_to", lambda *_: set())


def a_difference_is_as_old_as_the_log(patch):
    patch.setattr(ChangeLog, "moment", lambda log: log.begin())


def who_reads_on_in_an_earlier_state_is_not_minded(patch):
    def earlier(log, visibility):
        key = visibility.snapshot.number, visibility.today
        return log._before.get(key) or LogState(*key)

    patch.setattr(ChangeLog, "_earlier", earlier)


def who_has_left_a_list_is_not_told(patch):
    patch.setattr(ChangeFindings, "_lists", lambda *_: None)


def nobody_is_told_of_what_is_gone(patch):
    patch.setattr(ChangeFindings, "_bury", lambda *_: None)


def a_restart_finds_everything_unchanged(patch):
    patch.setattr(ChangeLogs, "same", lambda *_: True)


def another_agreement_is_nothing_new(patch):
    patch.setattr(ChangeLogs, "_after", lambda _self, before, told, _log: ClientPosition(told.name, before.since))


def each_view_has_a_time_of_its_own(patch):
    plain = ClientHistory.times

    def times(self, visibility, entity, rows):
        found = plain(self, visibility, entity, rows)
        return [at + (entity == "student") * len(rows) for at in found]

    patch.setattr(ClientHistory, "times", times)


def what_is_back_after_a_restart_stays_gone(patch):
    patch.setattr(resuming, "_come_back", lambda *_: None)


FAULTS = {
    a_reference_that_leads_elsewhere_is_no_difference: 8,
    what_leads_to_a_difference_is_not_looked_at: 1,
    a_difference_is_as_old_as_the_log: 0,
    who_reads_on_in_an_earlier_state_is_not_minded: 44,
    who_has_left_a_list_is_not_told: 1,
    nobody_is_told_of_what_is_gone: 1,
    a_restart_finds_everything_unchanged: 0,
    another_agreement_is_nothing_new: 1,
    each_view_has_a_time_of_its_own: 1,
    what_is_back_after_a_restart_stays_gone: 18,
}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_planted_fault_is_noticed(fault, folder, monkeypatch):
    fault(monkeypatch)
    with pytest.raises(AssertionError, match="history"):
        run(folder, [FAULTS[fault]])
