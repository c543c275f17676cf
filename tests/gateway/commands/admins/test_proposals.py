"""Acts by two persons from the command line: listed, confirmed by the running gateway, declined; and what was chosen."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from gateway.admin.districts.connecting import Connections
from gateway.admin.districts.steering import Steering
from gateway.admin.districts.uploading import DistrictFiles
from gateway.admin.people import Persons
from gateway.admin.second_person import Waiting
from gateway.admin.settings import OrganisationSettings
from gateway.storage.database import transaction
from gateway.storage.people.uploads import forget_uploads
from tests.support.people.commands import crossing, last_act, listening
from tests.support.people.districts import UPLOADED, connected, zipped
from tests.support.people.region import BASE, people_region
from tests.support.regions import Clock, agreement, small_sites

ADMIN = ("alder", "district-admin")
SETTINGS = f'[server]\npublic_url = "{BASE}"\n'
WANTED = ["district.connect", "district.approve-change", "person.invite"]
STAND_IN = ("--reason", "ben has left")


@pytest.fixture
def region(tmp_path):
    sites, clock = {"maple": small_sites(tmp_path / "data")["maple"]}, Clock(datetime.now(UTC))
    with people_region(tmp_path / "region", sites, [agreement("maple")], SETTINGS, clock) as region:
        yield region


@pytest.fixture
def ana(region, tmp_path):
    """The only person of a connected district that wants two of them."""
    ana = region.actor("ana", ADMIN)
    connected(region, ana, "alder", zipped(tmp_path / "made"))
    OrganisationSettings(region.administered).change(ana, "alder", {"two_persons": WANTED})
    return ana


@pytest.fixture
def removal(region, ana):
    waiting = Connections(region.administered).remove(ana, "alder", "a slip")
    assert isinstance(waiting, Waiting)
    return waiting.proposal.id


def waiting(region):
    return [one["id"] for one in json.loads(crossing(region, "admins", "proposals", "--json").stdout)]


def test_what_waits_is_listed_with_who_proposed_it(region, removal):
    (one,) = json.loads(crossing(region, "admins", "proposals", "--json").stdout)
    assert (one["id"], one["action"], one["org"], one["about"], one["by"]) == (
        removal, "district.connect", "alder", "alder", "ana@example.org",
    )  # fmt: skip
    assert removal in crossing(region, "admins", "proposals").stdout


def test_nothing_waits_where_nothing_was_proposed(region):
    assert crossing(region, "admins", "proposals").stdout == "Nothing waits for a second person.\n"
    assert waiting(region) == []


def test_a_removal_is_done_by_the_running_gateway(region, removal):
    with listening(region):
        answer = crossing(region, "admins", "confirm", removal, *STAND_IN)
    assert answer.stdout.endswith(f"{removal}: confirmed and done.\n")
    assert "alder" not in region.running.gateway.districts
    assert waiting(region) == []
    assert last_act(region)["action"] == "district removed"


def test_a_removal_waits_on_where_no_gateway_runs(region, removal):
    answer = crossing(region, "admins", "confirm", removal, *STAND_IN, fails=1)
    assert "Only a running gateway can do this" in answer.stderr
    assert answer.stdout == ""
    assert waiting(region) == [removal]
    with listening(region):
        crossing(region, "admins", "confirm", removal, *STAND_IN)


def test_a_large_change_is_approved_by_the_running_gateway_alone(region, ana, tmp_path):
    DistrictFiles(region.administered).receive(ana, "alder", "small.zip", zipped(tmp_path / "small", 20))
    steering, district = Steering(region.administered), region.running.gateway.districts["alder"]
    name = steering.approve(ana, "alder", steering.change(ana, "alder").digest, "a small year").proposal.id
    refused = crossing(region, "admins", "confirm", name, *STAND_IN, fails=1)
    assert "It still waits." in refused.stderr
    assert (waiting(region), district.latest.table("student").size) == ([name], 60)
    with listening(region):
        answer = crossing(region, "admins", "confirm", name, *STAND_IN)
    assert f"{name}: confirmed.\nalder: fresh since " in answer.stdout
    assert district.latest.table("student").size == 20


@pytest.mark.parametrize("runs", [True, False])
def test_a_connection_is_served_by_the_running_gateway_or_by_the_next_one(region, ana, runs):
    connections = Connections(region.administered)
    connections.save(ana, "alder", UPLOADED | {"cache": "2h"})
    name = connections.connect(ana, "alder").proposal.id
    if runs:
        with listening(region):
            assert crossing(region, "admins", "confirm", name, *STAND_IN).stdout.endswith("alder: served now\n")
    else:
        answer = crossing(region, "admins", "confirm", name, *STAND_IN)
        assert answer.stdout.endswith("alder: connected; a gateway that starts now serves it\n")


@pytest.mark.parametrize("runs", [True, False])
def test_the_link_of_a_confirmed_invitation_is_shown(region, ana, runs):
    name = Persons(region.administered).invite(ana, "alder", "eve@example.org", "auditor", "").proposal.id
    if runs:
        with listening(region):
            answer = crossing(region, "admins", "confirm", name, *STAND_IN)
    else:
        answer = crossing(region, "admins", "confirm", name, *STAND_IN)
    assert answer.stdout.startswith(f"{BASE}/console/join/")
    assert f"{name}: confirmed and done.\n" in answer.stdout


@pytest.mark.parametrize("runs", [True, False])
def test_a_command_stands_in_for_nobody_who_is_there(region, removal, runs):
    region.person("ben", ADMIN)
    if runs:
        with listening(region):
            answer = crossing(region, "admins", "confirm", removal, "--reason", "in a hurry", fails=1)
    else:
        answer = crossing(region, "admins", "confirm", removal, "--reason", "in a hurry", fails=1)
    assert "ben@example.org" in answer.stderr
    assert waiting(region) == [removal]


@pytest.mark.parametrize("reason", ["", "  "])
def test_nothing_is_decided_without_a_reason(region, removal, reason):
    with listening(region):
        assert "Say why" in crossing(region, "admins", "confirm", removal, "--reason", reason, fails=1).stderr
    assert "Say why" in crossing(region, "admins", "decline", removal, "--reason", reason, fails=1).stderr
    assert "--reason" in crossing(region, "admins", "confirm", removal, fails=2).stderr
    assert waiting(region) == [removal]


def test_what_is_declined_waits_no_more_and_is_not_done(region, removal):
    assert crossing(region, "admins", "decline", removal, "--reason", "no").stdout == f"{removal}: declined.\n"
    assert waiting(region) == []
    assert "alder" in region.running.gateway.districts
    with listening(region):
        assert "waits no more" in crossing(region, "admins", "confirm", removal, *STAND_IN, fails=1).stderr
    crossing(region, "admins", "decline", removal, "--reason", "no", fails=1)


def test_a_proposal_that_is_not_there_is_neither_confirmed_nor_declined(region):
    for step in ("confirm", "decline"):
        answer = crossing(region, "admins", step, "0" * 16, "--reason", "x", fails=1)
        assert answer.stderr == "Error: There is no such proposal here.\n"


@pytest.mark.usefixtures("ana")
def test_what_an_organisation_has_chosen_is_shown(region):
    shown = crossing(region, "admins", "settings", "alder").stdout.splitlines()
    assert f"two-persons: {', '.join(sorted(WANTED))}" in shown
    assert "digest-at: 07:00" in shown
    assert crossing(region, "admins", "settings", "nowhere", fails=1).stdout == ""


def test_a_connection_whose_trial_fails_meanwhile_is_refused(region, ana):
    connections = Connections(region.administered)
    connections.save(ana, "alder", UPLOADED | {"cache": "2h"})
    name = connections.connect(ana, "alder").proposal.id
    with transaction(region.administered.store.engine, write=True) as connection:
        forget_uploads(connection, "alder")
    with listening(region):
        answer = crossing(region, "admins", "confirm", name, *STAND_IN, fails=1)
    assert "alder is not connected: its trial failed" in answer.stderr + answer.stdout
    assert waiting(region) == []
