"""The simulated ODS shows its documents as an ODS does: pages, filters, tokens, and what it says of itself."""

from __future__ import annotations

from collections import Counter
from importlib.resources import files

import pytest
import requests
from ruamel.yaml import YAML

from adapters.simulators.edfi import Ods, run
from standards.edfi.model import model
from tests.adapters.edfi_ods.worlds import SMALL, STUDENT, WORLDS, Client, asked, kind, system, token, worlds
from tests.support.needs import ROOT

STUDENTS = [("students", {**STUDENT, "studentUniqueId": f"S{number:03}"}) for number in range(60)]


@pytest.fixture(scope="module")
def whole():
    with asked() as client:
        yield client


@pytest.fixture(scope="module")
def sixty():
    with asked(STUDENTS) as client:
        yield client


def test_every_endpoint_shows_every_document_as_it_was_put_in(whole):
    """349 endpoints: each lists as many documents as it was given, and each is what it was, and valid."""
    given = Counter()
    for collection, _ in worlds():
        given[collection] += 1
    assert len(given) == 349
    for resource in model.resources().values():
        answer = whole.ask(resource.collection, params={"limit": 500, "totalCount": "true"})
        rows = answer.json()
        assert int(answer.headers["Total-Count"]) == len(rows) == given[resource.collection]
        assert all(model.validate(resource, row) == [] for row in rows), resource.name
        assert [bare(row, resource) for row in rows] == [
            document for collection, document in worlds() if collection == resource.collection
        ]


def bare(row, resource):
    """A document without what the system adds to it."""
    own = {"id", "_etag", "_lastModifiedDate", resource.descriptor_id}
    return {name: unlinked(value) for name, value in row.items() if name not in own}


def unlinked(value):
    if isinstance(value, dict):
        return {name: unlinked(inner) for name, inner in value.items() if name != "link"}
    return [unlinked(item) for item in value] if isinstance(value, list) else value


def test_every_link_leads_to_what_is_referred_to(whole):
    followed = set()
    for resource in model.resources().values():
        for row in whole.rows(resource.collection, params={"limit": 1}):
            for link in links(row):
                if link["rel"] not in followed:
                    followed.add(link["rel"])
                    target = whole.rows(f"{whole.base}/data/v3{link['href']}")
                    assert target["id"] == link["href"].rpartition("/")[2]
    assert len(followed) > 60


def links(value):
    if isinstance(value, dict):
        if "link" in value:
            yield value["link"]
        for inner in value.values():
            yield from links(inner)
    elif isinstance(value, list):
        for item in value:
            yield from links(item)


def test_nothing_said_means_the_first_twenty_five(sixty):
    answer = sixty.ask("students")
    assert len(answer.json()) == 25
    assert "Total-Count" not in answer.headers


@pytest.mark.parametrize("truth", ["true", "True", "TRUE"])
def test_a_limit_of_nothing_counts(sixty, truth):
    answer = sixty.ask("students", params={"limit": 0, "totalCount": truth})
    assert (answer.json(), answer.headers["Total-Count"]) == ([], "60")


def test_pages_by_offset_are_the_whole_once(sixty):
    found = [
        row for offset in (0, 20, 40, 60) for row in sixty.rows("students", params={"offset": offset, "limit": 20})
    ]
    assert sorted(row["studentUniqueId"] for row in found) == [document["studentUniqueId"] for _, document in STUDENTS]


def test_pages_by_token_are_the_whole_once(sixty):
    assert len(walk(sixty, {})) == len({row["id"] for row in walk(sixty, {})}) == 60


def walk(client, query):
    """The rows that follow each other's tokens, from *query* on."""
    found = []
    while True:
        answer = client.ask("students", params=query)
        found += answer.json()
        if "Next-Page-Token" not in answer.headers:
            assert answer.json() == []
            return found
        query = {"pageToken": answer.headers["Next-Page-Token"], "pageSize": 17}


@pytest.mark.parametrize("number", [1, 3, 7, 200])
def test_partitions_are_the_whole_once(sixty, number):
    tokens = sixty.rows("students/partitions", params={"number": number})["pageTokens"]
    assert 0 < len(tokens) <= number
    found = [row["id"] for token_ in tokens for row in walk(sixty, {"pageToken": token_, "pageSize": 9})]
    assert len(found) == len(set(found)) == 60


