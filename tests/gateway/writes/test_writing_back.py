"""What is written back as it was read changes nothing in the district's system: nothing is made up, nothing lost."""

from __future__ import annotations

import copy

import pytest

from adapters.simulators.oneroster import Sis, run
from adapters.simulators.oneroster.system import WRITABLE
from adapters.simulators.oneroster.v1p1 import older
from gateway.demo.data.oneroster.server import server_documents
from standards.oneroster.api import model
from tests.support.regions import EDFI, Site, agreement, running, small_district

SECRET = "a secret of the tests"
MANY = "[tokens]\nper_client = 1000\n"
OPERATIONS = "[read, search, create, update, delete]"
ROOTS = {"1.2": "/ims/oneroster/gradebook/v1p2/", "1.1": "/ims/oneroster/v1p1/"}
STAMPS = frozenset({"status", "dateLastModified"})
OWN = {"vendorColour": "blue", "vendorTree": {"a": [1, None, {"b": "c"}]}}
"""Members of the system's own, which no standard has."""


class LaxSis(Sis):
    """A system that keeps and shows of its gradebook what it is sent, but no reference to nothing."""

    def _shown(self, asked, document):
        return document if asked.collection in WRITABLE else super()._shown(asked, document)

    def _taken(self, asked, given, identifier, before):
        for value in given.values():
            if isinstance(value, dict) and "sourcedId" in value and not value["sourcedId"]:
                raise ValueError("a reference to nothing")
        return dict(given)


def district_documents(version):
    """The documents of a district, those of the gradebook as the version says them."""
    found = server_documents(small_district(students=12))
    for name in WRITABLE if version == "1.1" else ():
        kind = model.collections()[name]
        found[name] = {key: older(kind, one) for key, one in found.get(name, {}).items()}
    return found


@pytest.fixture(scope="module", params=["1.2", "1.1"])
def world(request, tmp_path_factory):
    """A system of each version with a class of work, and the gateway in front of it."""
    folder = tmp_path_factory.mktemp("lax")
    (folder / "secret").write_text(SECRET)
    sis = LaxSis(district_documents(request.param), secret=SECRET)
    with run(sis) as system:
        site = Site("oneroster_rest", {
            "url": system.url, "token_url": system.token_url, "client_id": "crossing", "allow_private": "true",
            "client_secret": f"file:{folder / 'secret'}", "version": request.param,
        })  # fmt: skip
        with running(folder / "region", {"elm": site}, [agreement("elm", operations=OPERATIONS)], MANY) as region:
            yield sis, region.consumer()


@pytest.fixture
def book(world):
    """The documents of the system, as each test finds them."""
    sis, consumer = world
    kept = copy.deepcopy(sis.documents)
    yield sis.documents, consumer
    sis.documents.clear()
    sis.documents.update(kept)


def bare(document):
    return {name: value for name, value in document.items() if name not in STAMPS}


def put(consumer, place, body):
    return consumer.web.put(place, json=body, headers=consumer.bearer)


def strange(documents, collection, *left_out):
    """The first document of a collection with members of the system's own, and without some."""
    document = next(iter(documents[collection].values()))
    for name in left_out:
        document.pop(name, None)
    document.update(copy.deepcopy(OWN))
    for value in document.values():
        if isinstance(value, dict) and "href" in value:
            value["vendorTitle"] = "their words"
    return document


CASES = [
    ("lineItems", ("description",)),
    ("lineItems", ("assignDate", "school")),
    ("lineItems", ("scoreScale", "resultValueMin")),
    ("results", ("class", "scoreScale")),
    ("results", ("scoreStatus", "scoreDate", "class")),
    ("categories", ("weight",)),
]


@pytest.mark.parametrize("root", ROOTS)
@pytest.mark.parametrize(("collection", "left_out"), CASES)
def test_a_record_that_is_put_back_is_as_it_was(book, root, collection, left_out):
    documents, consumer = book
    document = strange(documents, collection, *left_out)
    before, place = copy.deepcopy(document), f"{ROOTS[root]}{collection}/{document['sourcedId']}"
    shown = consumer.ask(place)
    assert shown.status_code == 200, shown.text
    answer = put(consumer, place, shown.json)
    assert answer.status_code in {200, 201}, answer.text
    assert bare(documents[collection][document["sourcedId"]]) == bare(before)


@pytest.mark.parametrize("number", ["text", "number"])
def test_a_record_of_which_one_member_is_changed_is_else_as_it_was(book, number):
    documents, consumer = book
    document = strange(documents, "results", "class", "scoreStatus", "scoreDate")
    document["score"] = "85" if number == "text" else 85
    before, place = copy.deepcopy(document), f"{ROOTS['1.2']}results/{document['sourcedId']}"
    shown = consumer.ask(place).json["result"]
    assert put(consumer, place, {"result": shown | {"comment": "Changed"}}).status_code == 201
    now = documents["results"][document["sourcedId"]]
    assert {**bare(now), "score": float(now["score"])} == {**bare(before), "comment": "Changed", "score": 85.0}


