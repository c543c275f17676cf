"""Tasks are kept alike on SQLite and on PostgreSQL, close once, and every change is an act."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, select

from gateway.storage.acts import Acts
from gateway.storage.database import transaction
from gateway.storage.tables import approvals
from gateway.storage.tables import tasks as table
from gateway.tasks.store import Tasks, present
from gateway.tasks.task import TURNING_18, PersonTask, after, computed
from standards.errors import Conflict
from tests.gateway.registers.conftest import NOON, store, url

__all__ = ["store", "url"]


@pytest.fixture
def tasks(store):
    return Tasks(store, lambda: NOON)


def a_task(**more):
    given = {"opened": date(2026, 8, 1), "due": date(2026, 10, 1), **more}
    return computed("agreement-ending", "maple", "privacy-officer", {"agreement": "a"}, **given)


def test_a_task_of_ones_own_is_opened_listed_and_closed(tasks):
    opened = tasks.open("maple", "registrar", "look at the form", NOON + timedelta(days=7), "ana")
    assert tasks.rows() == (opened,)
    assert opened.content == {"text": "look at the form"}
    tasks.close(opened, "looked at", "ben")
    (closed,) = tasks.rows()
    assert (closed.closed, closed.closed_by, closed.outcome) == (NOON, "ben", "looked at")


def test_a_computed_task_that_was_closed_does_not_come_back(tasks):
    assert present([a_task()], tasks.rows()) == [a_task()]
    tasks.close(a_task(), "renewed", "ana")
    (there,) = present([a_task()], tasks.rows())
    assert (there.id, there.closed) == (a_task().id, NOON)


def test_a_task_closes_once(tasks):
    tasks.close(a_task(), "renewed", "ana")
    with pytest.raises(Conflict, match="closed already"):
        tasks.close(a_task(), "again", "ben")
    opened = tasks.open("maple", "registrar", "x", None, "ana")
    tasks.close(opened, "done", "ana")
    with pytest.raises(Conflict):
        tasks.close(opened, "done", "ana")
    assert [one.outcome for one in tasks.rows()] == ["renewed", "done"]


def test_opening_and_closing_are_acts(tasks, store):
    opened = tasks.open("maple", "registrar", "x", None, "ana")
    tasks.close(opened, "done", "ben")
    with pytest.raises(Conflict):
        tasks.close(opened, "done", "ben")
    told = [(one.actor, one.action, one.content["task"], one.reason) for one in Acts(store).waiting()]
    assert told == [("ana", "task opened", opened.id, ""), ("ben", "task closed", opened.id, "done")]


def test_a_birthday_is_never_written_down(tasks, store):
    born_soon = computed(
        TURNING_18,
        "maple",
        "privacy-officer",
        {"entry": "e"},
        opened=date(2026, 8, 4),
        due=date(2026, 9, 3),
        private=True,
    )
    tasks.close(born_soon, "asked", "ana")
    with transaction(store.engine) as connection:
        (row,) = connection.execute(select(table)).all()
    assert (row.due, row.opened) == (None, NOON)
    assert "09-03" not in str(row)


def test_approvals_that_were_withdrawn_do_not_count(tasks, store):
    row = {
        "agreement": "a", "version": 1, "method": "key", "text": "t", "elements": "e", "signature": "", "thumbprint": "",
        "at": NOON, "actor": "ana",
    }  # fmt: skip
    with transaction(store.engine, write=True) as connection:
        connection.execute(
            insert(approvals),
            [{**row, "party": "maple", "withdrawn": None}, {**row, "party": "reading", "withdrawn": NOON}],
        )
    assert tasks.approved() == {("a", 1, "t"): {"maple": NOON}}
    assert tasks.revoked() == {("a", 1, "t"): NOON}
    with transaction(store.engine, write=True) as connection:
        connection.execute(insert(approvals), [{**row, "party": "reading", "withdrawn": None}])
    assert tasks.revoked() == {}  # the party has approved it anew


@pytest.mark.parametrize(
    ("day", "state"),
    [(date(2026, 8, 1), "open"), (date(2026, 8, 31), "open"), (date(2026, 9, 1), "amber"), (date(2026, 10, 1), "red")],
)
def test_a_task_is_amber_at_half_its_time_and_red_when_it_is_due(day, state):
    assert a_task().state(datetime(day.year, day.month, day.day, tzinfo=UTC)) == state


def test_a_task_without_an_end_stays_open():
    assert PersonTask("1", "own", "maple", "x", {}, NOON).state(NOON + timedelta(days=9999)) == "open"


def test_the_same_task_has_the_same_id_and_another_has_not():
    assert a_task().id == a_task(content={"more": 1}).id
    other = computed(
        "agreement-ending",
        "maple",
        "privacy-officer",
        {"agreement": "b"},
        opened=date(2026, 8, 1),
        due=date(2026, 10, 1),
    )
    assert other.id != a_task().id


@pytest.mark.parametrize(
    ("day", "period", "then"),
    [
        ("2026-01-31", "P1M", "2026-02-28"), ("2026-08-31", "P60D", "2026-10-30"), ("2024-02-29", "P1Y", "2025-02-28"),
        ("2026-12-15", "P1M2W", "2027-01-29"), ("2026-11-30", "P1Y3M", "2028-02-29"), ("2008-02-29", "P18Y", "2026-02-28"),
    ],
)  # fmt: skip
def test_a_period_is_added_as_calendars_do(day, period, then):
    assert after(date.fromisoformat(day), period) == date.fromisoformat(then)


@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)), st.integers(0, 400), st.sampled_from("DWMY"))
def test_a_longer_period_never_ends_earlier(day, count, unit):
    assert day <= after(day, f"P{count}{unit}") <= after(day, f"P{count + 1}{unit}")
