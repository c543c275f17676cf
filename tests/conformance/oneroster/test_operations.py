"""Every operation that reads, of both versions: whole, valid, and what the flat collections say it must be."""

from __future__ import annotations

import pytest

from standards.oneroster.api import model
from tests.conformance.table import (
    BELOW,
    FLAT,
    READS,
    SINGLE,
    address,
    expected,
    flat,
    name,
    parents,
    records,
    unrelated,
    walk,
)
from tests.gateway.web.answers import guid_refs

MISSING = "nothing-of-the-kind"


@pytest.fixture(scope="module")
def known(client):
    """The flat collections of both versions."""
    return {version: flat(client, version) for version in model.VERSIONS}


def test_the_table_is_whole():
    counts = {version: sum(1 for at, _ in READS if at == version) for version in model.VERSIONS}
    print(f"operations that read: {counts}")
    assert counts == {"1.1": 56, "1.2": 65}


@pytest.mark.parametrize(("version", "route"), FLAT, ids=name)
def test_every_collection_has_records_and_all_are_valid(client, known, version, route):
    found = known[version][route.collection]
    assert found
    wrong = {problem for one in found.values() for problem in model.validate(version, route.model, one)}
    assert wrong == set()
    assert client.ask(address(route), limit=1).headers["X-Total-Count"] == str(len(found))


@pytest.mark.parametrize("version", model.VERSIONS)
def test_every_reference_leads_to_what_it_names(client, known, version):
    seen = set()
    for records_of in known[version].values():
        for one in records_of.values():
            for ref in guid_refs({key: value for key, value in one.items() if key != "metadata"}):
                place = ref["href"]
                if place not in seen:
                    seen.add(place)
                    collection, _, identifier = place.rpartition("/")
                    there = known[version][collection.rpartition("/")[2]]
                    assert ref["sourcedId"] in there, place
                    assert identifier == ref["sourcedId"]
    for place in sorted(seen)[::97]:
        assert client.ask(place).status_code == 200
    assert len(seen) > 300


@pytest.mark.parametrize("limit", [1, 7, 100])
@pytest.mark.parametrize(("version", "route"), FLAT, ids=name)
def test_pages_are_the_collection_without_repetition(client, known, version, route, limit):
    whole = list(known[version][route.collection].values())
    most = 12 if limit == 1 else 40
    found = walk(client, address(route), limit, most)
    assert found == whole[: len(found)]
    assert len(found) == min(len(whole), limit * most)


@pytest.mark.parametrize(("version", "route"), SINGLE, ids=name)
def test_a_single_record_is_the_one_in_the_collection(client, known, version, route):
    for identifier, record in list(known[version][route.collection].items())[:3]:
        answer = client.ask(address(route, [identifier]))
        assert (answer.status_code, answer.json) == (200, {route.model: record})
        again = client.ask(address(route, [identifier]), headers={"If-None-Match": answer.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")
    missing = client.ask(address(route, [MISSING]))
    assert missing.status_code == 404
    assert "unknown" in missing.text


@pytest.mark.parametrize(("version", "route"), BELOW, ids=name)
def test_what_lies_below_a_record_is_what_the_flat_collections_say(client, known, version, route):
    asked, found = 0, 0
    for ids in parents(route, known[version]):
        answer, wanted = client.ask(address(route, ids), limit=10_000), expected(route, ids, known[version])
        there = known[version][route.collection]
        assert records(answer) == [there[key] for key in sorted(wanted)]
        assert answer.headers["X-Total-Count"] == str(len(wanted))
        asked, found = asked + 1, found + len(wanted)
    assert asked
    assert found or (route.parents, route.collection) == (("users",), "resources"), "nothing lies below anything"


@pytest.mark.parametrize(("version", "route"), [one for one in BELOW if len(one[1].parents) > 1], ids=name)
def test_nothing_lies_below_two_records_that_do_not_belong_to_each_other(client, known, version, route):
    answer = client.ask(address(route, unrelated(route, known[version])))
    assert (answer.status_code, records(answer), answer.headers["X-Total-Count"]) == (200, [], "0")


@pytest.mark.parametrize(("version", "route"), BELOW, ids=name)
def test_an_address_of_something_below_what_does_not_exist_tells_which_part_names_nothing(
    client, known, version, route
):
    real = [min(known[version][one]) for one in route.parents]
    for number, parent in enumerate(route.parents):
        answer = client.ask(address(route, [*real[:number], MISSING, *real[number + 1 :]]))
        assert answer.status_code == 404
        assert f" an id of {parent} " in answer.text
        assert MISSING not in answer.text


def test_every_class_has_every_category_even_one_without_any_work(client, known):
    flat = known["1.2"]
    busy = {one["class"]["sourcedId"] for one in flat["lineItems"].values()}
    idle = next(one for one in sorted(flat["classes"]) if one not in busy)
    used = {one["category"]["sourcedId"] for one in flat["lineItems"].values()}
    assert used == set(flat["categories"])
    for base in ("/ims/oneroster/gradebook/v1p2", "/ims/oneroster/v1p1"):
        answer = client.ask(f"{base}/classes/{idle}/categories")
        assert {one["sourcedId"] for one in records(answer)} == set(flat["categories"])
