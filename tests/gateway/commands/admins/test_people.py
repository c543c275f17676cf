"""The command line lets the first operator in, and manages people as the console does."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from gateway.commands.actor import actor
from gateway.people.sessions import hashed
from tests.support.people.commands import crossing, last_act
from tests.support.people.joining import SETTINGS, follow, is_in, join
from tests.support.people.region import BASE, people_region
from tests.support.regions import Clock, agreement, small_sites


@pytest.fixture
def region(tmp_path):
    sites, clock = small_sites(tmp_path / "data"), Clock(datetime.now(UTC))
    with people_region(tmp_path / "region", sites, [agreement(name) for name in sites], SETTINGS, clock) as region:
        yield region


def test_the_first_link_leads_in_and_there_is_no_second_one_by_mistake(region):
    made = crossing(region, "admins", "bootstrap", "--mail", "ana@example.org", "--name", "Ana")
    link = made.stdout.strip()
    assert link.startswith(f"{BASE}/console/join/")
    _, shown = follow(region, link.rpartition("/")[2])
    assert "Operator of the region" in shown.text
    join(region, "olga@example.org", "region", "region-operator")
    again = crossing(region, "admins", "bootstrap", fails=1)
    assert "already" in again.output
    crossing(region, "admins", "bootstrap", "--again")


def test_people_are_invited_listed_suspended_resumed_let_in_and_ended(region):
    assert crossing(region, "admins", "list").stdout.startswith("Nobody has joined yet")
    crossing(region, "admins", "invite", "ben@example.org", "--org", "maple", "--role", "auditor")
    crossing(region, "admins", "invite", "ben@example.org", "--org", "maple", "--role", "cbo-admin", fails=1)
    crossing(region, "admins", "invite", "ben@example.org", "--org", "nowhere", "--role", "auditor", fails=1)
    ana = join(region, "ana@example.org")
    (one,) = json.loads(crossing(region, "admins", "list", "--json").stdout)
    assert (one["mail"], one["org"], one["roles"], one["signs in by"]) == (
        "ana@example.org", "maple", ["approver"], ["password and code"],
    )  # fmt: skip
    assert (
        crossing(region, "admins", "suspend", "ana@example.org", "--reason", "leave").stdout
        == "ana@example.org: suspended.\n"
    )
    assert not is_in(ana.browser)
    crossing(region, "admins", "suspend", "ana@example.org", "--reason", "leave", fails=1)
    crossing(region, "admins", "resume", "ana@example.org", "--reason", "back")
    link = crossing(region, "admins", "recover", "ana@example.org", "--reason", "lost").stdout.strip()
    assert len(hashed(link.rpartition("/")[2])) == 64
    crossing(region, "admins", "end", "ana@example.org", "--reason", "left")
    crossing(region, "admins", "recover", "ana@example.org", "--reason", "lost", fails=1)
    crossing(region, "admins", "suspend", "nobody@example.org", "--reason", "x", fails=1)


@pytest.mark.parametrize(
    ("org", "role"), [("maple", "king"), ("nowhere", "auditor"), ("maple", "cbo-admin"), ("maple", "vendor-contact")]
)
def test_nobody_is_invited_into_a_role_that_the_organisation_does_not_have(region, org, role):
    answer = crossing(region, "admins", "invite", "ben@example.org", "--org", org, "--role", role, fails=1)
    assert answer.stdout == ""
    assert answer.stderr.startswith("Error: ")
    assert crossing(region, "admins", "list", "--json").stdout == "[]\n"


@pytest.mark.parametrize("step", ["suspend", "resume", "end", "recover"])
def test_a_step_about_a_person_needs_a_reason_and_somebody(region, step):
    assert "--reason" in crossing(region, "admins", step, "ana@example.org", fails=2).output
    answer = crossing(region, "admins", step, "nobody@example.org", "--reason", "x", fails=1)
    assert answer.stdout == ""


def test_who_did_it_and_why_is_on_record(region):
    join(region, "ana@example.org")
    crossing(region, "admins", "suspend", "ana@example.org", "--reason", "on leave")
    act = last_act(region)
    assert (act["actor"], act["reason"]) == (actor(), "on leave")


def test_the_people_of_one_organisation_are_listed_alone(region):
    join(region, "ana@example.org")
    join(region, "ben@example.org", "cedar")
    shown = crossing(region, "admins", "list", "--org", "cedar").stdout
    assert "ben@example.org" in shown
    assert "ana@example.org" not in shown
    crossing(region, "admins", "list", "--org", "nowhere", fails=1)
