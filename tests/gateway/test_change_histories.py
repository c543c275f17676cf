"""What a consumer is told has changed, applied to what it knew, is what there is now: over random histories."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from gateway import change_findings
from gateway.change_files import Told
from gateway.change_findings import Findings
from gateway.change_log import STATES_KEPT, ChangeLog, State
from gateway.change_logs import Account, ChangeLogs
from gateway.differences import Differences
from tests.gateway.histories import Gate, History, begin

FEW, MANY = 40, 2_000
STEPS = 9
MEMORY = "/dev/shm"


@pytest.fixture
def folder():
    """A folder that no disk has to keep, where the system has such a place."""
    with tempfile.TemporaryDirectory(dir=MEMORY if os.access(MEMORY, os.W_OK) else None) as place:
        yield Path(place)


def run(folder, seeds):
    for seed in seeds:
        place = folder / str(seed)
        try:
            History(place, seed).run(STEPS)
        except AssertionError as error:
            raise AssertionError(f"history {seed}: {error}") from error
        shutil.rmtree(place)


def test_a_delta_by_any_address_ends_equal_to_a_full_read(folder):
    run(folder, range(FEW))


@pytest.mark.slow
def test_a_delta_by_any_address_ends_equal_to_a_full_read_in_many_histories(folder):
    run(folder, range(MANY))


def read_slowly(place, told, changed):
    """The times of all students after somebody has read them slowly, while much of what is hidden has *changed*."""
    gate = Gate(place, begin())
    gate.page("all", "1.2", "students", limit=1)
    told(gate)
    for number in range(changed):
        gate.world.change("student", "p3", birthDate=f"2012-03-{number + 1:02}")
        gate.adapter.load(gate.world.rows())
        gate.district.wrote("student", ("p3",))
        gate.page("twin", "1.2", "students", limit=1)
    late = gate.page("all", "1.2", "students", limit=3, offset=1)
    gate.time += 1
    times = {one["sourcedId"]: one["dateLastModified"] for one in gate.records("all", "1.2", "students")}
    assert {one["sourcedId"] for one in late} == {"p1", "p2", "p3"}
    gate.close()
    return gate.district.hold().number, times


def nobody_is_told(_gate):
    """Let nothing happen that anybody sees."""


def one_is_renamed(gate):
    """Let one student have another name, and somebody be told."""
    gate.time += 1
    gate.world.change("student", "p1", **{"name.family": "New"})
    gate.adapter.load(gate.world.rows())
    gate.district.wrote("student", ("p1",))
    gate.page("twin", "1.2", "students", limit=1)


@pytest.mark.parametrize(("told", "new"), [(nobody_is_told, set()), (one_is_renamed, {"p1"})])
def test_hidden_changes_while_somebody_reads_slowly_make_nothing_new(folder, told, new):
    none, few = read_slowly(folder / "few", told, 1)
    many, after = read_slowly(folder / "many", told, STATES_KEPT + 2)
    assert many - none > STATES_KEPT
    oldest = min(few.values())
    assert {own for own, at in after.items() if at > oldest} == {own for own, at in few.items() if at > oldest} == new
    assert min(after.values()) == oldest


def test_states_of_before_share_what_does_not_differ(folder):
    gate = Gate(folder / "shared", begin())
    for number in range(3):
        gate.world.change("student", "p3", birthDate=f"2012-03-{number + 1:02}")
        gate.adapter.load(gate.world.rows())
        gate.district.wrote("student", ("p3",))
        gate.page("all", "1.2", "students", limit=1)
    (log,) = [one for one in gate.gateway.logs.followers("maple") if one.state is not None]
    gate.close()
    assert log.state is not None
    assert len(log._before) > 1
    for state in log._before.values():
        assert not state.hashes
        assert all(state.times[entity] is times for entity, times in log.state.times.items())


# Faults, each planted in what finds or tells changes, with the number of a history that notices it


def a_reference_that_leads_elsewhere_is_no_difference(patch):
    patch.setattr(Differences, "_references", lambda *_: [])


def what_leads_to_a_difference_is_not_looked_at(patch):
    patch.setattr(change_findings, "leading_to", lambda *_: set())


def a_difference_is_as_old_as_the_log(patch):
    patch.setattr(ChangeLog, "moment", lambda log: log.begin())


def who_reads_on_in_an_earlier_state_is_not_minded(patch):
    def earlier(log, faces):
        key = faces.generation.number, faces.today
        return log._before.get(key) or State(*key)

    patch.setattr(ChangeLog, "_earlier", earlier)


def a_restart_forgets_who_read_on_in_an_earlier_state(patch):
    patch.setattr(ChangeLog, "_fall_behind", lambda log, moment: setattr(log, "behind", moment))


def who_has_left_a_list_is_not_told(patch):
    patch.setattr(Findings, "_lists", lambda *_: None)


def nobody_is_told_of_what_is_gone(patch):
    patch.setattr(Findings, "_bury", lambda *_: None)


def a_restart_finds_everything_unchanged(patch):
    patch.setattr(ChangeLogs, "same", lambda *_: True)


def another_agreement_is_nothing_new(patch):
    patch.setattr(ChangeLogs, "_after", lambda _self, before, told: Told(told.name, before.since))


def each_view_has_a_time_of_its_own(patch):
    plain = Account.times

    def times(self, faces, entity, rows):
        found = plain(self, faces, entity, rows)
        return [at + (entity == "student") * len(rows) for at in found]

    patch.setattr(Account, "times", times)


FAULTS = {
    a_reference_that_leads_elsewhere_is_no_difference: 3,
    what_leads_to_a_difference_is_not_looked_at: 0,
    a_difference_is_as_old_as_the_log: 0,
    who_reads_on_in_an_earlier_state_is_not_minded: 44,
    a_restart_forgets_who_read_on_in_an_earlier_state: 69,
    who_has_left_a_list_is_not_told: 0,
    nobody_is_told_of_what_is_gone: 0,
    a_restart_finds_everything_unchanged: 0,
    another_agreement_is_nothing_new: 35,
    each_view_has_a_time_of_its_own: 0,
}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_planted_fault_is_noticed(fault, folder, monkeypatch):
    fault(monkeypatch)
    with pytest.raises(AssertionError, match="history"):
        run(folder, [FAULTS[fault]])
