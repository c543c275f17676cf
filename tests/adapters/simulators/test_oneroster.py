"""The simulated system keeps to the standard: its documents are valid, its answers are those of the facts."""

from __future__ import annotations

from importlib.resources import files

import pytest
import requests
from ruamel.yaml import YAML

from standards.oneroster.api import model
from tests.adapters.oneroster_rest.system import district_documents, system
from tests.support.needs import ROOT

BASES = {"1.1": {"": "v1p1"}, "1.2": {"": "rostering/v1p2"}}
GRADEBOOK = {"categories", "lineItems", "results", "scoreScales", "assessmentLineItems", "assessmentResults"}
VERSIONS = pytest.mark.parametrize("version", ["1.1", "1.2"])


class Client:
    """A client of our own hand, apart from the adapter."""

    def __init__(self, running, version="1.2"):
        self.running, self.version = running, version
        asked = {"grant_type": "client_credentials"}
        given = requests.post(running.token_url, asked, auth=("crossing", "sis-secret"), timeout=5)
        self.headers = {"Authorization": f"Bearer {given.json()['access_token']}"}

    def ask(self, path, method="GET", **more):
        collection = path.strip("/").split("/")[-1 if path.count("/") == 2 else 0]
        service = "gradebook" if collection in GRADEBOOK else "resources" if collection == "resources" else "rostering"
        base = "v1p1" if self.version == "1.1" else f"{service}/v1p2"
        address = f"{self.running.url}/ims/oneroster/{base}/{path}"
        return requests.request(method, address, headers=self.headers, timeout=5, **more)


@pytest.fixture
def client():
    with system() as running:
        yield Client(running)


@VERSIONS
def test_every_document_is_valid(version):
    with system() as running:
        client = Client(running, version)
        for collection, class_name in model.collections().items():
            if class_name not in model.classes(version):
                assert client.ask(collection).status_code == 404
                continue
            answer = client.ask(collection, params={"limit": 10_000})
            assert answer.status_code == 200
            ((wrapper, found),) = answer.json().items()
            assert model.collections()[wrapper] == class_name
            assert int(answer.headers["X-Total-Count"]) == len(found)
            faults = {fault.split(":", 1)[1] for one in found for fault in model.validate(version, class_name, one)}
            assert not faults, (collection, faults)


def test_nothing_said_means_the_first_hundred(client):
    answer = client.ask("users")
    assert len(answer.json()["users"]) == 100
    assert answer.headers["X-Total-Count"] == "224"


@pytest.mark.parametrize(
    ("collection", "filter_", "some"),
    [
        ("users", "givenName='nobody'", False),
        ("users", "roles.role='teacher'", True),
        ("orgs", "type='school' AND name~'a'", True),
        ("orgs", "type='nothing' OR type='district'", True),
        ("enrollments", "beginDate<'1900-01-01'", False),
    ],
)
def test_a_filter_is_applied_before_it_is_counted(client, collection, filter_, some):
    answer = client.ask(collection, params={"filter": filter_})
    assert answer.status_code == 200
    assert bool(answer.json()[collection]) is some
    assert int(answer.headers["X-Total-Count"]) < len(district_documents()[collection])


@pytest.mark.parametrize("query", [{"filter": "what"}, {"limit": "many"}])
def test_a_question_that_cannot_be_read_is_an_error(client, query):
    assert client.ask("orgs", params=query).status_code in {400, 422}


@VERSIONS
def test_errors_have_the_form_of_their_version(version):
    with system() as running:
        client = Client(running, version)
        body = client.ask("orgs/nobody").json()
        client.headers = {"Authorization": "Bearer wrong"}
        refused = client.ask("orgs")
    assert refused.status_code == 401
    if version == "1.1":
        assert body["statusInfoSet"][0]["imsx_codeMinor"] == "unknownobject"
    else:
        assert model.validate("1.2", "statusInfo", body) == []


def item(client):
    return client.ask("lineItems", params={"limit": 1}).json()["lineItems"][0]


def test_a_line_item_is_put_changed_and_deleted(client):
    made = {name: value for name, value in item(client).items() if name not in {"status", "dateLastModified"}}
    made |= {name: {"sourcedId": made[name]["sourcedId"]} for name in ("class", "category", "school")}
    put = client.ask("lineItems/new-1", "PUT", json={"lineItem": made})
    assert put.status_code == 201
    assert model.validate("1.2", "lineItem", put.json()["lineItem"]) == []
    assert client.ask("lineItems/new-1", "PUT", json={"lineItem": made}).status_code == 200
    assert client.ask("lineItems/new-1", "DELETE").status_code == 204
    assert client.ask("lineItems/new-1", "DELETE").status_code == 404
    assert client.ask("lineItems/new-1").status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"title": 3}, {"class": {"sourcedId": "nowhere"}}, {"dueDate": "soon"}, {"surplus": 1}, {"class": "x"}, {"title": None},
    ],
)  # fmt: skip
def test_what_breaks_the_class_is_refused(client, wrong):
    assert client.ask("lineItems/new-2", "PUT", json={"lineItem": item(client) | wrong}).status_code == 422
    assert client.ask("lineItems/new-2").status_code == 404


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"result":{}}', b'{"lineItem":3}'])
def test_a_body_that_is_none_is_refused(client, body):
    assert client.ask("lineItems/new-3", "PUT", data=body).status_code == 422


def test_posted_results_are_given_ids(client):
    result = client.ask("results", params={"limit": 1}).json()["results"][0]
    del result["lineItem"]
    where = item(client)["sourcedId"]
    answer = client.ask(f"lineItems/{where}/results", "POST", json={"results": [result | {"sourcedId": "mine"}]})
    assert answer.status_code == 201
    (pair,) = answer.json()["sourcedIdPairs"]
    assert pair["suppliedSourcedId"] == "mine"
    kept = client.ask(f"results/{pair['allocatedSourcedId']}").json()["result"]
    assert kept["lineItem"]["sourcedId"] == where
    assert client.ask("lineItems/nowhere/results", "POST", json={"results": []}).status_code == 404


def test_rostering_is_not_written(client):
    for method in ("PUT", "DELETE"):
        assert client.ask("users/x", method, json={"user": {}}).status_code == 405


def test_the_log_tells_what_was_asked(client):
    client.ask("orgs", params={"fields": "name"})
    asked = client.running.sis.log[-1]
    assert (asked.method, asked.collection, asked.query, asked.status, asked.version) == (
        "GET",
        "orgs",
        {"fields": "name"},
        200,
        "1.2",
    )


def test_every_fact_has_its_source_its_grade_and_its_test():
    document = YAML(typ="safe").load(files("adapters.simulators.oneroster").joinpath("facts.yaml").read_text("utf-8"))
    for fact in document["facts"]:
        assert fact.keys() == {"fact", "from", "grade", "test"}
        assert fact["grade"] in {"read", "inferred"}
        assert (ROOT / "tests" / fact["test"]).is_file()
    read = sum(fact["grade"] == "read" for fact in document["facts"])
    print(f"{read} of {len(document['facts'])} facts were read, the others inferred")
    assert read > len(document["facts"]) / 2
