"""A district publishes its public keys, retires and revokes them; agreements pin them."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import insert

from gateway.admin.confirming import Confirming
from gateway.admin.second_person import Waiting
from gateway.admin.transfers.keys import GATEWAY, TransferKeys
from gateway.people.actor import NotPermitted
from gateway.storage.database import transaction
from gateway.storage.people.choices import TWO_PERSONS
from gateway.storage.people.tables import organisation_settings
from gateway.transfers.sealing.errors import KeySetRefused
from gateway.transfers.sealing.key_set import KeyUse
from standards.errors import CallerError, Conflict, NotFound
from tests.gateway.admin.transfers.offices import RECEIVER, SENDER, jwk, offices
from tests.gateway.transfers.work.world import pair


def keys(office, name="ada"):
    return office.of(TransferKeys, name, SENDER)


def test_a_key_is_published_pinned_retired_and_revoked(office):
    found = keys(office).publish(jwk("maple sig", KeyUse.SIGN))
    assert "maple-to-cedar" in found.pinned_by
    assert found.key.kid == pair("maple sig").thumbprint()
    assert [one.key.kid for one in keys(office).listed()] == [found.key.kid]
    assert keys(office, "mona").key_set(SENDER).keys[0].kid == found.key.kid
    with pytest.raises(Conflict):
        keys(office).publish(jwk("maple sig", KeyUse.SIGN))
    assert keys(office).retire(found.key.kid).key.status == "retiring"
    with pytest.raises(CallerError):
        keys(office).revoke(found.key.kid)
    assert keys(office).revoke(found.key.kid, "the machine was stolen").key.status == "revoked"
    with pytest.raises(Conflict):
        keys(office).retire(found.key.kid)
    assert [act.action for act in office.acts("transfer key revoked")] == ["transfer key revoked"]


def test_a_district_that_has_rotated_often_can_publish_the_next_key(tmp_path):
    with offices(tmp_path) as office:
        kids = []
        for number in range(12):
            kids.append(keys(office).publish(jwk(f"rotated {number}", KeyUse.SIGN)).key.kid)
            if number > 0:
                keys(office).revoke(kids[-2], "rotated")
        published = keys(office).key_set(SENDER).keys
        assert {one.kid for one in published if one.status == "revoked"} == set(kids[:-1])
        office.later(days=29)
        assert [one.kid for one in keys(office).key_set(SENDER).keys] == kids[-1:]
        assert {one.key.kid for one in keys(office).listed()} == set(kids)
        with pytest.raises(Conflict):
            keys(office).publish(jwk("rotated 0", KeyUse.SIGN))


def test_what_is_no_public_key_of_a_district_is_refused(office):
    whole = json.loads(jwk("other", KeyUse.SEAL))
    private = whole | {"d": pair("other").as_dict(private=True)["d"]}
    for wrong in (private, whole | {"kid": "x"}, whole | {"alg": "RSA-OAEP"}, {}, [], whole | {"status": "revoked"}):
        with pytest.raises(KeySetRefused):
            keys(office).publish(json.dumps(wrong).encode())
    with pytest.raises(CallerError):
        keys(office).publish(b"{")


def test_the_gateways_own_key_is_published_and_no_strangers(office):
    assert keys(office).key_set(GATEWAY).owner == GATEWAY
    assert keys(office).key_set(RECEIVER).keys
    with pytest.raises(NotFound):
        keys(office).key_set("elm")
    with pytest.raises(NotFound):
        keys(office).retire("no such key")


@pytest.mark.parametrize("name", ["mona", "alma", "pia", "otto", "ella", "olga"])
def test_nobody_else_publishes(office, name):
    with pytest.raises((NotPermitted, NotFound)):
        keys(office, name).publish(jwk("maple enc", KeyUse.SEAL))


def test_two_persons_publish_where_the_district_asks_for_them(office):
    with transaction(office.administration.store.engine, write=True) as connection:
        row = {"org": SENDER, "name": TWO_PERSONS, "value": ["transfer.keys"], "version": 1, "changed_by": "ada"}
        connection.execute(insert(organisation_settings).values({**row, "changed": office.region.clock()}))
    waits = keys(office).publish(jwk("maple enc", KeyUse.SEAL))
    assert isinstance(waits, Waiting)
    second = office.region.actor("abe", (SENDER, "district-admin"))
    done = Confirming(office.administration).confirm(second, waits.proposal.id)
    assert done.done.key.use == "enc"
