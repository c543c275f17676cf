"""Where a district asks for two persons, a client is registered, given a secret and ended by two."""

from __future__ import annotations

import pytest
from sqlalchemy import insert

from gateway.admin.clients.clients import Clients, NewClient
from gateway.admin.clients.secrets import ClientSecrets
from gateway.admin.confirming import Confirming
from gateway.admin.second_person import Waiting
from gateway.auth.client_secrets import proves
from gateway.people.actor import Actor, NotPermitted
from gateway.storage.database import transaction
from gateway.storage.people.choices import TWO_PERSONS
from gateway.storage.people.tables import organisation_settings
from standards.errors import Conflict
from tests.support.people.api import in_session, machine

CEDAR = ("cedar", "district-admin")
ACTS = ["client.register", "client.rotate", "client.end"]


@pytest.fixture(scope="module")
def strict(region):
    """The region, in which cedar asks for two persons."""
    row = {
        "org": "cedar", "name": TWO_PERSONS, "value": ACTS, "version": 1, "changed": region.clock(),
        "changed_by": "tests",
    }  # fmt: skip
    with transaction(region.administered.store.engine, write=True) as connection:
        connection.execute(insert(organisation_settings).values(row))
    return region


def test_what_one_proposes_another_confirms(strict):
    one, other = strict.actor("cleo", CEDAR), strict.actor("carl", CEDAR)
    clients, confirming = Clients(strict.administered), Confirming(strict.administered)
    waiting = clients.register(one, NewClient("two-eyes", "acme", "vendor", ("edfi:read",)))
    assert isinstance(waiting, Waiting)
    assert strict.administered.store.find_client("two-eyes") is None
    with pytest.raises(NotPermitted):
        confirming.confirm(one, waiting.proposal.id)
    confirming.confirm(other, waiting.proposal.id)
    made = strict.administered.store.find_client("two-eyes")
    assert (made.status, made.steward, made.scopes) == ("draft", "cedar", ("edfi:read",))
    changed = clients.change(one, "two-eyes", ("edfi:read", "edfi:update"))
    confirming.confirm(other, changed.proposal.id)
    assert strict.administered.store.find_client("two-eyes").scopes == ("edfi:read", "edfi:update")
    ending = clients.end(one, "two-eyes", "the vendor is gone")
    confirming.confirm(other, ending.proposal.id)
    assert strict.administered.store.find_client("two-eyes").status == "ended"


def test_a_proposal_about_a_client_that_changed_meanwhile_is_not_done(strict):
    one, other = strict.actor("cleo", CEDAR), strict.actor("carl", CEDAR)
    clients, confirming = Clients(strict.administered), Confirming(strict.administered)
    proposal = clients.register(one, NewClient("moved-on", "acme", "vendor", ("edfi:read",))).proposal
    confirming.confirm(other, proposal.id)
    ending = clients.end(one, "moved-on").proposal
    changed = clients.change(one, "moved-on", unknown_members="refuse").proposal
    confirming.confirm(other, changed.id)
    with pytest.raises(Conflict):
        confirming.confirm(other, ending.id)
    assert strict.administered.store.find_client("moved-on").status == "draft"


def test_who_confirms_a_new_secret_is_shown_it(strict):
    one, other = strict.actor("cleo", CEDAR), strict.actor("carl", CEDAR)
    root = Actor("root", "operator")
    ClientSecrets(strict.administered).add(root, NewClient("keyed", "acme", "vendor", ("edfi:read",), "cedar"))
    waiting = ClientSecrets(strict.administered).rotate(one, "keyed", 3)
    done = Confirming(strict.administered).confirm(other, waiting.proposal.id).done
    assert proves(done.secret, strict.administered.store.find_client("keyed"), strict.clock())
    assert done.secret not in str(waiting.proposal)


def test_the_api_says_that_an_act_waits_and_a_program_proposes_none(strict):
    cleo = in_session(strict, "cleo", CEDAR)
    told = {"name": "waits-here", "vendorId": "acme", "kind": "vendor"}
    answer = cleo.post("/apiclients", told)
    assert (answer.status_code, answer.json["state"]) == (202, "waits")
    assert "ETag" not in answer.headers
    robot = machine(strict, "cedar-robot", "cedar", "district-admin")
    answer = robot.post("/apiclients", told | {"name": "by-robot"})
    assert (answer.status_code, answer.json["type"]) == (403, "urn:crossing-guard:problem:not-permitted")
