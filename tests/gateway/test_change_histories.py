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
from gateway.change_log import ChangeLog, State
from gateway.change_logs import Account, ChangeLogs
from gateway.differences import Differences
from tests.gateway.histories import History

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


# Faults, each planted in what finds or tells changes, with the number of a history that notices it


def a_reference_that_leads_elsewhere_is_no_difference(patch):
    patch.setattr(Differences, "_references", lambda *_: [])


def what_leads_to_a_difference_is_not_looked_at(patch):
    patch.setattr(change_findings, "leading_to", lambda *_: set())


def a_difference_is_as_old_as_the_log(patch):
    patch.setattr(ChangeLog, "moment", lambda log: log.begin())


def who_reads_on_in_an_earlier_state_is_not_minded(patch):
    patch.setattr(ChangeLog, "_earlier", lambda log, key: log._before.get(key) or State(*key))


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
