"""Every one of the 349 endpoints over a district's ODS: the same records however they are asked for."""

from __future__ import annotations

from collections import Counter

import pytest

from standards.edfi.api.request import names
from standards.edfi.model import model
from tests.gateway.web.answers import edfi_links
from tests.support.sampling import sampled

ENDPOINTS = sorted(resource.collection for resource in model.resources().values())
OWN = {"id", "_etag", "_lastModifiedDate", "link"}
COUNTS: Counter[str] = Counter()
SAMPLED = pytest.mark.parametrize("collection", sampled(ENDPOINTS))


@pytest.fixture(scope="module", autouse=True)
def _told():
    yield
    print(f"\nover {len(ENDPOINTS)} endpoints:", dict(COUNTS))


@pytest.fixture(scope="module")
def listed(client):
    """Every record of an endpoint, by offset."""
    found = {}

    def ask(collection):
        if collection not in found:
            found[collection] = client.resources(collection)
        return found[collection]

    return ask


def bare(value):
    """A document without what only the API says about it."""
    if isinstance(value, dict):
        return {name: bare(inner) for name, inner in value.items() if name not in OWN}
    return [bare(item) for item in value] if isinstance(value, list) else value


def keyed(documents):
    """Documents by their text, in which the order of members and of a list says nothing."""
    return sorted(repr(_ordered(document)) for document in documents)


def _ordered(value):
    if isinstance(value, dict):
        return sorted((name, _ordered(inner)) for name, inner in value.items())
    return sorted((_ordered(item) for item in value), key=repr) if isinstance(value, list) else value


@pytest.mark.parametrize("collection", ENDPOINTS)
def test_every_record_of_the_source_is_shown_field_by_field(collection, listed, ods):
    resource = model.by_collection(collection)
    own = [row.document for row in ods.state.rows[resource.name].values()]
    shown = [{name: value for name, value in bare(one).items() if name != resource.descriptor_id}
             for one in listed(collection)]  # fmt: skip
    assert own
    assert keyed(shown) == keyed(own)
    assert {one["id"] for one in listed(collection)} == {row.id for row in ods.state.rows[resource.name].values()}
    COUNTS["records"] += len(shown)


@SAMPLED
def test_every_record_obeys_the_model(collection, listed):
    resource = model.by_collection(collection)
    for record in listed(collection):
        assert model.validate(resource, record) == []
        assert record["_etag"]
        assert record["_lastModifiedDate"].endswith("Z")


@SAMPLED
def test_three_ways_to_page_give_the_same_records(collection, client, listed):
    whole = listed(collection)
    counted = client.edfi(collection, limit=0, totalCount="True")
    assert counted.json == []
    assert counted.headers["Total-Count"] == str(len(whole))
    assert follow(client, client.edfi(collection, limit=3), collection) == whole
    tokens = client.edfi(f"{collection}/partitions", number=2).json["pageTokens"]
    parts = [follow(client, client.edfi(collection, pageToken=token, pageSize=200), collection) for token in tokens]
    assert [record for part in parts for record in part] == whole
    COUNTS["pages"] += len(whole) // 3 + 1


def follow(client, answer, collection):
    """The records of a page, and of all that follow it."""
    found, size = [], 7
    while True:
        assert answer.status_code == 200, answer.text
        found += answer.json
        token = answer.headers.get("Next-Page-Token")
        if token is None:
            return found
        answer = client.edfi(collection, pageToken=token, pageSize=size)
        size = 200


@SAMPLED
def test_an_item_is_what_the_list_says_and_its_tag_spares_sending_it_again(collection, client, listed):
    record = listed(collection)[0]
    answer = client.edfi(f"{collection}/{record['id']}")
    assert answer.json == record
    assert answer.headers["ETag"].strip('"') == record["_etag"]
    again = client.edfi(f"{collection}/{record['id']}", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert client.edfi(f"{collection}/{'0' * 32}").status_code == 404
    COUNTS["items"] += 1


@SAMPLED
def test_every_reference_has_a_link_that_leads_to_a_record(collection, client, listed):
    for record in listed(collection)[:2]:
        for link in edfi_links(record):
            answer = client.ask(f"/data/v3{link['href']}")
            assert answer.status_code == 200, link
            assert model.by_collection(link["href"].split("/")[2]).name == link["rel"]
            COUNTS["links"] += 1


@SAMPLED
def test_every_parameter_finds_the_record_that_it_describes(collection, client, listed):
    record, known = listed(collection)[0], names(collection)
    for name, paths in known.items():
        value = next((found for path in paths if (found := at(record, path)) is not None), None)
        if value is None:
            continue
        text = str(value).lower() if isinstance(value, bool) else str(value)
        answer = client.edfi(collection, **{name: text, "limit": 500})
        assert answer.status_code == 200, (name, answer.text)
        assert record in answer.json, name
        for one in answer.json:
            assert text.lower() in {str(at(one, path)).lower() for path in paths}, name
        COUNTS["parameters"] += 1


def at(record, path):
    """What stands at a dotted path; None where nothing does."""
    for part in path.split("."):
        record = record.get(part) if isinstance(record, dict) else None
    return record


@pytest.mark.parametrize("collection", sampled(name for name in ENDPOINTS if name.endswith("Descriptors")))
def test_a_descriptor_has_no_number_as_in_an_ods_since_7_2_and_is_found_in_any_case(collection, client, listed):
    resource, record = model.by_collection(collection), listed(collection)[0]
    assert resource.descriptor_id not in record
    found = client.edfi(collection, codeValue=record["codeValue"].upper(), namespace=record["namespace"].upper())
    assert record in found.json
