"""A token's bearer is told what the token lets it do, by its agreements and by nothing else."""

from __future__ import annotations

import json
import os

import pytest

from gateway.config.settings import load
from standards.edfi.model.model import resources
from tests.gateway.disclosures import read_disclosures
from tests.support.regions import TUTORING, agreement, running, small_sites

PLACES = (("organization.identifier", "allow"), *TUTORING)
KEYS = ["active", "client_id", "namespace_prefixes", "education_organizations", "student_identification_system",
        "assigned_profiles", "claim_set", "resources", "services"]  # fmt: skip


@pytest.fixture(scope="module")
def region(tmp_path_factory):
    """``maple`` and ``cedar``: everything to ``conformance``, little to ``tutor``, schools too to ``finder``."""
    folder = tmp_path_factory.mktemp("token-info")
    sites = small_sites(folder / "data")
    terms = [agreement(name) for name in sites]
    terms += [agreement("maple", TUTORING, client="tutor"), agreement("maple", PLACES, client="finder")]
    terms += [agreement("cedar", client="writer", operations="[read, create, delete]")]
    with running(folder / "region", sites, terms) as made:
        yield made


def info(consumer, prefix="", **how):
    asked = how or {"json": {"token": consumer.token}}
    return consumer.web.post(f"{prefix}/oauth/token_info", headers=consumer.bearer, **asked)


def operations(answer):
    return {one["resource"]: one["operations"] for one in answer.json["resources"]}


def test_everything_is_told_under_the_standards_own_names(region):
    answer = info(region.consumer())
    assert answer.status_code == 200
    assert list(json.loads(answer.text)) == KEYS
    assert (answer.json["active"], answer.json["client_id"]) == (True, "conformance")
    assert answer.json["claim_set"] == {"name": "conformance-cedar, conformance-maple"}
    assert operations(answer) == {one.endpoint: ["Read"] for one in resources().values()}
    assert "no-cache" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("prefix", ["", "/maple", "/maple/2027"])
def test_it_may_be_asked_by_form_and_under_every_prefix(region, prefix):
    consumer = region.consumer()
    by_form, by_json = info(consumer, prefix, data={"Token": consumer.token}), info(consumer, prefix)
    assert info(consumer, prefix, json={"Token": consumer.token}).json == by_json.json
    assert (by_form.status_code, by_form.data) == (200, by_json.data)


def test_an_organization_is_told_with_those_above_it(region):
    told = info(region.consumer(), "/maple").json["education_organizations"]
    agency = next(one for one in told if one["type"] == "edfi.LocalEducationAgency")
    schools = [one for one in told if one["type"] == "edfi.School"]
    assert len(schools) == 4
    for school in schools:
        assert list(school) == ["education_organization_id", "name_of_institution", "type", "local_education_agency_id"]
        assert school["local_education_agency_id"] == agency["education_organization_id"]


def test_organizations_whose_identifier_is_not_released_have_the_numbers_that_follow_from_their_ids(region):
    tutor = region.consumer("tutor")
    answer = info(tutor)
    numbers = {one["education_organization_id"] for one in answer.json["education_organizations"]}
    assert {one["schoolId"] for one in tutor.resources("schools")} < numbers
    assert {number >> 48 for number in numbers} == {1}
    assert {"/ed-fi/students", "/ed-fi/studentSchoolAssociations"} <= operations(answer).keys()
    assert "/ed-fi/staffs" not in operations(answer)


def test_the_bearer_sees_the_organizations_that_it_could_read(region):
    finder = region.consumer("finder")
    told = info(finder).json["education_organizations"]
    read = [*finder.resources("schools"), *finder.resources("localEducationAgencies")]
    numbers = {one.get("schoolId") or one.get("localEducationAgencyId") for one in read}
    assert {one["education_organization_id"] for one in told} == numbers != set()
    assert {one["name_of_institution"] for one in told} == {one["nameOfInstitution"] for one in read}


def test_an_operation_takes_an_agreement_and_a_scope(region):
    writer = region.consumer("writer", ["edfi:read", "edfi:create"])
    assert set(map(tuple, operations(info(writer)).values())) == {("Read", "Create")}


def test_a_token_without_the_scope_to_read_is_told_of_no_organization(region):
    deaf = region.app.test_client()
    consumer = region.consumer()
    form = {"grant_type": "client_credentials", "scope": "edfi:readchanges"}
    token = deaf.post("/oauth/token", data=form, auth=("conformance", consumer.secret)).json["access_token"]
    answer = deaf.post("/oauth/token_info", json={"token": token}, headers={"Authorization": f"Bearer {token}"})
    assert (answer.json["education_organizations"], answer.json["resources"]) == ([], [])


def test_a_client_without_any_agreement_is_told_of_nothing(region):
    answer = info(region.consumer("stranger"))
    assert answer.status_code == 200
    assert (answer.json["resources"], answer.json["education_organizations"]) == ([], [])
    assert answer.json["claim_set"] == {"name": ""}


@pytest.mark.parametrize(
    "how",
    [{"json": {"token": "cg_at_other"}}, {"json": {}}, {"json": []}, {"json": {"token": 7}}, {"data": {"token": "x"}},
     {"data": b"{", "content_type": "application/json"}, {"data": b"<a/>", "content_type": "application/xml"},
     {"json": {"token": "ü"}}],
)  # fmt: skip
def test_any_other_token_is_a_bad_request(region, how):
    answer = info(region.consumer(), **how)
    assert answer.status_code == 400
    assert answer.json["type"] == "urn:ed-fi:api:bad-request"


def test_another_clients_token_is_no_different_from_one_that_never_was(region):
    first, second = region.consumer(), region.consumer("tutor")
    of_another = info(first, json={"token": second.token})
    of_nobody = info(first, json={"token": "cg_at_" + "x" * 43})
    assert (of_another.status_code, of_another.json["errors"]) == (of_nobody.status_code, of_nobody.json["errors"])


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Basic eDp5"}, {"Authorization": "Bearer cg_at_x"}])
def test_a_bearer_token_is_needed(region, headers):
    answer = region.app.test_client().post("/oauth/token_info", json={"token": "x"}, headers=headers)
    assert (answer.status_code, answer.json["type"]) == (401, "urn:ed-fi:api:security:authentication")


def test_an_unknown_district_is_no_address(region):
    assert info(region.consumer(), "/oak").status_code == 404


def events(region):
    return list(read_disclosures(load(region.folder / "gateway.toml").audit.folder))


def test_organizations_are_on_record_like_any_page_of_them(region):
    before = len(events(region))
    told = info(region.consumer(), "/maple").json["education_organizations"]
    fresh = events(region)[before:]
    assert {(one["client"], one["district"], one["operation"]) for one in fresh} == {("conformance", "maple", "read")}
    counted = {one["view"]: one["rows"] for one in fresh}
    assert counted["schools"] == len([one for one in told if one["type"] == "edfi.School"])
    assert sum(counted.values()) == len(told)


def test_what_cannot_be_recorded_is_not_told(region):
    consumer = region.consumer()
    region.gateway.ending()  # acts are written by now
    os.close(region.gateway.record._file)  # the disk is gone: the next write fails for real
    region.gateway.record._file = os.open(os.devnull, os.O_RDONLY)
    answer = info(consumer)
    assert answer.status_code == 503
    assert "education_organizations" not in answer.json
    assert info(consumer).status_code == 200  # the record was opened again
