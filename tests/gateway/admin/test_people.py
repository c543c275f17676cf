"""Whoever manages people does so in its own organisation, within its roles, never for itself, and on the record."""

from __future__ import annotations

from itertools import product

import pytest

from gateway.admin.confirming import Confirming
from gateway.admin.organisations import Organisations
from gateway.admin.people import STEPS, Persons
from gateway.admin.second_person import Waiting
from gateway.admin.settings import OrganisationSettings
from gateway.people.actor import NotPermitted, operator
from gateway.storage.acts import Acts
from policies.roles import roles
from standards.errors import CallerError, Conflict, NotFound
from tests.support.people.joining import SETTINGS, join
from tests.support.people.region import people_region
from tests.support.regions import agreement, small_sites

ROOT = operator("root")
ADMIN = ("maple", "district-admin")


@pytest.fixture
def region(tmp_path):
    sites = small_sites(tmp_path / "data")
    with people_region(tmp_path / "region", sites, [agreement(name) for name in sites], SETTINGS) as region:
        yield region


@pytest.fixture
def people(region):
    return Persons(region.administered)


@pytest.fixture
def others(region):
    service = Organisations(region.administered)
    service.add(ROOT, "tutors", "cbo", "The Tutors")
    service.add(region.actor("steward", ADMIN), "gradeware", "vendor", "Gradeware", "maple")
    return service


@pytest.mark.parametrize("role", sorted(roles()))
def test_a_role_invites_what_the_table_says_where_it_fits_and_nothing_else(region, people, others, role):
    """Every role at its own organisation, every organisation, every role invited."""
    home = {"region": "region", "district": "maple", "cbo": "tutors", "recipient": "gradeware", "any": "maple"}
    fits = {
        "region": {"region"}, "district": {"maple", "cedar"}, "cbo": {"tutors"}, "recipient": {"gradeware"},
        "any": {"region", "maple", "cedar", "tutors", "gradeware"},
    }  # fmt: skip
    mine = home[roles()[role].org]
    actor = region.actor("ana", (mine, role))
    for org, asked in product(fits["any"], roles()):
        by_table = asked in roles()[role].invites and org in fits[roles()[asked].org]
        first = (role, org) == ("district-admin", "gradeware")  # it is the steward, and nobody is there yet
        may = by_table and role != "privacy-officer" and (role == "region-operator" or org == mine or first)
        if may:
            assert people.invite(actor, org, "x@example.org", asked)
        else:
            with pytest.raises((NotPermitted, NotFound)):
                people.invite(actor, org, "x@example.org", asked)


def test_the_steward_of_an_organisation_invites_its_first_person_and_nobody_after(region, people, others):
    ana = region.actor("ana", ADMIN)
    people.invite(ana, "gradeware", "v@gradeware.example", "vendor-contact")
    region.person("vera", ("gradeware", "vendor-contact"))
    with pytest.raises(NotFound):
        people.invite(ana, "gradeware", "mine@maple.example.org", "vendor-contact")


def test_people_of_another_organisation_are_as_if_they_were_not(region, people):
    cedar, nobody = region.person("carl", ("cedar", "approver")), "0" * 32
    ana = region.actor("ana", ADMIN)
    for org, person in (("cedar", cedar), ("maple", cedar), ("maple", nobody), ("nowhere", nobody)):
        said = set()
        for act in (
            lambda org=org, person=person: people.member(ana, org, person),
            lambda org=org, person=person: people.give(ana, org, person, "auditor"),
            lambda org=org, person=person: people.end_role(ana, org, person, "approver"),
            lambda org=org, person=person: people.change_status(ana, org, person, "suspend", "x"),
            lambda org=org, person=person: people.recover(ana, org, person, "x"),
        ):
            with pytest.raises(NotFound) as refused:
                act()
            said.add(refused.value.message)
        assert said == {"There is no such person here."}


def test_nobody_changes_their_own_roles_or_access(region, people):
    ana = region.actor("ana", ADMIN)
    region.person("ben", ADMIN)
    for act in (
        lambda: people.give(ana, "maple", ana.person, "approver"),
        lambda: people.end_role(ana, "maple", ana.person, "district-admin"),
        lambda: people.change_status(ana, "maple", ana.person, "suspend", "x"),
        lambda: people.recover(ana, "maple", ana.person, "x"),
        lambda: people.invite(ana, "maple", " Ana@Example.ORG", "approver"),
    ):
        with pytest.raises(NotPermitted):
            act()


@pytest.mark.parametrize(("org", "role"), [("region", "region-operator"), ADMIN])
def test_the_last_one_who_can_invite_others_stays(region, people, org, role):
    one, two = region.person("ana", (org, role)), region.person("ben", (org, role))
    people.change_status(ROOT, org, two, "suspend", "leave")
    for act in (
        lambda: people.change_status(ROOT, org, one, "suspend", "x"),
        lambda: people.change_status(ROOT, org, one, "end", "x"),
        lambda: people.end_role(ROOT, org, one, role),
    ):
        with pytest.raises(Conflict):
            act()
    people.change_status(ROOT, org, two, "resume", "back")
    people.end_role(ROOT, org, one, role)


