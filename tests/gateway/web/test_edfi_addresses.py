"""Where the Ed-Fi surface is found: below a district and a school year, in any case, with and without a slash."""

from __future__ import annotations

import pytest

from gateway.web.url_prefixes import folded
from tests.support.regions import ROSTER

pytest_plugins = ["tests.support.region_fixtures"]

NAMED = "/data/v3/ed-fi/schools"


@pytest.fixture(scope="module")
def usual(everything):
    return everything.ask(NAMED).json


@pytest.mark.parametrize("prefix", ["", "/gb", "/GB", "/gb/2027", "/Gb/2027"])
@pytest.mark.parametrize(
    "path", [NAMED, "/data/ed-fi/schools", "/Data/V3/Ed-Fi/Schools", "/DATA/ED-FI/SCHOOLS", f"{NAMED}/"]
)
def test_a_resource_is_found_under_every_prefix_and_in_any_case(everything, usual, prefix, path):
    answer = everything.ask(prefix + path)
    assert (answer.status_code, answer.json) == (200, usual)


@pytest.mark.parametrize("prefix", ["", "/gb", "/gb/2027"])
def test_an_item_is_found_in_any_case_and_under_every_prefix(everything, usual, prefix):
    for written in (usual[0]["id"], usual[0]["id"].upper(), f"{usual[0]['id']}/"):
        assert everything.ask(f"{prefix}{NAMED}/{written}").json == usual[0]


@pytest.mark.parametrize(
    "path",
    ["/gb/2026/data/v3/ed-fi/schools", "/gb/2028/data/v3/ed-fi/schools", "/2027/data/v3/ed-fi/schools",
     "/gb/20270/data/v3/ed-fi/schools", "/gb/2027/2027/data/v3/ed-fi/schools", "/gb/gb/data/v3/ed-fi/schools",
     "/nowhere/2027/data/v3/ed-fi/schools", "/nowhere/data/v3/ed-fi/schools", f"/gb/2027{ROSTER}schools",
     "/data/v3/tpdm/schools", "/data/v3/ed-fi/nothings", "/data/v3/ed-fi", "/data/v3", "/data/v3/ed-fi/schools/x/y/z"],
)  # fmt: skip
def test_an_unknown_district_year_schema_or_resource_is_no_address(everything, path):
    answer = everything.ask(path)
    assert answer.status_code == 404
    if ROSTER not in path:
        assert answer.json["type"] == "urn:ed-fi:api:not-found"


@pytest.mark.parametrize("prefix", ["", "/gb", "/gb/2027", "/GB/2027"])
def test_a_token_is_given_under_every_prefix_and_holds_everywhere(grand_bend, everything, usual, prefix):
    asked = {"grant_type": "client_credentials"}
    answer = everything.web.post(f"{prefix}/OAuth/Token", data=asked, auth=("conformance", everything.secret))
    assert answer.status_code == 200, answer.text
    bearer = {"Authorization": f"Bearer {answer.json['access_token']}"}
    for below in ("", "/gb", "/gb/2027"):
        assert everything.web.get(below + NAMED, headers=bearer).json == usual


@pytest.mark.parametrize("prefix", ["/nowhere", "/gb/2020", "/2027"])
def test_no_token_is_given_where_there_is_no_district_or_year(everything, prefix):
    asked = {"grant_type": "client_credentials"}
    assert everything.web.post(f"{prefix}/oauth/token", data=asked, auth=("conformance", "x")).status_code == 404


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_a_collection_cannot_be_replaced_or_deleted(everything, method):
    answer = everything.ask(NAMED, method=method)
    assert (answer.status_code, answer.json["type"]) == (405, "urn:ed-fi:api:method-not-allowed")
    assert "GET" in answer.headers["Allow"]
    assert method not in answer.headers["Allow"]


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_an_item_cannot_be_posted_to_or_patched(everything, usual, method):
    answer = everything.ask(f"{NAMED}/{usual[0]['id']}", method=method)
    assert (answer.status_code, answer.json["type"]) == (405, "urn:ed-fi:api:method-not-allowed")
    assert method not in answer.headers["Allow"]


@pytest.mark.parametrize(
    "path",
    ["/ims/oneroster/rostering/v1p2/Users", "/Maple/ims/oneroster/rostering/v1p2/users/A-b", "/IMS/oneroster", "/", "",
     "/docs/Page", "/health", "/x/y/data/v3", "/Datas/v3", "/maple/docs/data"],
)  # fmt: skip
def test_other_addresses_stay_as_they_are(path):
    assert folded(path) == path


def test_words_of_the_standard_are_spelt_as_the_standard_spells_them():
    assert folded("/CHANGEQUERIES/V1/AVAILABLECHANGEVERSIONS/") == "/changeQueries/v1/availableChangeVersions"
    assert folded("/Maple/2027/DATA/V3/ED-FI/STUDENTS/KEYCHANGES") == "/maple/2027/data/v3/ed-fi/students/keyChanges"
    assert folded("/Data/v3/ed-fi/Students/AB") == "/data/v3/ed-fi/students/AB"
    assert folded("/metadata/") == "/metadata/"
