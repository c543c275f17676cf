"""A client is its recipient's and its steward's: no other district squats its id, copies it, or gets a secret of it."""

from __future__ import annotations

import pytest

from gateway.admin.agreements.publishing import Publishing
from gateway.admin.agreements.writing import DraftWriting
from gateway.admin.clients.clients import Clients, NewClient
from gateway.admin.clients.secrets import ClientSecrets
from gateway.admin.organisations import Organisations
from gateway.people.actor import NotPermitted, operator
from standards.errors import CallerError, Conflict
from tests.support.people.region import people_region
from tests.support.regions import agreement, small_sites

ROOT = operator("root")
ADMIN = "district-admin"


@pytest.fixture
def region(tmp_path):
    sites = small_sites(tmp_path / "data", 20)
    future = agreement("cedar", client="grader", begin="2027-01-01", end="2027-08-31")
    with people_region(tmp_path / "region", sites, [agreement("maple", client="tutor"), future]) as found:
        for name in ("squatter", "grader"):
            if name not in Organisations(found.administered).known():
                Organisations(found.administered).add(ROOT, name, "vendor", name.title())
        yield found


@pytest.fixture
def maple(region):
    return region.actor("mia", ("maple", ADMIN))


@pytest.fixture
def cedar(region):
    return region.actor("cleo", ("cedar", ADMIN))


@pytest.fixture
def clients(region):
    return Clients(region.administered)


def checked(region, actor, text):
    drafts = DraftWriting(region.administered)
    one = drafts.read_in(actor, text)
    found = drafts.check(actor, one.id, one.version)
    return one, [mistake.text for mistake in found.mistakes], " ".join(found.warnings), found


def test_an_agreement_keeps_the_id_of_a_client_that_nobody_has_registered_for_its_recipient(region, clients, cedar):
    boss = region.actor("bo", ("region", "region-operator"))
    for actor in (cedar, boss):
        with pytest.raises(Conflict, match="keeps this id for grader"):
            clients.register(actor, NewClient("grader", "squatter", "vendor", ("edfi:read",)))
    with pytest.raises(Conflict, match="keeps this id for grader"):
        ClientSecrets(region.administered).add(ROOT, NewClient("grader", "squatter", "vendor", ("edfi:read",)))
    assert clients.register(cedar, NewClient("grader", "grader", "vendor", ("edfi:read",))).client.steward == "cedar"


def test_a_district_is_not_told_of_the_agreement_that_keeps_an_id(clients, maple):
    with pytest.raises(Conflict) as refused:
        clients.register(maple, NewClient("grader", "squatter", "vendor", ("edfi:read",)))
    assert refused.value.message == "This name cannot be given: choose another one."


def test_a_district_is_not_told_for_whom_an_unsigned_agreement_of_another_one_keeps_an_id(tmp_path):
    sites, settings = small_sites(tmp_path / "data", 20), 'approvals = "required"\n'
    with people_region(tmp_path / "region", sites, [agreement("cedar", client="grader")], settings) as region:
        Organisations(region.administered).add(ROOT, "squatter", "vendor", "Squatter")
        clients, new = Clients(region.administered), NewClient("grader", "squatter", "vendor", ("edfi:read",))
        with pytest.raises(Conflict) as refused:
            clients.register(region.actor("mia", ("maple", ADMIN)), new)
        assert refused.value.message == "This name cannot be given: choose another one."
        with pytest.raises(Conflict, match="keeps this id for grader"):
            clients.register(region.actor("cleo", ("cedar", ADMIN)), new)


def test_a_check_says_who_registered_a_client_and_for_whom(region, clients, maple, cedar):
    clients.register(maple, NewClient("reader", "squatter", "vendor", ("edfi:read",)))
    text = agreement("cedar", client="reader")
    one, mistakes, _, found = checked(region, cedar, text)
    assert mistakes == ["the client reader was registered by maple for squatter, and the recipient is reader"]
    line = text.splitlines().index("clients: [reader]") + 1
    assert [(mistake.line, mistake.part) for mistake in found.mistakes] == [(line, "parties")]
    with pytest.raises(CallerError, match="has mistakes"):
        Publishing(region.administered).publish(cedar, one.id, one.version, one.number)


def test_a_client_of_the_recipient_that_another_district_registered_is_named_with_it(region, clients, maple, cedar):
    clients.register(maple, NewClient("tutor", "tutor", "vendor", ("edfi:read",)))
    _, mistakes, warnings, _ = checked(region, cedar, agreement("cedar", client="tutor"))
    assert mistakes == []
    assert "the client tutor was registered by maple for tutor" in warnings


def test_an_id_that_another_agreement_keeps_is_a_mistake(region, maple):
    text = agreement("maple", client="squatter").replace("clients: [squatter]", "clients: [grader]")
    _, mistakes, _, _ = checked(region, maple, text)
    assert mistakes == ["the client grader is kept for grader, as another agreement says"]


def test_a_vendor_that_drafts_learns_nothing_of_clients_of_others(region, clients, maple):
    clients.register(maple, NewClient("reader", "squatter", "vendor", ("edfi:read",)))
    vera = region.actor("vera", ("tutor", "vendor-contact"))
    told = []
    for name in ("reader", "grader"):
        text = agreement("maple", client="tutor").replace("clients: [tutor]", f"clients: [{name}]")
        _, mistakes, warnings, _ = checked(region, vera, text.replace("id: tutor-maple", f"id: draft-{name}"))
        told.append(str((mistakes, warnings)).replace(name, "?"))
        assert "squatter" not in told[-1]
    assert told[0] == told[1]


def test_a_district_copies_no_client_that_another_one_registered(region, clients, maple, cedar):
    clients.register(maple, NewClient("tutor", "tutor", "vendor", ("edfi:read",)))
    drafts = DraftWriting(region.administered)
    one = drafts.read_in(cedar, agreement("cedar", client="tutor"))
    Publishing(region.administered).publish(cedar, one.id, one.version, one.number)
    assert clients.find(cedar, "tutor").client.steward == "maple"
    with pytest.raises(NotPermitted, match="of tutor and was registered by maple"):
        clients.copy(cedar, "tutor", "mine", "squatter")
    for act in (
        lambda: ClientSecrets(region.administered).rotate(cedar, "tutor"),
        lambda: ClientSecrets(region.administered).link(cedar, "tutor"),
        lambda: clients.suspend(cedar, "tutor", "x"),
    ):
        with pytest.raises(NotPermitted, match="of tutor and was registered by maple"):
            act()
    assert clients.copy(maple, "tutor", "another", "tutor").client.client_id == "another"


def test_a_district_gets_no_secret_of_a_client_that_an_unsigned_agreement_of_another_one_names(tmp_path):
    sites = small_sites(tmp_path / "data", 20)
    settings = 'approvals = "required"\n'
    agreements = [agreement("maple", client="tutor"), agreement("cedar", client="tutor")]
    with people_region(tmp_path / "region", sites, agreements, settings) as region:
        mia = region.actor("mia", ("maple", ADMIN))
        boss = region.actor("bo", ("region", "region-operator"))
        Organisations(region.administered).add(ROOT, "tutor", "vendor", "Tutor")
        Clients(region.administered).register(boss, NewClient("tutor", "tutor", "vendor", ("edfi:read",), "maple"))
        for act in (ClientSecrets(region.administered).rotate, ClientSecrets(region.administered).link):
            with pytest.raises(Conflict, match="Agreements of other districts"):
                act(mia, "tutor")
