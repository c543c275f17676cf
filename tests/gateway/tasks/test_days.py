"""A task is red from the morning of its due day on, as its district's own clock has it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from gateway.admin.inbox.gathering import gather
from gateway.tasks.task import TRANSFER_NEAR, at_home, computed
from gateway.transfers.machine.words import Track
from tests.gateway.admin.transfers.offices import SENDER, offices
from tests.support.regions import small_sites

MOMENT = timedelta(seconds=1)


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    """Districts of the Pacific coast."""
    folder = tmp_path_factory.mktemp("days")
    sites = small_sites(folder / "data")
    for site in sites.values():
        site.timezone = "America/Los_Angeles"
    with offices(folder, sites=sites) as found:
        yield found


def of(office, transfer):
    tasks = gather(office.administration).tasks
    return next(one for one in tasks if one.kind == TRANSFER_NEAR and one.content["transfer"] == transfer.id)


def test_a_task_turns_red_with_the_day_of_its_district(office):
    near = office.near(17)
    zone = office.administration.settings().zones[SENDER]
    assert zone == ZoneInfo("America/Los_Angeles")
    clock = next(one for one in office.custody().look(near.id).clocks if one.track is Track.INFO)
    last = (clock.due - MOMENT).astimezone(zone).date()
    task, begins = of(office, near), datetime.combine(last, time(), zone)
    assert task.due == begins
    assert task.due.date() == last
    assert (task.state(begins - MOMENT), task.state(begins)) == ("amber", "red")
    office.region.clock.now = (begins - MOMENT).astimezone(UTC)
    before = of(office, near).state(office.administration.clock())
    office.later(seconds=1)
    assert (before, of(office, near).state(office.administration.clock())) == ("amber", "red")


def test_an_hour_that_a_task_names_stays():
    made = computed("own", "maple", "registrar", {}, opened=date(2026, 11, 2), due=date(2026, 11, 4))
    at_noon = made.due + timedelta(hours=12)
    for zone in (ZoneInfo("Pacific/Guam"), ZoneInfo("America/New_York")):
        there = at_home(made, zone)
        assert (there.due.date(), there.due.tzinfo) == (date(2026, 11, 4), zone)
        assert there.id == made.id
    assert at_home(replace(made, due=at_noon), ZoneInfo("America/New_York")).due == at_noon
    assert at_home(replace(made, due=None), ZoneInfo("America/New_York")).due is None
