"""Tasks about records that move go to who can do something about them, and to nobody of the receiver too early."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from gateway.storage.transfers.tries import DeadStep
from gateway.storage.transfers.waiting_transfers import WaitingTransfer
from gateway.tasks import task
from gateway.tasks.moving import moving
from gateway.tasks.task import KINDS
from gateway.transfers.clocks.school_days import SchoolDays

NOW = datetime(2026, 11, 3, 18, tzinfo=UTC)
NEVER = datetime(9999, 12, 31, tzinfo=UTC)
LETTERS = {"t1"}


def transfer(state, *, amber=timedelta(days=1), due=timedelta(days=2)):
    asked = NOW - timedelta(hours=3)
    return WaitingTransfer("t1", "maple", "fir", state, 1, asked, NOW, NOW + amber, NOW + due)


def made(*waiting, given_up=(), letters=()):
    return [(one.kind, one.org, one.role) for one in moving(waiting, given_up, letters, NOW)]


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("near", [(task.TRANSFER_NEAR, "maple", "registrar")]),
        ("unknown", [(task.TRANSFER_UNKNOWN, "maple", "registrar")]),
        ("waiting", [(task.TRANSFER_WAITS, "maple", "approver")]),
        ("delivered", [(task.TRANSFER_ARRIVED, "fir", "registrar")]),
        ("requested", []),
        ("approved", []),
        ("packed", []),
        ("held", []),
    ],
)
def test_each_state_waits_for_the_people_who_can_end_it(state, expected):
    assert made(transfer(state)) == expected


@pytest.mark.parametrize("state", ["acknowledged", "filed"])
def test_where_a_part_was_received_somebody_decides_on_the_rest_until_its_clock_is_over(state):
    part = replace(transfer(state), info_done=NOW)
    (found,) = moving([part], (), (), NOW)
    assert (found.kind, found.org, found.role) == (task.TRANSFER_REST, "maple", "approver")
    assert (found.content, found.state(NOW)) == ({"transfer": "t1"}, "open")
    assert made(replace(part, full_done=NOW)) == []


@pytest.mark.parametrize("state", ["requested", "near", "unknown", "waiting", "held", "approved", "packed"])
def test_the_receiving_district_has_no_task_before_it_has_the_record(state):
    late = transfer(state, amber=-timedelta(days=1), due=-timedelta(hours=1))
    dead = DeadStep("t1", "maple", "fir", state, "source", NOW, replayed=False)
    assert {org for _, org, _ in made(late, given_up=[dead], letters=LETTERS)} == {"maple"}


def test_what_is_late_goes_to_the_administrator_amber_first_and_then_red():
    amber = transfer("held", amber=-timedelta(minutes=1), due=timedelta(days=1))
    (found,) = moving([amber], (), (), NOW)
    assert (found.kind, found.org, found.role) == (task.TRANSFER_LATE, "maple", "district-admin")
    assert found.state(NOW) != "red"
    assert found.state(NOW + timedelta(days=2)) == "red"
    assert made(transfer("held", amber=NEVER - NOW - timedelta(days=2), due=NEVER - NOW - timedelta(days=1))) == []


@pytest.mark.parametrize(
    "zone", ["America/Los_Angeles", "UTC", "Europe/Berlin", "Pacific/Auckland", "Pacific/Honolulu"]
)
@pytest.mark.parametrize("day", [date(2026, 11, 4), date(2026, 11, 1), date(2026, 3, 8), date(2026, 12, 31)])
def test_a_task_is_due_on_the_day_with_which_the_clock_ends(zone, day):
    end = SchoolDays(ZoneInfo(zone)).end_of(day)
    late = replace(transfer("waiting"), asked=end - timedelta(days=3), next_amber=NOW, next_due=end)
    found = list(moving([late], (), (), NOW, {"maple": ZoneInfo(zone)}))
    assert {one.due.date() for one in found} == {day}
    assert [one.content["due"] for one in found if one.kind == task.TRANSFER_LATE] == [day.isoformat()]


def test_what_was_given_up_says_why_and_whether_it_can_be_tried_once_more():
    dead = DeadStep("t1", "maple", "fir", "approved", "not-covered", NOW, replayed=True)
    (found,) = moving((), [dead], (), NOW)
    assert (found.kind, found.org, found.role) == (task.TRANSFER_STUCK, "maple", "registrar")
    assert found.content["why"] == "not-covered"
    assert found.content["again"] == "no"


@pytest.mark.parametrize("why", ["agreement", "receiver-key"])
def test_a_task_does_not_say_that_the_receivers_agreement_is_why(why):
    (found,) = moving((), [DeadStep("t1", "maple", "fir", "approved", why, NOW, replayed=False)], (), NOW)
    assert found.content["why"] == "untold"


def test_where_the_agreement_says_so_parents_are_told_by_letter_once_it_is_released():
    assert (task.TRANSFER_LETTER, "maple", "registrar") in made(transfer("approved"), letters=LETTERS)
    assert made(transfer("waiting"), letters=LETTERS) == made(transfer("waiting"))
    assert made(transfer("approved"), letters={"t2"}) == []


def test_every_kind_is_in_words_and_names_no_student():
    for one in moving([transfer("near"), transfer("delivered")], (), (), NOW):
        assert one.kind in KINDS
        assert set(one.content) <= {"transfer", "version"}