def test_a_member_that_no_body_may_say_makes_nothing_else_of_the_record_a_change(book):
    documents, consumer = book
    document = strange(documents, "results", "class", "scoreStatus", "scoreDate")
    document["comment"] = "a\x01b"
    place = f"{ROOTS['1.2']}results/{document['sourcedId']}"
    before = {name: value for name, value in copy.deepcopy(document).items() if name != "comment"}
    shown = consumer.ask(place).json["result"]
    assert (shown.pop("comment"), "scoreStatus" in shown) == ("a\x01b", True)
    assert put(consumer, place, {"result": shown}).status_code == 201
    assert bare(documents["results"][document["sourcedId"]]) == bare(before)


def test_a_reference_that_is_changed_says_nothing_of_the_one_before(book):
    documents, consumer = book
    document = strange(documents, "lineItems")
    other = next(one for one in documents["categories"] if one != document["category"]["sourcedId"])
    place = f"{ROOTS['1.2']}lineItems/{document['sourcedId']}"
    shown = consumer.ask(place).json["lineItem"]
    answer = put(consumer, place, {"lineItem": shown | {"category": {"sourcedId": other}}})
    assert answer.status_code == 201, answer.text
    now = documents["lineItems"][document["sourcedId"]]["category"]
    assert (now["sourcedId"], now.keys()) == (other, {"href", "sourcedId", "type"})


def test_a_reference_that_is_left_out_is_taken_away(book):
    documents, consumer = book
    document, (scale, *_) = next(iter(documents["lineItems"].values())), [*documents["scoreScales"], "none"]
    if "scoreScale" in model.classes("1.1")["lineItem"] or "academicSession" in document:
        document["scoreScale"] = {"href": "x", "sourcedId": scale, "type": "scoreScale"}
    place = f"{ROOTS['1.2']}lineItems/{document['sourcedId']}"
    shown = consumer.ask(place).json["lineItem"]
    answer = put(consumer, place, {"lineItem": {name: one for name, one in shown.items() if name != "scoreScale"}})
    assert answer.status_code == 201, answer.text
    assert "scoreScale" not in documents["lineItems"][document["sourcedId"]]


@pytest.mark.parametrize(("resource", "collection", "left_out"), [
    ("gradebookEntries", "lineItems", ("assignDate",)),
    ("studentGradebookEntries", "results", ("scoreStatus", "scoreDate")),
])  # fmt: skip
def test_an_ed_fi_document_that_is_put_back_makes_up_nothing(book, resource, collection, left_out):
    documents, consumer = book
    for document in documents[collection].values():
        for name in left_out:
            document.pop(name, None)
        document.update(copy.deepcopy(OWN))
    before = copy.deepcopy(documents[collection])
    for shown in consumer.edfi(resource).json[:3]:
        answer = consumer.web.put(f"{EDFI}{resource}/{shown['id']}", json=shown, headers=consumer.bearer)
        assert answer.status_code == 204, answer.text
        posted = {name: value for name, value in shown.items() if name != "id"}
        answer = consumer.web.post(f"{EDFI}{resource}", json=posted, headers=consumer.bearer)
        assert answer.status_code == 200, answer.text
    after = {name: bare(one) for name, one in documents[collection].items()}
    assert after == {name: bare(one) for name, one in before.items()}


def test_a_new_entry_names_the_grading_period_of_its_school_as_it_is_shown(world):
    """In OneRoster a grading period is one for all schools, in Ed-Fi one of each."""
    sis, consumer = world
    shown = next((one for one in consumer.resources("gradebookEntries") if "gradingPeriodReference" in one), None)
    if shown is None:
        assert not any("gradingPeriod" in one for one in sis.documents["lineItems"].values())
        return
    members = {name: value for name, value in shown.items() if not name.startswith("_") and name != "id"}
    body = members | {"gradebookEntryIdentifier": "new", "namespace": "uri://new"}
    period = body["gradingPeriodReference"]
    for wrong in ({"gradingPeriodName": "None"}, {"gradingPeriodDescriptor": period["gradingPeriodDescriptor"] + "x"}):
        answer = consumer.web.post(
            EDFI + "gradebookEntries", json=body | {"gradingPeriodReference": period | wrong}, headers=consumer.bearer
        )
        assert answer.status_code == 409, answer.text
    answer = consumer.web.post(EDFI + "gradebookEntries", json=body, headers=consumer.bearer)
    assert answer.status_code == 201, answer.text
    place = EDFI + "gradebookEntries/" + answer.headers["Location"].rpartition("/")[2]
    assert consumer.ask(place).json["gradingPeriodReference"] == period
