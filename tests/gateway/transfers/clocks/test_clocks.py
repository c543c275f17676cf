"""A clock counts school days of the sending district, over holidays, changes of the clocks, and summers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.transfers.clocks.clocks import Light, clock, clocks, told_due
from gateway.transfers.clocks.school_days import every_day_after, school_days
from gateway.transfers.machine.words import EventKind, Track
from tests.gateway.transfers.histories import after, draft, happens, without

PACIFIC = ZoneInfo("America/Los_Angeles")
HOLIDAYS = {date(2026, 9, 7), date(2026, 11, 11), date(2026, 11, 26), date(2026, 11, 27), date(2027, 1, 18)}
HOLIDAYS |= {date(2026, 12, 21) + timedelta(days=number) for number in range(12)}
YEAR = [date(2026, 9, 2) + timedelta(days=number) for number in range(286)]
TAUGHT = [day for day in YEAR if day.weekday() < 5 and day not in HOLIDAYS]
MAPLE = school_days(PACIFIC, TAUGHT)
NO_CALENDAR = school_days(PACIFIC, [])
TWO_YEARS = school_days(PACIFIC, [*TAUGHT, *(day + timedelta(days=364) for day in TAUGHT)])


def local(text):
    return datetime.fromisoformat(text).replace(tzinfo=PACIFIC)


def asked_at(text, **more):
    moment = local(text)
    transfer = happens(None, EventKind.ASK, **more)
    return replace(transfer, asked=moment, opened=moment, changed=moment)


@pytest.mark.parametrize(
    ("asked", "amber", "due"),
    [
        pytest.param("2026-09-14T09:00", "2026-09-16T00:00", "2026-09-17T00:00", id="a Monday"),
        pytest.param("2026-09-14T23:59", "2026-09-16T00:00", "2026-09-17T00:00", id="one minute before midnight"),
        pytest.param("2026-09-15T00:00", "2026-09-17T00:00", "2026-09-18T00:00", id="midnight"),
        pytest.param(
            "2026-09-04T16:30", "2026-09-09T00:00", "2026-09-10T00:00", id="Friday afternoon before Labor Day"
        ),
        pytest.param("2026-09-05T10:00", "2026-09-09T00:00", "2026-09-10T00:00", id="the Saturday after it"),
        pytest.param("2026-11-25T12:00", "2026-12-01T00:00", "2026-12-02T00:00", id="the day before Thanksgiving"),
        pytest.param("2026-12-18T15:00", "2027-01-05T00:00", "2027-01-06T00:00", id="Friday before the winter break"),
        pytest.param("2026-10-30T15:00", "2026-11-03T00:00", "2026-11-04T00:00", id="over the end of summer time"),
        pytest.param("2027-03-12T15:00", "2027-03-16T00:00", "2027-03-17T00:00", id="over the begin of summer time"),
        pytest.param("2026-08-10T09:00", "2026-09-03T00:00", "2026-09-04T00:00", id="the summer before the known year"),
    ],
)
def test_the_information_is_due_after_two_school_days(asked, amber, due):
    found = clock(asked_at(asked), Track.INFO, MAPLE)
    assert (found.amber, found.due, found.calendar) == (local(amber), local(due), "known")
    assert told_due(local(asked), MAPLE) == found.due


def test_a_day_lasts_from_midnight_to_midnight_where_the_clocks_change():
    end = [MAPLE.end_of(day) for day in (date(2026, 10, 31), date(2026, 11, 1), date(2027, 3, 13), date(2027, 3, 14))]
    assert end[1] - end[0] == timedelta(hours=25)
    assert end[3] - end[2] == timedelta(hours=23)
    assert [moment.astimezone(PACIFIC).hour for moment in end] == [0, 0, 0, 0]


def test_a_zone_whose_day_begins_at_one_has_deadlines():
    santiago = school_days(ZoneInfo("America/Santiago"), [date(2026, 9, 3), date(2026, 9, 4)])
    assert santiago.end_of(date(2026, 9, 5)) == datetime(2026, 9, 6, 4, tzinfo=UTC)


def test_a_clock_is_green_then_amber_at_half_then_red():
    info, full = clocks(asked_at("2026-09-14T09:00"), MAPLE)
    lights = {
        "2026-09-15T23:59": "green",
        "2026-09-16T00:00": "amber",
        "2026-09-16T23:59": "amber",
        "2026-09-17T00:00": "red",
    }
    assert {moment: info.light(local(moment)) for moment in lights} == lights
    lights = {
        "2026-09-21T23:59": "green",
        "2026-09-22T00:00": "amber",
        "2026-09-28T23:59": "amber",
        "2026-09-29T00:00": "red",
    }
    assert {moment: full.light(local(moment)) for moment in lights} == lights


@pytest.mark.parametrize("days", [MAPLE, NO_CALENDAR, TWO_YEARS])
@pytest.mark.parametrize("asked", ["2026-09-14T09:00", "2026-12-18T23:59", "2027-07-01T08:00"])
def test_the_record_of_a_military_child_is_late_after_ten_days_whatever_the_calendar(asked, days):
    full = clock(asked_at(asked, military=True), Track.FULL, days)
    midnight = local(asked[:10])
    assert full.due == (midnight + timedelta(days=11)).astimezone(UTC)
    assert full.amber == (midnight + timedelta(days=6)).astimezone(UTC)
    assert full.calendar == "known"
    assert clock(asked_at(asked, military=True), Track.INFO, days) == clock(asked_at(asked), Track.INFO, days)


def test_in_a_summer_without_the_next_calendar_weekdays_count_and_the_clock_says_so():
    last = TAUGHT[-1]
    assert last == date(2027, 6, 14)
    found = clock(asked_at("2027-07-02T15:00"), Track.INFO, MAPLE)
    assert (found.due, found.calendar) == (local("2027-07-07T00:00"), "missing")
    over = clock(asked_at("2027-06-11T15:00"), Track.INFO, MAPLE)
    assert (over.due, over.calendar) == (local("2027-06-16T00:00"), "missing")


def test_in_a_summer_with_the_next_calendar_the_days_of_that_count():
    found = clock(asked_at("2027-07-02T15:00"), Track.INFO, TWO_YEARS)
    assert (found.due, found.calendar) == (local("2027-09-03T00:00"), "known")


def test_without_a_calendar_weekdays_count_and_the_clock_says_so():
    found = clock(asked_at("2026-09-04T16:30"), Track.INFO, NO_CALENDAR)
    assert (found.due, found.calendar) == (local("2026-09-09T00:00"), "missing")


def test_a_calendar_that_begins_in_a_year_is_none():
    other = school_days(PACIFIC, [day + timedelta(days=364) for day in TAUGHT])
    assert clock(asked_at("2026-10-05T09:00"), Track.INFO, other).calendar == "missing"


def test_a_calendar_says_of_each_day_whether_it_is_taught():
    assert school_days(PACIFIC, {date(2026, 9, 3): True, date(2026, 9, 4): False}).days == (date(2026, 9, 3),)
    assert school_days(PACIFIC, [date(2026, 9, 4), date(2026, 9, 3), date(2026, 9, 4)]).days == (
        date(2026, 9, 3),
        date(2026, 9, 4),
    )


def held(reason, sections, days, transfer=None):
    transfer = transfer or after(EventKind.ASK, EventKind.MATCH, EventKind.TASK)
    transfer = happens(transfer, EventKind.HOLD, reason=reason, sections=sections)
    return happens(transfer, EventKind.FREE, after=timedelta(days=days)) if days else transfer


def test_clocks_go_on_while_a_transfer_is_held():
    running = clocks(after(EventKind.ASK), MAPLE)
    for reason, sections in (("identity-doubt", ["identity"]), ("restriction", ["health"]), ("fee", ["transcript"])):
        both = clocks(held(reason, sections, 0), MAPLE)
        assert [(one.amber, one.due) for one in both] == [(one.amber, one.due) for one in running]


def test_of_what_may_lawfully_be_held_the_clock_stands_still():
    everything = sorted(clocks(held("court-order", ["transcript"], 0), MAPLE)[1].stopped)
    assert everything == ["transcript"]
    of_all = held("court-order", list(after(EventKind.ASK).still_open(Track.FULL)), 0)
    assert [one.light(local("2030-01-01T00:00")) for one in clocks(of_all, MAPLE)] == [Light.STOPPED] * 2
    freed = happens(
        of_all, EventKind.FREE, after=timedelta(days=7)
    )  # from Monday to Monday: at the end of four school days
    assert [one.due for one in clocks(freed, MAPLE)] == [local("2026-09-23T00:00"), local("2026-10-03T00:00")]


def test_a_fee_stops_the_transcript_alone_once_the_rest_is_sent():
    waiting = held("fee", ["transcript"], 3)  # from Monday to Thursday: at the end of two school days
    rest = sorted(waiting.still_open(Track.FULL) - {"transcript"})
    sent = happens(waiting, EventKind.APPROVE, sections=rest)
    for kind in (EventKind.PACK, EventKind.DELIVER, EventKind.ACCEPT):
        sent = happens(sent, kind)
    plain = clocks(after(EventKind.ASK), MAPLE)[1]
    assert clocks(sent, MAPLE)[1].due == plain.due + timedelta(days=2)


def test_a_clock_ends_with_the_delivery_of_all_of_its_track_or_with_the_transfer():
    way = (EventKind.ASK, EventKind.MATCH, EventKind.TASK, EventKind.APPROVE, EventKind.PACK, EventKind.DELIVER)
    done = after(*way)
    assert [one.light(local("2030-01-01T00:00")) for one in clocks(done, MAPLE)] == [Light.DONE] * 2
    assert clocks(done, MAPLE)[0].done == done.changed
    withdrawn = after(EventKind.ASK, EventKind.WITHDRAW)
    assert [one.done for one in clocks(withdrawn, MAPLE)] == [withdrawn.changed] * 2
    again = happens(done, EventKind.RESEND)
    assert [one.due for one in clocks(again, MAPLE)] == [one.due for one in clocks(done, MAPLE)]
    assert [one.done for one in clocks(again, MAPLE)] == [None, None]


def test_the_clock_begins_anew_where_a_request_is_redirected_and_what_the_receiver_was_told_stays():
    asked = after(EventKind.ASK)
    unknown = happens_none(asked)
    moved = happens(unknown, EventKind.REDIRECT, after=timedelta(days=3))
    assert clock(moved, Track.INFO, MAPLE).due == told_due(moved.opened, MAPLE) > clock(asked, Track.INFO, MAPLE).due
    assert moved.due == asked.due


def happens_none(transfer):
    from gateway.transfers.machine.fold import apply, next_event

    return apply(
        transfer, next_event(transfer, without(draft(EventKind.MATCH, transfer, result="none"), "subject", "child"))
    )


@given(
    begin=st.integers(0, 400 * 24).map(lambda hours: datetime(2026, 7, 1, tzinfo=UTC) + timedelta(hours=hours)),
    later=st.integers(0, 200),
    days=st.sampled_from([MAPLE, NO_CALENDAR, TWO_YEARS, school_days(ZoneInfo("Australia/Lord_Howe"), TAUGHT)]),
)
def test_who_asks_later_is_never_due_earlier_and_half_comes_before_all(begin, later, days):
    asked = after(EventKind.ASK)
    first = clocks(replace(asked, opened=begin), days)
    second = clocks(replace(asked, opened=begin + timedelta(hours=later)), days)
    for one, other in zip(first, second, strict=True):
        assert begin < one.amber < one.due <= other.due


def test_every_day_counts_where_no_calendar_stops_a_clock():
    days = every_day_after(date(2026, 12, 30))
    assert [next(days).day.isoformat() for _ in range(3)] == ["2026-12-31", "2027-01-01", "2027-01-02"]
