"""The command line lets the first operator in, and manages people as the console does."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from gateway.commands.cli import main
from gateway.people.sessions import hashed
from tests.support.people.joining import SETTINGS, follow, is_in, join
from tests.support.people.region import BASE, people_region
from tests.support.regions import Clock, agreement, small_sites


@pytest.fixture
def region(tmp_path):
    from datetime import UTC, datetime

    sites, clock = small_sites(tmp_path / "data"), Clock(datetime.now(UTC))
    with people_region(tmp_path / "region", sites, [agreement(name) for name in sites], SETTINGS, clock) as region:
        yield region


def crossing(region, *words):
    file = str(region.administered.settings().file)
    return CliRunner().invoke(main, ["admins", *words, "--settings", file])


def test_the_first_link_leads_in_and_there_is_no_second_one_by_mistake(region):
    made = crossing(region, "bootstrap", "--mail", "ana@example.org", "--name", "Ana")
    assert made.exit_code == 0
    link = made.stdout.strip()
    assert link.startswith(f"{BASE}/console/join/")
    _, shown = follow(region, link.rpartition("/")[2])
    assert "region-operator" in shown.text
    join(region, "olga@example.org", "region", "region-operator")
    again = crossing(region, "bootstrap")
    assert again.exit_code == 1
    assert "already" in again.output
    assert crossing(region, "bootstrap", "--again").exit_code == 0


def test_people_are_invited_listed_suspended_resumed_let_in_and_ended(region):
    assert crossing(region, "list").stdout.startswith("Nobody has joined yet")
    assert crossing(region, "invite", "ben@example.org", "--org", "maple", "--role", "auditor").exit_code == 0
    assert crossing(region, "invite", "ben@example.org", "--org", "maple", "--role", "cbo-admin").exit_code == 1
    assert crossing(region, "invite", "ben@example.org", "--org", "nowhere", "--role", "auditor").exit_code == 1
    ana = join(region, "ana@example.org")
    (one,) = json.loads(crossing(region, "list", "--json").stdout)
    assert (one["mail"], one["org"], one["roles"], one["signs in by"]) == (
        "ana@example.org", "maple", ["approver"], ["password and code"],
    )  # fmt: skip
    assert crossing(region, "suspend", "ana@example.org", "--reason", "leave").stdout == "ana@example.org: suspended.\n"
    assert not is_in(ana.browser)
    assert crossing(region, "suspend", "ana@example.org", "--reason", "leave").exit_code == 1
    assert crossing(region, "resume", "ana@example.org", "--reason", "back").exit_code == 0
    link = crossing(region, "recover", "ana@example.org", "--reason", "lost").stdout.strip()
    assert len(hashed(link.rpartition("/")[2])) == 64
    assert crossing(region, "end", "ana@example.org", "--reason", "left").exit_code == 0
    assert crossing(region, "recover", "ana@example.org", "--reason", "lost").exit_code == 1
    assert crossing(region, "suspend", "nobody@example.org", "--reason", "x").exit_code == 1
