"""A role counts in an organisation of the kind for which it was given, and in no other that takes its name."""

from __future__ import annotations

import pytest

from gateway.admin.confirming import Confirming
from gateway.admin.districts.connecting import Connections
from gateway.admin.organisations import Organisations
from gateway.admin.people import Persons
from gateway.admin.second_person import SecondPerson
from gateway.admin.settings import OrganisationSettings
from gateway.people.active import ActivePeople
from gateway.people.actor import operator
from gateway.people.sessions import COOKIE
from gateway.storage.people.proposals import Proposal
from standards.errors import Conflict, NotFound
from tests.support.people.api import API, machine
from tests.support.people.joining import SETTINGS, follow, invite, is_in, join, join_by_passkey
from tests.support.people.region import people_region
from tests.support.regions import agreement, small_sites

ROOT = operator("root")
ADMIN = ("maple", "district-admin")


@pytest.fixture
def region(tmp_path):
    sites = small_sites(tmp_path / "data", 20)
    with people_region(tmp_path / "region", sites, [agreement(name) for name in sites], SETTINGS) as region:
        Organisations(region.administered).add(ROOT, "oak", "vendor", "Oak Software")
        yield region


def declare(region, name):
    """Let a file declare a district of that name, with the same files as maple, and reload."""
    file = region.folder / "gateway.toml"
    text = file.read_text("utf-8")
    begin = text.index("[districts.maple]")
    end = text.find("[districts.cedar]", begin)
    block = text[begin : end if end > 0 else None]
    file.write_text(f"{text}\n{block.replace('districts.maple', f'districts.{name}')}\n", "utf-8")
    report = region.running.reload("tests")
    assert report.ok, report.lines
    assert name in region.running.settings.districts


def roles_in(region, browser):
    name = browser.wsgi.get_cookie(COOKIE, domain="crossing.example.org", path="/").value
    found = region.administered.sessions().find(name)
    return [(one.org, one.role) for one in found.actor.memberships]


def test_who_signs_for_a_vendor_does_not_sign_for_a_district_whose_file_takes_its_name(region):
    vera = join(region, "vera@oak.example.org", "oak", "approver")
    assert roles_in(region, vera.browser) == [("oak", "approver")]
    assert vera.browser.get("/console/agreements").status_code == 200
    declare(region, "oak")
    assert roles_in(region, vera.browser) == []
    assert vera.browser.get("/console/agreements").status_code == 403
    active = ActivePeople(region.administered.store, region.clock, region.administered.kinds)
    assert "vera@oak.example.org" not in [one.mail for one in active.allowed("agreement.sign", "oak")]
    asked = Proposal("x" * 32, "agreement.sign", "oak", "a", {}, "", region.clock(), "root", "", "")
    assert SecondPerson(region.administered).confirmers(asked) == ()


def test_an_administrator_of_the_district_gives_the_role_anew_or_ends_what_was_there(region):
    vera = join(region, "vera@oak.example.org", "oak", "approver")
    declare(region, "oak")
    people, olga = Persons(region.administered), region.actor("olga", ("oak", "district-admin"))
    person, _ = people.find(ROOT, vera.mail)
    assert people.member(olga, "oak", person.id).roles == ("approver",)
    people.give(olga, "oak", person.id, "approver", "she works here now")
    assert roles_in(region, vera.browser) == [("oak", "approver")]
    people.end_role(olga, "oak", person.id, "approver", "no more")
    assert [one.person.id for one in people.overview(olga, "oak").members] == [olga.person]


def test_a_program_of_a_vendor_is_none_of_a_district_of_its_name(region):
    robot = machine(region, "oak-robot", "oak", "vendor-contact")
    assert robot.get("/session").status_code == 200
    declare(region, "oak")
    assert robot.get("/session").status_code == 401


def test_an_invitation_to_a_vendor_leads_nowhere_once_a_district_has_its_name(region):
    token = invite(region, "vera@oak.example.org", "oak", "approver")
    declare(region, "oak")
    _, shown = follow(region, token)
    assert shown.status_code == 404


def test_no_district_is_connected_under_the_name_of_an_organisation_with_people_or_links(region):
    boss, elm = region.actor("bo", ("region", "region-operator")), "elm"
    Organisations(region.administered).add(ROOT, elm, "vendor", "Elm")
    join(region, "eva@elm.example.org", elm, "approver")
    with region.administered.store.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM organisations WHERE name = 'elm'")
    with pytest.raises(Conflict, match="this name already"):
        Connections(region.administered).save(boss, elm, {"adapter": "oneroster_csv", "settings": {}})


def test_an_invitation_ends_with_the_role_of_who_made_it_wherever_it_leads(region):
    people = Persons(region.administered)
    boss, other = (region.actor(name, ("region", "region-operator")) for name in ("bo", "ba"))
    token = people.invite(boss, "oak", "vera@oak.example.org", "approver")
    people.end_role(other, "region", boss.person, "region-operator", "left")
    assert people.overview(ROOT, "oak").invitations == ()
    assert follow(region, token)[1].status_code == 404


def test_an_invitation_that_two_persons_made_ends_with_the_one_who_proposed_it(region):
    people = Persons(region.administered)
    ana, ben = region.actor("ana", ADMIN), region.actor("ben", ADMIN)
    region.clock.move(15 * 24 * 3600)
    OrganisationSettings(region.administered).change(ana, "maple", {"two_persons": ["person.invite"]})
    waits = people.invite(ana, "maple", "friend@example.org", "district-admin")
    token = Confirming(region.administered).confirm(ben, waits.proposal.id).link
    people.change_status(ROOT, "maple", ana.person, "suspend", "leave")
    assert people.overview(ben, "maple").invitations == ()
    assert follow(region, token)[1].status_code == 404


def test_an_invitation_of_somebody_whose_role_counts_no_more_leads_nowhere(region):
    people = Persons(region.administered)
    vera = region.actor("vera", ("oak", "vendor-contact"))
    token = people.invite(vera, "oak", "friend@oak.example.org", "approver")
    declare(region, "oak")
    assert follow(region, token)[1].status_code == 404


def test_nobody_is_invited_to_a_role_that_it_has_and_an_open_link_to_it_ends(region):
    people, ana = Persons(region.administered), region.actor("ana", ADMIN)
    mail = "ben@maple.example.org"
    join(region, mail, "maple", "approver")
    with pytest.raises(Conflict, match="has this role"):
        people.invite(ana, "maple", mail, "approver")
    token = people.invite(ana, "maple", mail, "auditor")
    person, _ = people.find(ROOT, mail)
    people.give(ana, "maple", person.id, "auditor")
    assert people.overview(ana, "maple").invitations == ()
    assert follow(region, token)[1].status_code == 404
    with pytest.raises(NotFound):
        people.withdraw(ana, "maple", "0" * 64)


def test_that_somebody_followed_an_invitation_is_on_the_record_of_the_district(region):
    ben = join_by_passkey(region, "ben@maple.example.org", "maple", "auditor")
    assert is_in(ben.browser)
    shown = ben.browser.get(f"{API}/events?district=maple").json
    assert ("invitation followed", "maple", "maple") in [
        (one["action"], one["district"], one["content"]["org"]) for one in shown
    ]