@pytest.mark.parametrize(
    "query",
    [
        {"limit": 501}, {"limit": -1}, {"limit": "many"}, {"offset": -1}, {"totalCount": "perhaps"}, {"pageSize": 5},
        {"pageToken": "MSwy", "offset": 1}, {"pageToken": "MSwy", "limit": 1}, {"pageToken": "what"},
        {"pageToken": "MSwy", "pageSize": 501}, {"pageToken": "MSwy", "totalCount": "true"},
        {"minChangeVersion": "x"}, {"minChangeVersion": 9, "maxChangeVersion": 3},
    ],
)  # fmt: skip
def test_a_page_that_cannot_be_is_refused(sixty, query):
    answer = sixty.ask("students", params=query)
    assert answer.status_code == 400
    assert kind(answer) == "bad-request:parameter-validation-failed"
    assert len(answer.json()["errors"]) == 1


@pytest.mark.parametrize("number", [0, 201, "x"])
def test_a_number_of_partitions_that_cannot_be_is_refused(sixty, number):
    assert sixty.ask("students/partitions", params={"number": number}).status_code == 400


def test_a_filter_finds_by_every_flat_name(whole):
    """Every member by which a resource can be asked for finds the documents that have its value, and no other."""
    tried = 0
    for resource in model.resources().values():
        rows = whole.rows(resource.collection, params={"limit": 500})
        row = rows[0]
        for known in resource.properties.values():
            if known.collection or known.type == "object" or known.name not in row:
                continue
            value = row[known.name]
            found = whole.rows(resource.collection, params={known.name.upper(): str(value), "limit": 500})
            assert [one["id"] for one in found] == [one["id"] for one in rows if one.get(known.name) == value]
            tried += 1
    assert tried > 1000


@pytest.mark.parametrize(
    ("collection", "name", "path"),
    [
        ("studentSchoolAssociations", "schoolId", "schoolReference.schoolId"),
        ("studentSchoolAssociations", "nextYearSchoolId", "nextYearSchoolReference.schoolId"),
        ("studentSchoolAssociations", "classOfSchoolYear", "classOfSchoolYearTypeReference.schoolYear"),
        ("grades", "gradingPeriodSchoolYear", "gradingPeriodReference.schoolYear"),
        ("reportCards", "gradingPeriodSchoolId", "gradingPeriodReference.schoolId"),
        ("studentTransportations", "transportationEducationOrganizationId",
         "transportationEducationOrganizationReference.educationOrganizationId"),
    ],
)  # fmt: skip
def test_a_member_of_a_reference_goes_by_its_role(whole, collection, name, path):
    reference, _, member = path.partition(".")
    value = whole.rows(collection)[0][reference][member]
    (found,) = whole.rows(collection, params={name: value})
    assert found[reference][member] == value
    assert whole.rows(collection, params={name: "1"}) == []


def test_a_descriptor_is_found_in_any_case(whole):
    row = whole.rows("studentSchoolAssociations")[0]
    value = row["entryGradeLevelDescriptor"].upper()
    assert row["id"] in {
        one["id"] for one in whole.rows("studentSchoolAssociations", params={"entryGradeLevelDescriptor": value})
    }


def test_a_name_that_is_none_filters_nothing(whole):
    assert len(whole.rows("students", params={"firstNamee": "nobody"})) == WORLDS


def test_a_value_that_does_not_fit_its_member_is_refused(whole):
    assert whole.ask("schools", params={"schoolId": "abc"}).status_code == 400


@pytest.mark.parametrize("path", ["Students", "STUDENTS", "students"])
def test_an_address_has_no_case(whole, path):
    assert len(whole.rows(f"{whole.base}/DATA/v3/Ed-Fi/{path}")) == WORLDS


