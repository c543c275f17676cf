"""Scopes of transfers stand alone: beside others there is no token, no signature and no answer, and no API of data."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from adapters.transport.oauth1 import authorization
from gateway.auth.callers import SignedRequest
from gateway.auth.scopes import (
    ONEROSTER_1_1,
    RECEIVE,
    TRANSFERS,
    about_transfers,
    admin_scopes,
    known_scopes,
    mixes_transfers,
    transfer_scopes,
)
from gateway.storage.tables import clients
from standards.errors import Unauthenticated
from tests.gateway.small_region import Region

ROOT, USERS = "https://gateway.example.org", "/ims/oneroster/v1p1/users"
GRANT = {"grant_type": "client_credentials"}
READ = f"{ONEROSTER_1_1}roster.readonly"


@pytest.fixture(scope="module")
def region(tmp_path_factory):
    opened = Region(tmp_path_factory.mktemp("transfers"))
    opened.agent = ("agent", opened.add("agent", TRANSFERS))
    opened.both = ("both", opened.add("both", (READ, *TRANSFERS)))
    yield opened
    opened.close()


def test_no_scope_of_transfers_is_one_of_data_or_of_administration():
    assert transfer_scopes() == {"transfer:request", "transfer:receive"}
    assert transfer_scopes() & (known_scopes() | admin_scopes()) == set()


@pytest.mark.parametrize(
    ("scopes", "about", "mixed"),
    [
        ((), False, False),
        (("edfi:read",), False, False),
        (TRANSFERS, True, False),
        (TRANSFERS[:1], True, False),
        ((*TRANSFERS, "edfi:read"), True, True),
        (("transfer:everything",), True, True),
        (("transfer:receive", "admin:auditor"), True, True),
    ],
)
def test_a_scope_that_is_meant_to_be_of_transfers_counts_as_one(scopes, about, mixed):
    assert (about_transfers(scopes), mixes_transfers(scopes)) == (about, mixed)


@pytest.mark.parametrize("scope", TRANSFERS)
def test_each_can_be_had_alone(region, scope):
    answer = region.ask(basic=region.agent, scope=scope, **GRANT)
    assert (answer.status_code, answer.json["scope"]) == (200, scope)
    assert region.callers.authenticate(f"Bearer {answer.json['access_token']}").scopes == {scope}


def test_who_has_scopes_of_both_kinds_gets_a_token_for_neither(region):
    for asked in ({}, {"scope": READ}, {"scope": TRANSFERS[0]}):
        answer = region.ask(basic=region.both, **GRANT, **asked)
        assert (answer.status_code, answer.json["error"]) == (400, "unauthorized_client")
        assert "access_token" not in answer.json


def test_a_token_of_before_its_client_had_both_is_none_any_more(region):
    secret = region.add("changing", (READ,))
    bearer = f"Bearer {region.ask(basic=('changing', secret), **GRANT).json['access_token']}"
    assert region.callers.authenticate(bearer).scopes == {READ}
    give(region, "changing", READ, RECEIVE)
    region.clock.move(2)
    with pytest.raises(Unauthenticated, match="served by neither"):
        region.callers.authenticate(bearer)


def test_who_has_scopes_of_transfers_signs_no_request(region):
    region.add("signer", (READ,))
    secret = region.share("signer")
    assert signed(region, secret, "n1").scopes == {READ}
    for scopes in ((READ, RECEIVE), (RECEIVE,)):
        give(region, "signer", *scopes)
        with pytest.raises(Unauthenticated, match="consumer key is unknown"):
            signed(region, secret, "n2")


def give(region, client, *scopes):
    """Write scopes as a hand in the registry would, past every check."""
    with region.store.engine.begin() as connection:
        connection.execute(update(clients).where(clients.c.client_id == client).values(scopes=list(scopes)))


def signed(region, secret, nonce):
    at = int(region.clock().timestamp())
    text = authorization("GET", ROOT + USERS, (), "signer", secret, "HMAC-SHA1", nonce, at)
    return region.verifier.verify(SignedRequest("GET", ROOT, USERS, b"", text, "192.0.2.1"))
