"""Who does what about transfers: people of the two districts, and the region's operator follows ids and times alone."""

from __future__ import annotations

import pytest

from gateway.admin.confirming import NEVER_ALONE
from gateway.people.actor import REGION, Actor, Membership, machine, operator
from policies.roles import actions, roles

TRANSFERS = {name: one for name, one in actions().items() if name.startswith("transfer.")}
COUNTED = {"transfer.follow", "transfer.reports"}
"""What tells ids, states and times, and nothing of a student."""
BY_COMMAND = COUNTED | {"transfer.ask", "transfer.keys", "transfer.withdraw"}
"""What is done at the server for a district, with a reason; it releases nothing and shows no record."""


def person(org, *held):
    return Actor("ana", "person", tuple(Membership(org, role) for role in held), "1")


def test_every_step_of_people_has_an_action():
    assert set(TRANSFERS) == {
        "transfer.ask", "transfer.decide", "transfer.follow", "transfer.keys", "transfer.match", "transfer.read",
        "transfer.receive", "transfer.reports", "transfer.withdraw",
    }  # fmt: skip


@pytest.mark.parametrize("name", sorted(TRANSFERS))
def test_whatever_shows_or_moves_a_record_takes_a_person(name):
    assert TRANSFERS[name].person is (name not in COUNTED)


@pytest.mark.parametrize("name", sorted(TRANSFERS))
def test_the_operator_of_the_region_sees_ids_and_times_and_decides_nothing(name):
    olga = person(REGION, "region-operator")
    assert olga.allows(name, "maple", ["maple", "fir"]) is (name in COUNTED)
    assert operator("root").allows(name, "maple", ["maple"]) is (name in BY_COMMAND)


@pytest.mark.parametrize("name", sorted(set(TRANSFERS) - COUNTED))
def test_no_program_does_it_in_any_role(name):
    assert not any(machine("bot", org, roles()).allows(name, "maple", ["maple"]) for org in ("maple", REGION))


def test_what_releases_a_record_takes_a_proof_and_maybe_two_persons():
    assert {name for name, one in TRANSFERS.items() if one.proved} == {"transfer.decide", "transfer.keys"}
    assert {name for name, one in TRANSFERS.items() if one.two_persons} == {"transfer.decide", "transfer.keys"}
    assert {"transfer.decide", "transfer.keys"} <= NEVER_ALONE


@pytest.mark.parametrize(
    ("role", "does"),
    [
        ("registrar", set(TRANSFERS) - {"transfer.keys", "transfer.decide"}),
        ("approver", {"transfer.follow", "transfer.reports", "transfer.read", "transfer.match", "transfer.decide", "transfer.withdraw"}),
        ("privacy-officer", {"transfer.follow", "transfer.reports", "transfer.read"}),
        ("district-admin", {"transfer.follow", "transfer.reports", "transfer.keys"}),
        ("auditor", {"transfer.follow", "transfer.reports"}),
        ("educator", set()),
        ("adapter-author", set()),
        ("cbo-admin", set()),
        ("vendor-contact", set()),
    ],
)  # fmt: skip
def test_a_role_in_the_district_does_this_and_no_more(role, does):
    ana = person("maple", role)
    assert {name for name in TRANSFERS if ana.allows(name, "maple")} == does
    assert {name for name in TRANSFERS if ana.allows(name, "fir", ["fir"])} == set()


def test_both_districts_follow_a_transfer_and_only_the_sender_decides():
    of_fir = person("fir", "registrar")
    assert of_fir.allows("transfer.follow", "maple", ["maple", "fir"])
    assert not of_fir.allows("transfer.decide", "maple", ["maple", "fir"])
    assert not of_fir.allows("transfer.match", "maple", ["maple", "fir"])
    assert not of_fir.allows("transfer.read", "maple", ["maple", "fir"])