def test_one_document_has_a_tag_and_says_when_it_is_the_same(sixty):
    row = sixty.rows("students", params={"limit": 1})[0]
    answer = sixty.ask(f"students/{row['id']}")
    assert answer.json() == row
    assert answer.headers["ETag"] == f'"{row["_etag"]}"'
    for tag in (row["_etag"], answer.headers["ETag"], f"W/{answer.headers['ETag']}"):
        same = sixty.ask(f"students/{row['id']}", headers={"If-None-Match": tag})
        assert (same.status_code, same.content) == (304, b"")
    assert sixty.ask(f"students/{row['id']}", headers={"If-None-Match": "other"}).status_code == 200


def test_an_id_may_have_dashes(sixty):
    found = sixty.rows("students", params={"limit": 1})[0]["id"]
    dashed = f"{found[:8]}-{found[8:12]}-{found[12:16]}-{found[16:20]}-{found[20:]}"
    assert sixty.rows(f"students/{dashed}")["id"] == found


@pytest.mark.parametrize(
    "path", ["nothings", "students/0123456789abcdef0123456789abcdef", "students/what", "students/x/y"]
)
def test_what_is_not_there_is_not_found(sixty, path):
    answer = sixty.ask(path, headers={"correlation-id": "mine"})
    assert (answer.status_code, kind(answer), answer.json()["correlationId"]) == (404, "not-found", "mine")


def test_a_descriptor_is_numbered_before_version_7_2(whole):
    assert "gradeLevelDescriptorId" not in whole.rows("gradeLevelDescriptors")[0]
    with asked(SMALL, version="7.1") as older:
        row = next(one for name, _ in SMALL if name.endswith("Descriptors") for one in older.rows(name))
        (member,) = (name for name in row if name.endswith("DescriptorId"))
        assert isinstance(row[member], int)
        collection = member.removesuffix("Id") + "s"
        assert older.rows(collection, params={member: row[member]}) == [row]


def test_a_reference_to_any_organization_says_of_what_kind_it_is(whole):
    row = whole.rows("studentEducationOrganizationAssociations")[0]
    assert row["educationOrganizationReference"]["link"]["rel"] == "School"


def test_links_and_empty_arrays_are_features():
    with asked(SMALL, links=False, empties=True) as client:
        row = client.rows("studentSchoolAssociations")[0]
    assert "link" not in row["schoolReference"]
    assert row["educationPlans"] == []


@pytest.mark.parametrize(
    ("header", "said"),
    [("", "missing"), ("Basic abc", "scheme"), ("Bearer  ", "value"), ("Bearer 0123", "Invalid")],
)
def test_who_shows_no_good_token_is_told_why(sixty, header, said):
    answer = requests.get(f"{sixty.base}/data/v3/ed-fi/students", headers={"Authorization": header}, timeout=5)
    assert (answer.status_code, kind(answer)) == (401, "security:authentication")
    assert said in answer.json()["errors"][0]


def test_a_token_is_had_in_three_ways(sixty):
    given = {"grant_type": "client_credentials", "client_id": "crossing", "client_secret": "ods-secret"}
    pair = (given["client_id"], given["client_secret"])
    answers = [
        requests.post(sixty.running.token_url, data=given, timeout=5),
        requests.post(sixty.running.token_url, json=given, timeout=5),
        requests.post(sixty.running.token_url, data={"grant_type": "client_credentials"}, auth=pair, timeout=5),
    ]
    for answer in answers:
        body = answer.json()
        assert (answer.status_code, body["token_type"], body["expires_in"]) == (200, "bearer", 1800)
        assert len(body["access_token"]) == 32
        assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("given", "status", "word"),
    [
        ({"data": {"grant_type": "password", "client_id": "a", "client_secret": "b"}}, 400, "unsupported_grant_type"),
        ({"data": {"grant_type": "client_credentials"}}, 401, "invalid_request"),
        ({"data": {"grant_type": "client_credentials"}, "auth": ("crossing", "wrong")}, 401, "invalid_client"),
        ({"data": {"grant_type": "client_credentials"}, "headers": {"Authorization": "Basic ?"}}, 400,
         "invalid_request"),
        ({"data": {"grant_type": "client_credentials"}, "headers": {"Authorization": "Digest x"}}, 401,
         "invalid_client"),
        ({"data": {"grant_type": "client_credentials", "client_id": "crossing"}, "auth": ("crossing", "ods-secret")},
         400, "invalid_client"),
        ({"data": {"grant_type": "client_credentials", "scope": "all"}, "auth": ("crossing", "ods-secret")}, 400,
         "invalid_scope"),
    ],
)  # fmt: skip
def test_who_may_have_no_token_is_told_in_the_words_of_oauth(sixty, given, status, word):
    answer = requests.post(sixty.running.token_url, timeout=5, **given)
    assert (answer.status_code, answer.json()["error"]) == (status, word)


