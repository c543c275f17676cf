"""Organisations: none looks like another one, the region's operator renames them, and retires those that have nothing."""

from __future__ import annotations

import pytest

from gateway.admin.agreements.writing import DraftWriting
from gateway.admin.clients.clients import Clients, NewClient
from gateway.admin.clients.secrets import ClientSecrets
from gateway.admin.look_alikes import skeleton
from gateway.admin.organisations import Organisations
from gateway.admin.people import Persons
from gateway.admin.settings import OrganisationSettings
from gateway.people.actor import NotPermitted, operator
from standards.errors import CallerError, Conflict, NotFound
from tests.support.people.joining import SETTINGS, follow
from tests.support.people.region import people_region
from tests.support.regions import agreement, small_sites

ROOT = operator("root")


@pytest.fixture
def region(tmp_path):
    sites = small_sites(tmp_path / "data", 20)
    with people_region(tmp_path / "region", sites, [agreement("maple")], SETTINGS) as found:
        Organisations(found.administered).add(ROOT, "grade-ware", "vendor", "Gradeware Learning", "maple")
        yield found


@pytest.fixture
def service(region):
    return Organisations(region.administered)


@pytest.fixture
def boss(region):
    return region.actor("bo", ("region", "region-operator"))


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("gradeware", "Another"), ("grade--ware", "Another"), ("rnaple", "Maple "), ("rnaple", "MAPLE"),
        ("other", "Grаdewаre Learning"), ("other", "ＧＲＡＤＥＷＡＲＥ  learning"), ("other", "Gradeware Learn\u200bing"),
        ("other", "Gradẹware Learning".replace("ẹ", "e\u0323")), ("c0nformance", "Another"), ("map1e", "Another"),
    ],
)  # fmt: skip
def test_no_organisation_is_added_that_may_be_taken_for_another_one(service, name, title):
    with pytest.raises(Conflict, match="may be taken for another"):
        service.add(ROOT, name, "vendor", title)
    assert name not in service.known()


def test_names_that_differ_in_a_letter_are_two(service):
    service.add(ROOT, "grade-wares", "vendor", "Gradewares")
    assert skeleton("gradeware") != skeleton("gradewares")


@pytest.mark.parametrize("org", ["conformance ", " conformance", "Conformance", "confоrmance"])
def test_a_command_registers_no_client_for_a_name_that_may_be_taken_for_another_one(region, org):
    with pytest.raises(CallerError):
        ClientSecrets(region.administered).add(ROOT, NewClient("c1", org, "vendor", ("edfi:read",)))


def test_an_agreement_with_a_recipient_that_may_be_taken_for_another_one_has_a_mistake(region):
    drafts, mia = DraftWriting(region.administered), region.actor("mia", ("maple", "district-admin"))
    text = agreement("maple").replace("org: conformance", "org: Conformance").replace("id: conf", "id: other")
    one = drafts.read_in(mia, text)
    found = drafts.check(mia, one.id, one.version)
    assert "the recipient Conformance may be taken for conformance: name that one" in [
        mistake.text for mistake in found.mistakes
    ]


def test_another_title_is_given_by_the_region_alone_with_a_reason(region, service, boss):
    mia = region.actor("mia", ("maple", "district-admin"))
    with pytest.raises(NotPermitted):
        service.rename(mia, "grade-ware", "Gradeware, Inc.", "a new name")
    with pytest.raises(CallerError, match="Say why"):
        service.rename(boss, "grade-ware", "Gradeware, Inc.", " ")
    with pytest.raises(Conflict, match="may be taken for another"):
        service.rename(boss, "grade-ware", "Cedar", "a new name")
    with pytest.raises(NotFound):
        service.rename(boss, "nowhere", "Cedar", "a new name")
    assert service.rename(boss, "grade-ware", "Gradeware, Inc.", "a new name").title == "Gradeware, Inc."
    assert service.known()["grade-ware"].title == "Gradeware, Inc."
    for name in ("maple", "conformance"):
        with pytest.raises(Conflict, match="Nobody added"):
            service.rename(boss, name, "Something", "x")


def test_an_organisation_with_people_clients_or_agreements_is_not_retired(region, service, boss):
    vera = region.person("vera", ("grade-ware", "vendor-contact"))
    with pytest.raises(Conflict, match="people, clients or agreements"):
        service.retire(boss, "grade-ware", "gone")
    Persons(region.administered).end_role(ROOT, "grade-ware", vera, "vendor-contact")
    Clients(region.administered).register(boss, NewClient("reader", "grade-ware", "vendor", ("edfi:read",)))
    with pytest.raises(Conflict, match="people, clients or agreements"):
        service.retire(boss, "grade-ware", "gone")
    service.add(boss, "second", "vendor", "Second")
    mia = region.actor("mia", ("maple", "district-admin"))
    DraftWriting(region.administered).read_in(mia, agreement("maple", client="second"))
    with pytest.raises(Conflict, match="people, clients or agreements"):
        service.retire(boss, "second", "gone")


def test_what_is_retired_leaves_neither_links_nor_settings_to_who_takes_its_name(region, service, boss):
    token = Persons(region.administered).invite(ROOT, "grade-ware", "vera@example.org", "vendor-contact")
    OrganisationSettings(region.administered).change(
        region.actor("vic", ("grade-ware", "vendor-contact")), "grade-ware", {"digest_at": "05:00"}
    )
    with pytest.raises(Conflict):
        service.retire(boss, "grade-ware", "never began")
    vic = region.known["vic"]
    Persons(region.administered).end_role(ROOT, "grade-ware", vic, "vendor-contact")
    service.retire(boss, "grade-ware", "never began")
    assert "grade-ware" not in service.known()
    service.add(ROOT, "grade-ware", "cbo", "Grade Ware")
    assert follow(region, token)[1].status_code == 404
    assert OrganisationSettings(region.administered).read(ROOT, "grade-ware").digest_at == "07:00"


def test_pages_rename_and_retire(region):
    bo = region.browser("bo", ("region", "region-operator"))
    assert "/console/people/organisations/grade-ware" in bo.get("/console/people/organisations").text
    assert "Its name in agreements stays." in bo.get("/console/people/organisations/grade-ware").text
    wrong = bo.post("/console/people/organisations/grade-ware/title", {"title": "Maple", "reason": "x"})
    assert (wrong.status_code, "may be taken for another" in wrong.text) == (400, True)
    done = bo.post("/console/people/organisations/grade-ware/title", {"title": "Gradeware, Inc.", "reason": "x"})
    assert done.status_code == 303
    assert bo.post("/console/people/organisations/grade-ware/retire", {"reason": ""}).status_code == 400
    assert bo.post("/console/people/organisations/grade-ware/retire", {"reason": "gone"}).status_code == 303
    assert bo.get("/console/people/organisations/grade-ware").status_code == 404
    mia = region.browser("mia", ("maple", "district-admin"))
    assert "/console/people/organisations/" not in mia.get("/console/people/organisations").text
    assert mia.get("/console/people/organisations/conformance").status_code == 403