def test_a_person_of_two_organisations_is_ended_in_ones_own_and_whole_by_the_region(region, people):
    both = region.person("both", ("maple", "approver"), ("cedar", "approver"))
    ana, root = region.actor("ana", ADMIN), region.actor("olga", ("region", "region-operator"))
    for step in STEPS:
        with pytest.raises(NotPermitted):
            people.change_status(ana, "maple", both, step, "x")
    with pytest.raises(NotPermitted):
        people.recover(ana, "maple", both, "x")
    people.end_role(ana, "maple", both, "approver")
    assert [one.person.id for one in people.overview(ROOT, "cedar").members] == [both]
    people.change_status(root, "cedar", both, "suspend", "x")
    assert people.member(ROOT, "cedar", both).person.status == "suspended"


def test_who_leaves_leaves_no_open_invitation_behind(region, people):
    ana = region.actor("ana", ADMIN)
    ben = region.actor("ben", ADMIN)
    people.invite(ben, "maple", "friend@example.org", "district-admin")
    people.invite(ana, "maple", "ben@example.org", "approver")
    people.end_role(ana, "maple", ben.person, "district-admin", "left")
    assert people.overview(ana, "maple").invitations == ()


def test_what_is_done_is_on_record_with_before_and_after(region, people):
    ana = region.actor("ana", ADMIN)
    ben = region.person("ben", ("maple", "approver"))
    people.give(ana, "maple", ben, "auditor", "annual audit")
    people.change_status(ana, "maple", ben, "suspend", "leave")
    written = [one for one in Acts(region.administered.store).waiting() if one.content.get("person") == ben]
    assert [(one.action, one.actor, one.district, one.reason) for one in written] == [
        ("role given", "ana@example.org", "maple", "annual audit"),
        ("person suspended", "ana@example.org", "maple", "leave"),
    ]
    assert all(len({one.content["before"], one.content["after"]}) == 2 for one in written)
    assert written[0].content["after"] == written[1].content["before"]


def test_where_two_persons_are_wanted_one_proposes_and_another_confirms(region, people):
    ana, ben = region.actor("ana", ADMIN), region.actor("ben", ADMIN)
    carl = region.person("carl", ("maple", "approver"))
    OrganisationSettings(region.administered).change(ana, "maple", {"two_persons": ["person.change"]})
    waits = people.give(ana, "maple", carl, "auditor", "annual audit")
    assert isinstance(waits, Waiting)
    assert people.member(ana, "maple", carl).roles == ("approver",)
    confirming = Confirming(region.administered)
    with pytest.raises(NotPermitted):
        confirming.confirm(ana, waits.proposal.id)
    confirming.confirm(ben, waits.proposal.id)
    assert people.member(ana, "maple", carl).roles == ("approver", "auditor")
    assert people.change_status(ana, "maple", carl, "suspend", "at once") is None
    assert people.member(ana, "maple", carl).person.status == "suspended"


def test_ending_is_for_ever_and_whoever_comes_back_is_another_person(region, people):
    mail = "ana@maple.example.org"
    join(region, mail)
    person, org = people.find(ROOT, mail)
    people.change_status(ROOT, org, person.id, "end", "left")
    with pytest.raises(CallerError):
        people.change_status(ROOT, org, person.id, "resume", "back")
    with pytest.raises(NotFound):
        people.find(ROOT, mail)
    join(region, mail, role="auditor")
    again, _ = people.find(ROOT, mail)
    assert again.id != person.id
    assert people.member(ROOT, "maple", again.id).roles == ("auditor",)


def test_an_organisation_is_added_once_by_who_may(region, others):
    ana, vera = region.actor("ana", ADMIN), region.actor("vera", ("gradeware", "vendor-contact"))
    for actor, name, kind, steward, error in (
        (ana, "maple", "vendor", "maple", Conflict),
        (ana, "region", "vendor", "maple", Conflict),
        (ana, "gradeware", "vendor", "maple", Conflict),
        (ana, "Grade Ware", "vendor", "maple", CallerError),
        (ana, "other", "district", "maple", CallerError),
        (ana, "other", "vendor", "cedar", NotPermitted),
        (ana, "other", "vendor", "", NotPermitted),
        (vera, "other", "vendor", "", NotPermitted),
    ):
        with pytest.raises(error):
            others.add(actor, name, kind, "A title", steward)
    assert {one.name: one.kind for one in others.overview(ana)}["gradeware"] == "vendor"
    assert [one.name for one in others.overview(vera)] == ["gradeware"]