def test_a_client_has_fifteen_live_tokens_at_most():
    with system([]) as running:
        for _ in range(15):
            token(running)
        asked_ = {"grant_type": "client_credentials"}
        answer = requests.post(running.token_url, asked_, auth=("crossing", "ods-secret"), timeout=5)
        assert (answer.status_code, kind(answer)) == (429, "security:authentication:too-many-tokens")
        running.ods.tokens.expire()
        assert token(running)


def test_a_token_is_told_what_it_is_good_for(whole):
    bearer = whole.session.headers["Authorization"].partition(" ")[2]
    for how in ({"json": {"token": bearer}}, {"data": {"token": bearer}}):
        answer = whole.ask(f"{whole.base}/oauth/token_info", "POST", **how)
        told = answer.json()
        assert (answer.status_code, told["active"], told["client_id"]) == (200, True, "crossing")
        assert len(told["resources"]) == 349
        assert len(told["education_organizations"]) == 2 * WORLDS
    assert whole.ask(f"{whole.base}/oauth/token_info", "POST", json={"token": "other"}).status_code == 400


def test_the_root_says_where_everything_is(whole):
    told = requests.get(f"{whole.base}/", timeout=5).json()
    assert (told["version"], told["suite"]) == ("7.3", "3")
    assert told["dataModels"] == [{"name": "Ed-Fi", "version": "5.2.0"}]
    assert told["urls"]["dataManagementApi"] == f"{whole.base}/data/v3/"
    assert told["urls"]["oauth"] == whole.running.token_url
    for name in ("dependencies", "openApiMetadata"):
        assert requests.get(told["urls"][name], timeout=5).status_code == 200


def test_the_documents_describe_every_endpoint(whole):
    sections = requests.get(f"{whole.base}/metadata/", timeout=5).json()
    assert [one["name"] for one in sections] == ["Resources", "Descriptors", "Change-Queries"]
    paths = set()
    for section in sections[:2]:
        paths |= set(requests.get(section["endpointUri"], timeout=5).json()["paths"])
    assert {one.endpoint for one in model.resources().values()} <= paths


def test_what_is_asked_is_on_record():
    with run(Ods(SMALL)) as running:
        client = Client(running)
        client.rows("students", params={"limit": 3}, headers={"Use-Snapshot": "false"})
        client.post("students", STUDENT)
        assert [(one.method, one.status) for one in running.log] == [("POST", 200), ("GET", 200), ("POST", 200)]
        (read,) = running.asked("students", "GET")
        assert (read.query, read.headers["Use-Snapshot"]) == ({"limit": "3"}, "false")
        assert len(running.asked("token")) == 1


def test_a_prefix_stands_before_every_address():
    with asked(SMALL, prefix="/2026") as client:
        assert client.running.token_url.endswith("/2026/oauth/token")
        row = client.rows("students")[0]
        location = client.post("students", STUDENT).headers["Location"]
        assert location == f"{client.base}/data/v3/ed-fi/students/{row['id']}"
        assert client.ask(f"{client.running.url}/data/v3/ed-fi/students").status_code == 404


def test_every_fact_has_its_source_its_grade_and_its_test():
    document = YAML(typ="safe").load(files("adapters.simulators.edfi").joinpath("facts.yaml").read_text("utf-8"))
    for fact in document["facts"]:
        assert fact.keys() == {"fact", "from", "grade", "test"}
        assert fact["grade"] in {"read", "inferred"}
        assert (ROOT / "tests" / fact["test"]).is_file()
    read = sum(fact["grade"] == "read" for fact in document["facts"])
    print(f"{read} of {len(document['facts'])} facts were read, the others inferred")
    assert read > len(document["facts"]) / 2
    assert document["foreign"]
