"""A district that asks for many who are not there has to wait, and a report counts what became of requests."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from gateway.admin.transfers.reports import TransferReports, school_days_between
from gateway.transfers.clocks.clocks import Light
from gateway.transfers.ledger.ledger import TooManyMisses
from standards.errors import InvalidBody, NotFound
from tests.gateway.admin.transfers.offices import SENDER, offices

MISSES = 3
BEGIN, END = date(2026, 10, 1), date(2026, 12, 31)


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    """A region in which three misses a day are enough."""
    with offices(tmp_path_factory.mktemp("misses"), more=f", misses_per_day = {MISSES}") as found:
        yield found


def test_too_many_misses_in_a_day_are_refused_and_the_next_day_not(office):
    for _ in range(MISSES):
        office.worked(office.stranger())
    with pytest.raises(TooManyMisses):
        office.stranger()
    with pytest.raises(TooManyMisses):
        office.ask(3)
    office.later(days=1, seconds=1)
    office.worked(office.ask(3))


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
