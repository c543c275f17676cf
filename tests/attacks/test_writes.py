"""What a consumer says nothing of survives its writes; no body and no id brings the gateway down or leads astray."""

from __future__ import annotations

import copy
import json

import pytest

from adapters.simulators.oneroster import Sis, run
from tests.adapters.oneroster_rest.system import district_documents, settings_for
from tests.support.regions import Site, agreement, running

BOOK = "/ims/oneroster/gradebook/v1p2/"


class Server(Site):
    def toml(self, name):
        given = "".join(f"{key} = {json.dumps(value)}\n" for key, value in self.settings.items())
        return f'[districts.{name}]\nadapter = "{self.adapter}"\ncache = "{self.cache}"\n[districts.{name}.settings]\n{given}'


@pytest.fixture
def system():
    with run(Sis(copy.deepcopy(district_documents()))) as made:
        yield made


@pytest.fixture
def consumer(system, tmp_path):
    (tmp_path / "sis.secret").write_text("sis-secret", "ascii")
    settings = settings_for(system, writable=True, client_secret="file:sis.secret")
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


def test_what_was_only_derived_is_not_written_back_as_a_fact(system, consumer):
    kept = system.sis.documents["results"]
    name = next(iter(kept))
    for member in ("scoreStatus", "scoreDate"):
        kept[name].pop(member, None)
    place = f"{BOOK}results/{name}"
    seen = plain(consumer.ask(place).json["result"])
    assert {"scoreStatus", "scoreDate"} <= seen.keys()
    before = dict(kept[name])
    answer = send(consumer, place, {"result": seen | {"comment": "Well done."}})
    assert answer.status_code in {422, 502}  # this system wants both of them itself
    assert kept[name] == before


def test_what_the_systems_own_documents_have_beyond_the_standard_survives(system, consumer):
    item = plain(first(consumer, "lineItems"))
    kept = system.sis.documents["lineItems"]
    kept[item["sourcedId"]]["gradebookTab"] = "homework"
    place = f"{BOOK}lineItems/{item['sourcedId']}"
    assert send(consumer, place, {"lineItem": item | {"title": "Other"}}).status_code == 201
    assert (kept[item["sourcedId"]]["title"], kept[item["sourcedId"]]["gradebookTab"]) == ("Other", "homework")


def test_a_condition_is_put_to_the_record_as_the_system_has_it_now(system, consumer):
    item = plain(first(consumer, "lineItems"))
    place = f"{BOOK}lineItems/{item['sourcedId']}"
    tag = consumer.ask(place).headers["ETag"]
    system.sis.documents["lineItems"][item["sourcedId"]]["title"] = "Changed elsewhere"
    answer = consumer.web.put(place, json={"lineItem": item}, headers=consumer.bearer | {"If-Match": tag})
    assert answer.status_code == 412


def test_every_record_of_a_post_is_counted(system, consumer, monkeypatch):
    told = []
    monkeypatch.setattr(consumer.region.gateway.record, "append", told.append)
    result = plain(first(consumer, "results"))
    result.pop("sourcedId")
    place = f"{BOOK}lineItems/{result['lineItem']['sourcedId']}/results"
    assert send(consumer, place, {"results": [result, result]}, "POST").status_code == 201
    assert [one["rows"] for one in told if one["operation"] == "create"] == [2]


def test_who_may_not_read_learns_nothing_by_conditions_and_guesses(system, tmp_path):
    (tmp_path / "sis.secret").write_text("sis-secret", "ascii")
    sites = {"maple": Server("oneroster_rest", settings_for(system, writable=True, client_secret="file:sis.secret"))}
    terms = [agreement("maple"), agreement("maple", client="inbox", operations="[create, update]")]
    with running(tmp_path, sites, terms) as region:
        item = plain(first(region.consumer(), "lineItems"))
        inbox, place = region.consumer("inbox"), f"{BOOK}lineItems/{item['sourcedId']}"
        for tag in ("*", '"x"'):
            headers = inbox.bearer | {"If-Match": tag}
            assert inbox.web.put(place, json={"lineItem": item}, headers=headers).status_code == 403
        assert send(inbox, place, {"lineItem": item | {"title": "New"}}).status_code == 201
