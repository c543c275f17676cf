"""The same table from every kind of source: what answers with rows is told, and live says what a hold says."""

from __future__ import annotations

import pytest

from gateway.demo.data import write_messy_oneroster_11
from standards.oneroster import model
from tests.conformance.conftest import MANY
from tests.conformance.table import FLAT, READS, address, expected, flat, parents, records
from tests.support.regions import Site, agreement, running, small_district

pytest_plugins = ["tests.support.region_fixtures"]

# How many of the 55 operations of 1.1 and the 65 of 1.2 that read have something to tell, at least.
ROWS = {
    "maple": {"1.1": 55, "1.2": 56},
    "alder": {"1.1": 51, "1.2": 52},
    "cedar": {"1.1": 51, "1.2": 52},
    "gb": {"1.1": 50, "1.2": 55},
    "rest 1.2": {"1.1": 55, "1.2": 64},
    "rest 1.1": {"1.1": 55, "1.2": 56},
}


@pytest.fixture(scope="module")
def older(tmp_path_factory, site):
    """The simulated system asked in 1.1."""
    settings = dict(site.settings) | {"version": "1.1"}
    place = type(site)("oneroster_rest", settings)
    with running(tmp_path_factory.mktemp("older"), {"birch": place}, [agreement("birch")], MANY) as region:
        yield region.consumer()


@pytest.fixture(scope="module")
def wild(tmp_path_factory):
    """Files of 1.1 with the faults that real ones have."""
    folder = tmp_path_factory.mktemp("wild")
    write_messy_oneroster_11(small_district(), folder / "alder.zip")
    place = Site("oneroster_csv", {"source": str(folder / "alder.zip")})
    with running(folder / "r", {"alder": place}, [agreement("alder")], MANY) as region:
        yield region.consumer()


@pytest.fixture
def source(request):
    """A consumer to whom everything of a source is released, and the district's name in addresses."""
    if request.param in {"maple", "cedar"}:
        return request.getfixturevalue("small").consumer(), f"/{request.param}"
    names = {"alder": "wild", "gb": "everything", "rest 1.2": "client", "rest 1.1": "older"}
    return request.getfixturevalue(names[request.param]), ""


class Prefixed:
    """A consumer that asks one district only."""

    def __init__(self, consumer, prefix):
        self.consumer, self.prefix = consumer, prefix

    def ask(self, place, **more):
        return self.consumer.ask(place if place.startswith("http") else self.prefix + place, **more)


@pytest.mark.parametrize("version", model.VERSIONS)
@pytest.mark.parametrize("source", ROWS, indirect=True, ids=str)
def test_the_table_from_every_source(request, source, version, record_property):
    asked, name = Prefixed(*source), request.node.callspec.params["source"]
    known, rows = flat(asked, version), []
    for route in [route for at, route in READS if at == version]:
        if not route.parents and not route.single:
            full = bool(known.get(route.collection))
        elif route.single:
            full = any(
                asked.ask(address(route, [one])).status_code == 200 for one in list(known.get(route.collection, ()))[:1]
            )
        else:
            ids = next((ids for ids in parents(route, known) if expected(route, ids, known)), None)
            full = ids is not None and bool(records(asked.ask(address(route, ids), limit=1)))
        rows += [route.operation.name] * full
    for collection, found in known.items():
        wrong = {problem for one in found.values() for problem in model.validate(version, _model(collection), one)}
        assert wrong == set(), (collection, sorted(wrong)[:3])
    told = f"{name}, OneRoster {version}: {len(rows)} operations of {sum(at == version for at, _ in READS)} with rows"
    print(told)
    record_property(f"{name} {version}", told)
    assert len(rows) >= ROWS[name][version]


def _model(collection):
    return model.collections()[collection]


def test_live_says_what_a_hold_says(client, site, tmp_path):
    place = type(site)("oneroster_rest", site.settings, cache="0")
    with running(tmp_path / "live", {"birch": place}, [agreement("birch")], MANY) as region:
        live = region.consumer()
        for _, route in FLAT:
            for query in ({"limit": 50}, {"limit": 7, "offset": 7}, {"filter": "sourcedId~'1'", "sort": "sourcedId"}):
                held, now = (one.ask(address(route), **query) for one in (client, live))
                assert held.status_code == now.status_code == 200
                assert held.headers["X-Total-Count"] == now.headers["X-Total-Count"]
                assert held.headers["Link"] == now.headers["Link"]
                assert [_undated(one) for one in records(held)] == [_undated(one) for one in records(now)]


def _undated(record):
    return {name: value for name, value in record.items() if name != "dateLastModified"}
