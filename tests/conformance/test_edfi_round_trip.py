"""A world of Ed-Fi documents is written through the gateway into an ODS, read back, replaced and deleted again."""

from __future__ import annotations

from functools import cache

import pytest

from adapters.simulator.ods import Ods, run
from standards.edfi.model import by_collection, resources
from tests.regions import EDFI, Site, agreement, running
from tests.standards.edfi.complete import complete
from tests.standards.edfi.world import plain

OPERATIONS = "[read, search, create, update, delete]"
MANY = "[tokens]\nper_client = 1000\n"


@cache
def world():
    """Documents of every resource, each after those that it points to, and the descriptors that they use."""
    every = complete(1, 0, 1.0)
    descriptors = [one for one in every if by_collection(one[0]).is_descriptor]
    return descriptors, [one for one in every if not by_collection(one[0]).is_descriptor]


@pytest.fixture(scope="module")
def ods():
    with run(Ods(world()[0])) as system:
        yield system


@pytest.fixture(scope="module")
def client(ods, tmp_path_factory):
    folder = tmp_path_factory.mktemp("oak")
    (folder / "secret").write_text("ods-secret")
    oak = Site("edfi_ods", {
        "url": ods.url, "client_id": "crossing", "client_secret": f"file:{folder / 'secret'}",
        "allow_private": "true", "writable": "true",
    })  # fmt: skip
    with running(folder / "region", {"oak": oak}, [agreement("oak", operations=OPERATIONS)], MANY) as region:
        yield region.consumer()


def send(consumer, method, place, body=None):
    """The answer to a request with a JSON body."""
    target = place.partition("localhost")[2] or EDFI + place
    return consumer.web.open(target, method=method, json=body, headers=consumer.bearer)


def test_a_document_of_every_resource_goes_around(client, ods):
    _, documents = world()
    places = []
    for collection, document in documents:
        answer = send(client, "POST", collection, document)
        assert answer.status_code == 201, (collection, answer.text)
        places.append((collection, answer.headers["Location"]))
    for (collection, place), (_, document) in zip(places, documents, strict=True):
        shown = client.ask(place)
        assert plain(shown.json) == plain(document), collection
        assert send(client, "PUT", place, shown.json).status_code == 204, collection
    for resource in resources().values():
        sent = [plain(one) for name, one in documents if name == resource.collection]
        kept = [plain(row.document) for row in ods.ods.state.rows[resource.name].values()]
        assert resource.is_descriptor or kept == sent, resource.name
    for collection, place in reversed(places):
        assert send(client, "DELETE", place).status_code == 204, collection
        assert client.ask(place).status_code == 404, collection
    left = {resource.name for resource in resources().values() if not resource.is_descriptor}
    assert not any(ods.ods.state.rows[name] for name in left)
    print(f"{len(places)} documents of {len({name for name, _ in places})} resources went around")
    assert len({name for name, _ in places}) == 138
