"""What a consumer says nothing of survives its writes; no body and no id brings the gateway down or leads astray."""

from __future__ import annotations

import copy
import json

import pytest

from adapters.simulator import Sis, run
from tests.adapters.oneroster_system import district_documents, settings_for
from tests.regions import Site, agreement, running

BOOK = "/ims/oneroster/gradebook/v1p2/"


class Server(Site):
    def toml(self, name):
        given = "".join(f"{key} = {json.dumps(value)}\n" for key, value in self.settings.items())
        return f'[districts.{name}]\nadapter = "{self.adapter}"\nhold = "{self.hold}"\n[districts.{name}.settings]\n{given}'


@pytest.fixture
def system():
    with run(Sis(copy.deepcopy(district_documents()))) as made:
        yield made


@pytest.fixture
def consumer(system, tmp_path):
    (tmp_path / "sis.secret").write_text("sis-secret", "ascii")
    settings = settings_for(system, writes=True, client_secret="file:sis.secret")
    sites = {"maple": Server("oneroster_rest", settings)}
    text = agreement("maple", operations="[read, search, create, update, delete]")
    with running(tmp_path, sites, [text]) as region:
        yield region.consumer()


def send(consumer, place, document, method="PUT"):
    return consumer.web.open(place, method=method, headers=consumer.bearer, json=document)


def first(consumer, collection, **query):
    return consumer.roster(collection, limit=1, **query).json[collection][0]


def plain(record):
    return {name: value for name, value in record.items() if name not in {"status", "dateLastModified"}}


@pytest.mark.parametrize("depth", [200, 300, 600, 1000])
def test_a_deep_body_is_refused_and_breaks_nothing(consumer, depth):
    item = plain(first(consumer, "lineItems"))
    deep = f"{'[' * depth}{']' * depth}"
    text = json.dumps({"lineItem": item | {"metadata": {"x": "DEEP"}}}).replace('"DEEP"', deep)
    answer = consumer.web.put(BOOK + f"lineItems/{item['sourcedId']}", data=text, content_type="application/json",
                              headers=consumer.bearer)  # fmt: skip
    assert answer.status_code == 422, answer.status_code


@pytest.mark.parametrize("name", ["%2e%2e", "%2e"])
def test_an_id_that_is_a_step_of_a_path_is_never_asked_of_the_system(system, consumer, name):
    item = plain(first(consumer, "lineItems"))
    item.pop("sourcedId")
    before = len(system.sis.log)
    answer = send(consumer, f"{BOOK}lineItems/{name}", {"lineItem": item})
    assert answer.status_code == 422
    assert [one for one in system.sis.log[before:] if one.method == "PUT"] == []
