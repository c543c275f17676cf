"""Misses put off searches and refuse nothing, and a report counts what became of requests."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from gateway.admin.transfers.reports import TransferReports, school_days_between
from gateway.transfers.clocks.clocks import Light
from gateway.transfers.districts.children import DistrictChildren
from gateway.transfers.ledger.limits import TooManyAsked
from gateway.transfers.machine.errors import NotAllowed
from standards.errors import InvalidBody, NotFound, SourceUnavailable
from tests.gateway.admin.transfers.offices import SENDER, offices

MISSES = 6
OF_ONE = 3
"""The misses after which the searches of one person wait."""
BEGIN, END = date(2026, 10, 1), date(2026, 12, 31)


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    """A region in which six misses a day are enough, and three of one person."""
    with offices(tmp_path_factory.mktemp("misses"), more=f", misses_per_day = {MISSES}") as found:
        yield found


def parked(office):
    """Let Cedar's registrar have one miss less than stops searches."""
    for _ in range(OF_ONE - 1):
        assert office.worked(office.stranger()).state == "unknown"


@pytest.mark.parametrize("number", [None, 11])
def test_no_later_request_tells_whether_a_child_is_there(office, number):
    office.later(days=2)
    if number is not None:
        office.restrict(number, "acp")
    parked(office)
    inside = office.worked(office.stranger() if number is None else office.ask(number))
    assert inside.state == ("unknown" if number is None else "waiting")
    after = office.ask(3)
    assert (after.state, after.version) == ("asked", 0)
    assert office.worked(after).state == "packed"
    assert office.asking().one(inside.id).state == "asked"


def test_a_search_that_finds_nobody_waits_and_is_not_given_up(office):
    office.later(days=2)
    parked(office)
    office.worked(office.stranger())
    waiting = [office.stranger(), office.ask(9, stateId="", lastSchool="elsewhere")]
    assert {office.worked(one).state.value for one in waiting} == {"requested"}
    assert office.custody("mona").put_off() == len(waiting)
    assert office.of(TransferReports, "olga", SENDER).report(BEGIN, END, SENDER).put_off == len(waiting)
    tries = office.worker.desk.tries
    for _ in range(3):
        office.later(days=1, seconds=1)
        parked(office)
        office.worked(office.stranger())
        assert {office.worked(one).state.value for one in waiting} == {"requested"}
    assert not {one.transfer for one in tries.given_up()} & {one.id for one in waiting}
    office.later(days=1, seconds=1)
    assert [office.worked(one).state.value for one in waiting] == ["unknown", "near"]
    assert office.custody("mona").put_off() == 0


def test_a_search_that_was_put_off_has_as_long_as_any_to_read_the_system(office, monkeypatch):
    office.later(days=2)
    parked(office)
    office.worked(office.stranger())
    waiting = office.stranger()
    office.worked(waiting)
    office.later(days=3)

    def fails(*_args):
        raise SourceUnavailable("asleep")

    monkeypatch.setattr(DistrictChildren, "roll", fails)
    office.worked(waiting)
    monkeypatch.undo()
    assert waiting.id not in {one.transfer for one in office.worker.desk.tries.given_up()}
    office.later(hours=1)
    assert office.worked(waiting).state == "unknown"


def test_to_ask_another_district_costs_what_asking_costs(tmp_path):
    with offices(tmp_path, more=", requests_per_person = 3") as office:
        found, absent = office.worked(office.ask(3)), office.worked(office.stranger())
        office.asking().redirect(absent.id, SENDER, office.key())
        said = set()
        for one in (found, office.ledger.find(absent.id)):
            with pytest.raises((TooManyAsked, NotAllowed)) as refused:
                office.asking().redirect(one.id, SENDER, office.key())
            said.add(type(refused.value))
        assert said == {TooManyAsked, NotAllowed}
        assert office.asking().one(found.id).state == "asked"
        with pytest.raises(TooManyAsked):
            office.ask(4)


def test_a_report_counts_by_state_track_and_reason(office):
    refused = office.waiting(6)
    office.custody().refuse(refused.id, "court-order", refused.number, office.key())
    before = office.of(TransferReports, "otto").report(BEGIN, END)
    late = office.waiting(7)
    office.region.clock.now += timedelta(days=40)
    found = office.of(TransferReports, "olga", SENDER).report(BEGIN, END, SENDER)
    assert found.asked == before.asked + 1
    assert found.refused == {"court-order": 1}
    assert found.states["refused"] == 1
    info, full = found.tracks
    assert (info.track, full.track) == ("info", "full")
    assert info.late >= 1
    assert full.open >= info.late >= 1
    assert late.id not in str(found)
    listed = office.custody("otto").worklist(light=Light.RED).items
    assert late.id in {one.id for one in listed}


def test_days_outside_have_no_requests_and_the_last_day_counts(office):
    reports = office.of(TransferReports, "otto")
    assert reports.report(date(2020, 1, 1), date(2020, 12, 31)).asked == 0
    today = office.administration.clock().date()
    assert reports.report(BEGIN, today).asked == reports.report(BEGIN, END).asked
    with pytest.raises(InvalidBody):
        reports.report(END, BEGIN)
    with pytest.raises(NotFound):
        reports.report(BEGIN, END, "elm")


def test_school_days_are_counted_over_a_weekend(office):
    days = office.worker.desk.times.school_days(SENDER)
    friday = days.end_of(date(2026, 11, 5))
    assert school_days_between(friday, friday + timedelta(hours=1), days) == 0
    assert school_days_between(friday, friday + timedelta(days=3), days) == 1
