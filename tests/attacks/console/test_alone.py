"""What takes two persons, or a proof of who one is, is done neither alone nor with a stolen session, by any way round."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import insert

from gateway.admin.clients.clients import Clients, NewClient
from gateway.admin.clients.links import LinkGone
from gateway.admin.clients.secrets import ClientSecrets
from gateway.admin.confirming import Confirming
from gateway.admin.independence import SETTLED
from gateway.admin.people import Persons
from gateway.admin.second_person import Waiting
from gateway.admin_api.frame.operations import UNSAFE
from gateway.console.app import create_console
from gateway.people.actor import Actor, NotPermitted, operator
from gateway.people.joining import Newcomer
from gateway.people.sessions import PROVED_FOR
from gateway.storage.database import transaction
from gateway.storage.people.choices import TWO_PERSONS
from gateway.storage.people.tables import organisation_settings
from policies.roles import actions
from standards.errors import Conflict
from tests.support.people.api import in_session
from tests.support.people.region import people_region
from tests.support.regions import agreement, small_sites

ADMIN = ("maple", "district-admin")
REGISTER = ("client.register", "client.rotate")


@pytest.fixture
def region(tmp_path):
    with people_region(tmp_path / "region", small_sites(tmp_path / "data", 20), [agreement("maple")]) as found:
        ClientSecrets(found.administered).add(
            operator("root"), NewClient("keyed", "conformance", "vendor", ("edfi:read",), "maple")
        )
        yield found


def ask_two(region, *wanted):
    row = {
        "org": "maple", "name": TWO_PERSONS, "value": list(wanted), "version": 1, "changed": region.clock(),
        "changed_by": "tests",
    }  # fmt: skip
    with transaction(region.administered.store.engine, write=True) as connection:
        connection.execute(insert(organisation_settings).values(row))


def follow(region, token, mail, *roles):
    """Join by a link as somebody new; return the actor that he or she is."""
    joining = create_console(region.administered).extensions["entrance"].joining
    joined = joining._join(token, Newcomer(mail, "New", "en"), "tests", lambda _connection, _person: ())
    return Actor(mail, "person", roles, joined.person)


def newcomer(region, inviter, mail):
    token = Persons(region.administered).invite(inviter, "maple", mail, "district-admin")
    joined = follow(region, token, mail)
    sessions = create_console(region.administered).extensions["entrance"].sessions
    return sessions.find(sessions.begin(joined.person, "tests")).actor


def test_nobody_confirms_what_whoever_invited_him_proposes(region):
    ask_two(region, *REGISTER)
    eve, confirming = region.actor("eve", ADMIN), Confirming(region.administered)
    mallory = newcomer(region, eve, "mallory@example.org")
    trudy = newcomer(region, mallory, "trudy@example.org")
    waiting = Clients(region.administered).register(eve, NewClient("hers", "conformance", "vendor", (), "maple"))
    for confederate in (mallory, trudy):
        with pytest.raises(NotPermitted, match="somebody else must"):
            confirming.confirm(confederate, waiting.proposal.id)
    ana = region.actor("ana", ADMIN)
    confirming.confirm(ana, waiting.proposal.id)
    region.clock.move((SETTLED + timedelta(seconds=1)).total_seconds())
    later = Clients(region.administered).register(eve, NewClient("later", "conformance", "vendor", (), "maple"))
    confirming.confirm(mallory, later.proposal.id)
    assert region.administered.store.find_client("later") is not None


def test_where_two_persons_invite_one_alone_invites_nobody(region):
    ask_two(region, "person.invite")
    eve, ana = region.actor("eve", ADMIN), region.actor("ana", ADMIN)
    waiting = Persons(region.administered).invite(eve, "maple", "mallory@example.org", "approver")
    assert isinstance(waiting, Waiting)
    assert Persons(region.administered).overview(eve, "maple").invitations == ()
    with pytest.raises(NotPermitted):
        Confirming(region.administered).confirm(eve, waiting.proposal.id)
    done = Confirming(region.administered).confirm(ana, waiting.proposal.id)
    assert done.link
    assert done.link not in str(waiting.proposal)
    follow(region, done.link, "mallory@example.org")


def test_whoever_confirms_is_shown_the_link_of_an_invitation_and_of_a_recovery(region):
    ask_two(region, "person.invite", "person.change")
    eve, lost = region.actor("eve", ADMIN), region.person("lost", ("maple", "approver"))
    ana = region.browser("ana", ADMIN)
    persons = Persons(region.administered)
    for waiting in (
        persons.invite(eve, "maple", "new@example.org", "approver"),
        persons.recover(eve, "maple", lost, "the telephone is gone"),
    ):
        ana.get(f"/console/proposals/{waiting.proposal.id}")
        shown = ana.post(f"/console/proposals/{waiting.proposal.id}/confirm")
        assert shown.status_code == 200
        assert "/console/join/" in shown.text


def test_no_other_way_leads_one_alone_to_a_secret_that_takes_two(region):
    ask_two(region, "client.rotate")
    eve, secrets = region.actor("eve", ADMIN), ClientSecrets(region.administered)
    assert isinstance(secrets.rotate(eve, "keyed"), Waiting)
    for way in (lambda: secrets.link(eve, "keyed"), lambda: secrets.oauth1(eve, "keyed", None)):
        with pytest.raises(Conflict, match="two persons"):
            way()


def test_a_link_that_one_made_alone_gives_no_secret_once_it_takes_two(region):
    secrets = ClientSecrets(region.administered)
    token = secrets.link(region.actor("eve", ADMIN), "keyed").token
    secrets.check_link(token)
    ask_two(region, "client.rotate")
    for follow_it in (secrets.check_link, secrets.fetch):
        with pytest.raises(LinkGone):
            follow_it(token)


WRITES = {
    "a new secret": ("PUT", "/apiclients/keyed/reset-credential", {}),
    "a link": ("POST", "/apiclients/keyed/link", {}),
    "an end": ("PUT", "/apiclients/keyed/state", {"state": "ended", "reason": "so"}),
    "a resumption": ("PUT", "/apiclients/keyed/state", {"state": "enabled", "reason": "so"}),
    "a registration": ("POST", "/apiclients", {"name": "hers", "vendorId": "conformance", "kind": "vendor"}),
    "an invitation": ("POST", "/organisations/maple/invitations", {"mail": "m@example.org", "role": "approver"}),
    "settings": ("PUT", "/organisations/maple/settings", {"language": "es"}),
}


@pytest.mark.parametrize("write", WRITES)
def test_a_stolen_session_does_nothing_dangerous_by_the_administration_api(region, write):
    thief = in_session(region, "eve", ADMIN)
    region.clock.move((PROVED_FOR + timedelta(seconds=1)).total_seconds())
    method, path, body = WRITES[write]
    answer = thief.ask(method, path, body, If_Match="*")
    assert answer.status_code == 403, answer.text
    assert "Prove in the console" in answer.json["detail"]
    assert thief.get("/apiclients/keyed").status_code == 200


def test_each_form_that_does_what_must_be_proved_asks_for_the_proof(region):
    app = create_console(region.administered)
    views = {
        rule.endpoint: app.view_functions[rule.endpoint]
        for rule in app.url_map.iter_rules()
        if UNSAFE & (rule.methods or set())
    }
    mild = {
        name for name, view in views.items()
        if getattr(view, "action", "") in actions() and actions()[view.action].proved and not view.fresh
    }  # fmt: skip
    assert mild == set()
    assert (
        sum(actions()[view.action].proved for view in views.values() if getattr(view, "action", "") in actions()) > 10
    )
