"""Whoever could not be told what waits is a task of the operator, for two weeks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from gateway.storage.people.notices import Notice
from gateway.tasks.undelivered import KEPT_DAYS, undelivered

NOON = datetime(2026, 11, 2, 20, tzinfo=UTC)


def given_up(number, at=NOON, org="maple", channel="mail", error="the mail server refused it"):
    return Notice(str(number), "digest", org, channel, f"person {number}", at, at, 10, error, None, at)


def test_notices_of_one_day_to_one_organisation_are_one_task():
    (task,) = undelivered([given_up(1), given_up(2)], NOON)
    assert (task.org, task.role, task.content["why"]) == ("region", "region-operator", "the mail server refused it")
    assert (task.content["channel"], task.content["for"], task.content["day"]) == ("mail", "maple", "2026-11-02")
    assert "person" not in repr(task)


def test_each_way_organisation_and_day_has_a_task_of_its_own():
    several = [
        given_up(1),
        given_up(2, org="cedar"),
        given_up(3, channel="webhook"),
        given_up(4, NOON + timedelta(days=1)),
    ]
    tasks = list(undelivered(several, NOON + timedelta(days=1)))
    assert len({task.id for task in tasks}) == len(several)


def test_after_two_weeks_nobody_is_reminded_any_more():
    late = timedelta(days=KEPT_DAYS)
    assert list(undelivered([given_up(1)], NOON + late - timedelta(seconds=1)))
    assert list(undelivered([given_up(1)], NOON + late)) == []
    assert list(undelivered([], NOON)) == []
