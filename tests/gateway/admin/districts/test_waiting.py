"""What is wrong with the readings of a district waits for its administrators, and goes by itself when it is over."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.admin.districts.steering import Steering
from gateway.admin.inbox.inbox import Inbox
from gateway.admin.settings import OrganisationSettings
from gateway.people.actor import operator
from gateway.storage.people.deliveries import READING, Deliveries, Delivery
from gateway.tasks.task import CHANGE_WAITS, CONNECTION_FAILS, FILE_LATE
from standards.errors import Conflict
from tests.support.people.region import people_region
from tests.support.regions import agreement, small_sites

OURS = {FILE_LATE, CHANGE_WAITS, CONNECTION_FAILS}


@pytest.fixture
def region(tmp_path):
    with people_region(tmp_path / "region", small_sites(tmp_path / "data"), [agreement("maple")]) as region:
        yield region


@pytest.fixture
def mo(region):
    return region.actor("mo", ("maple", "district-admin"))


def came(region, verdict, **counts):
    Deliveries(region.administered.store).add([Delivery("maple", region.clock(), READING, verdict, counts)])


def waiting(region, actor):
    found = [one for one in Inbox(region.administered).gathered(actor).tasks if one.closed is None]
    return {one.kind: one for one in found if one.kind in OURS}


def test_nothing_waits_where_all_is_well(region, mo):
    came(region, "fresh")
    assert waiting(region, mo) == {}


def test_a_large_change_waits_until_it_is_approved(region, mo):
    came(region, "waiting", loss={"student": [3, 10]})
    task = waiting(region, mo)[CHANGE_WAITS]
    assert (task.org, task.role, task.content["district"]) == ("maple", "district-admin", "maple")
    assert task.state(region.clock()) == "red"
    region.clock.move(3600)
    came(region, "waiting", loss={"student": [3, 10]})
    assert waiting(region, mo)[CHANGE_WAITS].id == task.id
    came(region, "approved")
    assert waiting(region, mo) == {}


def test_a_system_that_fails_waits_after_an_hour_and_until_it_is_read(region, mo):
    came(region, "failed", why="the source did not answer")
    assert waiting(region, mo) == {}
    region.clock.move(3600)
    task = waiting(region, mo)[CONNECTION_FAILS]
    assert task.content["why"] == "the source did not answer"
    came(region, "unchanged")
    assert waiting(region, mo) == {}


def test_a_second_failure_is_another_task_though_the_first_was_closed(region, mo):
    came(region, "failed")
    region.clock.move(3600)
    first = waiting(region, mo)[CONNECTION_FAILS]
    with pytest.raises(Conflict, match="closes by itself"):
        Inbox(region.administered).close(mo, first.id, "called the vendor")
    Inbox(region.administered).close(operator("tests"), first.id, "called the vendor")
    assert waiting(region, mo) == {}
    came(region, "fresh")
    came(region, "failed")
    region.clock.move(3600)
    assert waiting(region, mo)[CONNECTION_FAILS].id != first.id


def test_files_that_are_expected_and_have_not_come_are_late_until_they_come(region, mo):
    settings = OrganisationSettings(region.administered)
    settings.change(mo, "maple", {"expected_by": "00:01"}, settings.read(mo, "maple").version)
    region.clock.move(timedelta(days=1).total_seconds())
    task = waiting(region, mo)[FILE_LATE]
    assert (task.content["expectedBy"], task.state(region.clock())) == ("00:01", "red")
    came(region, "unchanged")
    assert FILE_LATE in waiting(region, mo)
    came(region, "fresh")
    assert waiting(region, mo) == {}


def test_nothing_of_a_paused_district_waits(region, mo):
    came(region, "failed")
    region.clock.move(7200)
    assert CONNECTION_FAILS in waiting(region, mo)
    Steering(region.administered).pause(mo, "maple", region.clock() + timedelta(hours=2), "summer")
    assert waiting(region, mo) == {}
    region.clock.move(7201)
    assert CONNECTION_FAILS in waiting(region, mo)


def test_nobody_else_is_told(region, mo):
    came(region, "waiting")
    assert CHANGE_WAITS in waiting(region, mo)
    assert waiting(region, region.actor("eve", ("cedar", "district-admin"))) == {}
