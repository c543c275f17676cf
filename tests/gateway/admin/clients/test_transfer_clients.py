"""Programs of districts are given scopes of transfers, which nobody else is and which stand beside no others."""

from __future__ import annotations

import pytest
from flask import Flask

from gateway.admin.clients.clients import NewClient, check_new
from gateway.admin.clients.states import DISTRICTS_ALONE, MIXED, check_kind, check_scopes, suggested
from gateway.auth.scopes import TRANSFERS, transfer_scopes
from gateway.console.clients.scopes import TRANSFERS as SENTENCES
from gateway.console.clients.scopes import offered, sentence
from policies.transfers.terms import OPERATION
from standards.errors import CallerError
from tests.policies import documents
from tests.policies.transfers.written import CLIENT, load

KINDS = ("vendor", "cbo", "sea", "researcher")


def test_both_scopes_may_be_asked_for_each_once():
    assert check_scopes([*TRANSFERS, *TRANSFERS]) == TRANSFERS


@pytest.mark.parametrize("other", ["edfi:read", "https://purl.imsglobal.org/spec/or/v1p2/scope/roster.readonly"])
def test_they_stand_beside_no_scope_of_data(other):
    with pytest.raises(CallerError, match=MIXED):
        check_scopes([TRANSFERS[0], other])


@pytest.mark.parametrize("asked", ["transfer:recieve", "transfer:", "transfer:*"])
def test_a_scope_that_there_is_not_is_refused_with_the_nearest(asked):
    with pytest.raises(CallerError, match="there is no scope"):
        check_scopes([asked])


@pytest.mark.parametrize("kind", KINDS)
def test_only_a_district_has_them(kind):
    with pytest.raises(CallerError, match=DISTRICTS_ALONE):
        check_kind(TRANSFERS[:1], kind)
    with pytest.raises(CallerError, match=DISTRICTS_ALONE):
        check_new(NewClient("agent", "acme", kind, TRANSFERS))
    check_kind(TRANSFERS, "district")
    check_kind(("edfi:read",), kind)
    check_new(NewClient("agent", "fir", "district", TRANSFERS))


def test_an_agreement_about_transfers_suggests_both_and_nothing_else():
    (found,) = suggested([load()], CLIENT)
    assert set(found.scopes) == transfer_scopes()
    assert OPERATION in load().operations


def test_an_agreement_about_data_suggests_none():
    found = {scope for one in suggested([documents.load("student.id allow")], documents.CLIENT) for scope in one.scopes}
    assert found
    assert found & transfer_scopes() == set()


@pytest.fixture
def console():
    with Flask("words").test_request_context(headers={"Accept-Language": "es"}):
        yield


@pytest.mark.usefixtures("console")
def test_the_console_offers_them_where_an_agreement_needs_them_or_the_client_has_one():
    assert {name for name, _ in offered(())} & transfer_scopes() == set()
    assert [name for name, _ in offered(suggested([load()], CLIENT))][:2] == sorted(TRANSFERS)
    assert [name for name, _ in offered((), TRANSFERS[:1])][-1] == TRANSFERS[0]


@pytest.mark.usefixtures("console")
def test_each_is_said_in_a_sentence():
    assert set(SENTENCES) == set(TRANSFERS)
    assert sentence("transfer:request") == "Crossing Guard: pedir el expediente de un estudiante que se cambia aquí"
