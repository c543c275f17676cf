"""The Ed-Fi API as it is written to: every resource of the model, and what becomes of each request."""

from __future__ import annotations

from random import Random

import pytest

from standards.edfi.model.model import resources
from tests.standards.edfi.documents import document
from tests.standards.edfi.world import plain
from tests.support.edfi_memory import LENSES, room, site
from tests.support.regions import EDFI, agreement, running

OPERATIONS = "[read, search, create, update, delete]"
RESOURCES = sorted(one.collection for one in resources().values() if not one.is_descriptor)
DESCRIPTORS = sorted(one.collection for one in resources().values() if one.is_descriptor)
MANY = "[tokens]\nper_client = 1000\n"
MODEL = {one.collection: one for one in resources().values()}


def send(consumer, method, place, body=None, **headers):
    """The answer to a request with a JSON body."""
    target = place if place.startswith("/") else EDFI + place
    return consumer.web.open(target, method=method, json=body, headers=consumer.bearer | headers)


def made(collection, seed=11, share=0.5):
    """A document of a resource; two kinds of organization never have one number."""
    return document(MODEL[collection], Random(seed + 10 * (collection == "educationServiceCenters")), share)


def identity(native, reference):
    """The least document of a native resource that a reference points to."""
    found: dict = {}
    for path in native.identity:
        *parents, last = path.split(".")
        if last not in reference:
            return None
        inner = found
        for parent in parents:
            inner = inner.setdefault(parent, {})
        inner[last] = reference[last]
    if native.name == "StudentAssessmentRegistration":  # which belongs to the student of this reference, too
        school = {"entryDate": "2026-09-01", "schoolId": 1, "studentUniqueId": reference["studentUniqueId"]}
        found["studentSchoolAssociationReference"] = school
    return found


def furnish(home, collection, sent):
    """Keep in the room all that a document points to."""
    home.surround(collection, sent)
    for reference, value in pointed(MODEL[collection].properties, sent):
        target = resources().get(reference)
        if target is None or not LENSES[target.collection].entity.startswith("edfi."):
            continue
        if (least := identity(target, value)) is not None:
            home.surround(target.collection, least)
            key = LENSES[target.collection].read(least)["key"]
            if key not in [
                LENSES[target.collection].read(one)["key"] for one in home.documents[target.collection].values()
            ]:
                home.put(target.collection, least)


def pointed(properties, given):
    for name, value in given.items():
        known = properties[name]
        if known.reference:
            yield known.reference, value
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, dict):
                yield from pointed(known.properties, item)


@pytest.fixture(scope="module")
def home():
    with room("oak") as made_room:
        for collection in RESOURCES:
            for seed in (11, 12):
                furnish(made_room, collection, made(collection, seed))
        yield made_room


@pytest.fixture(scope="module")
def region(home, tmp_path_factory):
    terms = [agreement("oak", operations=OPERATIONS)]
    with running(tmp_path_factory.mktemp("oak"), {"oak": site("oak")}, terms, MANY) as made_region:
        yield made_region


@pytest.fixture(scope="module")
def client(region):
    return region.consumer()


@pytest.mark.parametrize("collection", [*RESOURCES, *DESCRIPTORS[::20]])
def test_every_resource_is_created_read_replaced_and_deleted(client, collection):
    sent = made(collection)
    answer = send(client, "POST", collection, sent)
    assert answer.status_code == 201, answer.text
    place = answer.headers["Location"]
    shown = client.ask(place)
    assert shown.status_code == 200, shown.text
    own = {MODEL[collection].descriptor_id}
    assert plain({name: value for name, value in shown.json.items() if name not in own}) == plain(sent)
    assert answer.headers["ETag"] == shown.headers["ETag"] == f'"{shown.json["_etag"]}"'
    changed = changed_of(collection, sent)
    answer = send(client, "PUT", place.partition("localhost")[2], changed)
    assert answer.status_code == 204, answer.text
    again = {name: value for name, value in client.ask(place).json.items() if name not in own}
    assert folded(plain(again)) == folded(plain(changed))
    answer = send(client, "POST", collection, sent)
    assert (answer.status_code, answer.headers["Location"]) == (200, place), answer.text
    assert send(client, "DELETE", place.partition("localhost")[2]).status_code == 204
    assert client.ask(place).status_code == 404


def folded(value):
    """A document with its descriptors in small letters, since case tells none of them apart."""
    if isinstance(value, dict):
        return {name: folded(value[name]) for name in sorted(value)}
    if isinstance(value, list):
        return sorted(map(folded, value), key=str)
    return value.casefold() if isinstance(value, str) and value.startswith("uri://") else value


def changed_of(collection, sent):
    """The same record with other things said of it: all that is no part of the key from another document."""
    resource = MODEL[collection]
    keys = {path.partition(".")[0] for path in resource.identity}
    agreeing = {path.partition(".")[0].removesuffix("[*]") for pair in resource.equality for path in pair}
    other = made(collection, 12)
    kept = {name: value for name, value in sent.items() if name in keys | agreeing}
    fresh = {name: value for name, value in other.items() if name not in keys | agreeing}
    return kept | fresh
