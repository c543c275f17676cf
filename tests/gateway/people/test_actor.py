"""How far an actor may go: people by their roles, machines nowhere a person is needed, the operator as far as commands go."""

from __future__ import annotations

import pytest

from gateway.people.actor import REGION, Actor, Membership, NotPermitted, operator
from policies.roles import actions, commands, roles
from standards.errors import NotFound

PERSONAL = sorted(name for name, one in actions().items() if one.person)
BY_COMMAND = {
    "agreement.effect", "assignment.read", "assignment.write", "disclosure.child", "district.upload", "person.change",
    "person.invite", "register.read", "register.write",
    "transfer.ask", "transfer.keys", "transfer.withdraw", "why.custodian",
}  # fmt: skip
"""What needs a person and has been the operator's, too, since there were commands for it."""


def machine(*held):
    return Actor("robot", "machine", tuple(Membership(org, role) for org, role in held))


@pytest.mark.parametrize("name", PERSONAL)
def test_the_operator_does_what_needs_a_person_only_where_a_command_does_it(name):
    assert operator("root").allows(name, "maple", ["maple"]) is (name in BY_COMMAND)
    assert operator("root").everywhere(name) is (name in BY_COMMAND)


@pytest.mark.parametrize("name", ["agreement.sign", "agreement.preview", "account.own"])
def test_signing_and_previewing_need_a_person(name):
    with pytest.raises(NotPermitted):
        operator("root").require(name, "maple", ["maple"])
    with pytest.raises(NotFound):
        operator("root").require_seen(name, "maple", ["maple"])


def test_the_operator_does_all_that_needs_no_person():
    mine = operator("root")
    assert all(mine.allows(name, "maple") and mine.everywhere(name) for name in actions() if name not in PERSONAL)


def test_every_command_is_one_that_the_operator_may_give():
    assert [name for name in set(commands().values()) if not operator("root").everywhere(name)] == []


@pytest.mark.parametrize("name", PERSONAL)
def test_no_machine_does_what_needs_a_person_in_whatever_role(name):
    every = machine(*((org, role) for role in roles() for org in ("maple", REGION)))
    assert not every.allows(name, "maple", ["maple"])
    assert not every.everywhere(name)


def test_a_role_of_one_organisation_reaches_nothing_of_another():
    mine = Actor("ana", "person", (Membership("maple", "district-admin"),), "1")
    assert mine.allows("district.connect", "maple")
    assert not mine.allows("district.connect", "birch")
    assert not mine.allows("agreement.publish", "birch", ["maple"])
    assert mine.allows("agreement.read", "birch", ["maple"])
