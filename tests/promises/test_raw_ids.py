"""The id by which a source knows a person leaves nowhere where the agreement says pseudonym: every route is hunted."""

from __future__ import annotations

from copy import deepcopy
from random import Random

import pytest

from gateway import telemetry
from gateway.engine.visibility import Visibility
from policies import elements
from policies.testing.raw_ids import MARK, found, planted, raw_ids
from standards import registry
from standards.oneroster.resources.parts import service_of
from tests.gateway.engine import worlds as villages
from tests.gateway.reads.test_export_interference import tame
from tests.support import consumers
from tests.support.consumers import EDFI, Consumer, root_of

EVERYONE = "* allow\nstudent.id pseudonym\nstaff.id pseudonym\ncontact.id pseudonym"
PUPILS = "* allow\nstudent.id pseudonym"
AGREEMENTS = {
    "everybody under a pseudonym": (EVERYONE, ""),
    "students under pseudonyms": (PUPILS, ""),
    "tutoring organisation": consumers.CONSUMERS["tutoring organisation"],
    "analytics vendor": consumers.CONSUMERS["analytics vendor"],
}
LONG_AGO = "2020-01-01"
PUT = 25
"""Questions of one kind that are put."""

FILES = [
    f"{prefix}/ims/oneroster/bulk/{version}/csv{since}"
    for version in ("v1p1", "v1p2")
    for prefix in ("", "/maple")
    for since in ("", f"?since={LONG_AGO}")
]
OWN = ["/oauth/token_info", "/metadata/", "/metadata/data/v3/resources/swagger.json", "/"]


@pytest.fixture(scope="module")
def village():
    """A district with every field filled, where whatever might repeat a person's id does."""
    return planted(tame(villages.village(1)))


@pytest.fixture(scope="module")
def consumer(village, tmp_path_factory):
    """Each consumer, made when first asked for."""
    made: dict[str, Consumer] = {}
    plain = consumers.documents.text

    def text(*given, **more):
        return plain(*given, **more | {"operations": "[read, search, changes, bulk]"})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(telemetry, "observe", lambda response: response)
        patch.setattr(consumers.documents, "text", text)
        patch.setattr(consumers, "CONSUMERS", AGREEMENTS)

        def find(name: str) -> Consumer:
            if name not in made:
                made[name] = Consumer(tmp_path_factory.mktemp("raw") / "state", name, village)
            return made[name]

        yield find
        for one in made.values():
            one.close()


def begin(one: Consumer) -> None:
    """Let the consumer know nothing yet."""
    one.forget()
    one.load(one.records)


def sent(one: Consumer, path: str) -> tuple[int, bytes, bytes]:
    """Every byte of an answer but its tag, which is a hash."""
    answer = one.web.get(path, headers=one.headers)
    told = [f"{name}: {value}" for name, value in answer.headers if name != "ETag"]
    return answer.status_code, "\n".join(told).encode("latin-1", "replace"), answer.data


def views(one: Consumer, *apis: str):
    """Every view of some APIs of which the district has a record."""
    every = [view for api in apis for view in registry.views(api).values()]
    return [view for view in every if any(one.records.get(branch.entity) for branch in view.branches)]


def collections(one: Consumer) -> list[str]:
    """Every collection of both standards, whole."""
    every = views(one, "oneroster", "oneroster11", "edfi")
    return [f"{root_of(view)}/{view.name}?limit={500 if view.api == 'edfi' else 1000}" for view in every]


def feeds(one: Consumer) -> list[str]:
    """Everything about changes of every Ed-Fi resource."""
    names = [view.name for view in views(one, "edfi")]
    return [f"{EDFI}/{name}/{feed}" for name in names for feed in ("deletes", "keyChanges", "partitions?number=3")] + [
        f"{EDFI}/{name}?minChangeVersion=0&limit=500" for name in names
    ]


def moved(records):
    """The district later: some children have left, others go by another key."""
    later = deepcopy({name: list(rows) for name, rows in records.items()})
    for name in ("placement", "guardianship", "enrollment"):
        later[name] = [row for number, row in enumerate(later[name]) if number % 3]
    for row in later["organization"]:
        row["identifier"] = f"9{row.get('identifier', '')}"
    return later


def hunt(one: Consumer, paths) -> tuple[dict[str, frozenset[str]], dict[int, int]]:
    """Where a raw id was sent, and how many answers there were by status."""
    ids, hits, counts = raw_ids(one.records, one.grant), {}, {}
    for path in paths:
        status, *payloads = sent(one, path)
        counts[status] = counts.get(status, 0) + 1
        if hit := frozenset().union(*(found(ids, payload) for payload in payloads)):
            hits[path] = hit
    return hits, counts


def everything(one: Consumer) -> list[str]:
    """Every kind of question that the consumer can put to what is there now."""
    random = Random(3)
    honest = [[path for path in kind if MARK not in path] for kind in one.questions(3).values()]  # no id of its own
    asked = [path for kind in honest for path in random.sample(kind, min(len(kind), PUT))]
    return [*collections(one), *asked, *OWN]


@pytest.mark.parametrize("name", AGREEMENTS)
def test_no_answer_of_any_route_has_the_raw_id_of_anybody_with_a_pseudonym(name, consumer):
    one = consumer(name)
    begin(one)
    hits, counts = hunt(one, everything(one))
    files, sealed = hunt(one, FILES)
    assert (files, sealed) == ({}, {200: len(FILES)})
    assert {path: sorted(hit)[:3] for path, hit in hits.items()} == {}
    assert counts[200] > 60, counts
    assert counts[400] > 10, counts


@pytest.mark.parametrize("name", ["everybody under a pseudonym", "tutoring organisation"])
def test_nor_has_what_is_told_of_changes(name, consumer):
    one = consumer(name)
    begin(one)
    first, _ = hunt(one, feeds(one))
    one.load(moved(one.records))
    later, counts = hunt(one, feeds(one))
    gone = sent(one, f"{EDFI}/studentSchoolAssociations/deletes")[-1]
    assert first == later == {}
    assert b"keyValues" in gone
    assert counts[200] > 20, counts
    one.load(one.records)


def test_the_outward_ids_without_a_pseudonym_are_no_way_around(consumer):
    """A key of the region's own that is the same for two consumers would join their pseudonyms."""
    one = consumer("everybody under a pseudonym")
    begin(one)
    shared = set()
    for entity in ("student", "staff", "contact"):
        rows = one.records[entity]
        made = one.keyring.outward_ids("maple", entity, [row["key"] for row in rows])
        own = [row.get("id", text) for row, text in zip(rows, made, strict=True)]
        blocks = one.keyring.blocks("maple", entity, own)
        shared |= {*made, *(blocks[at : at + 16].hex() for at in range(0, len(blocks), 16))}
    assert not {path for path in collections(one) if found(shared, sent(one, path)[-1])}


# what the hunt finds


@pytest.fixture
def careless(village, tmp_path, monkeypatch):
    """Makes a consumer whose agreement is compiled without a cap on texts."""
    plain = consumers.documents.text

    def text(*given, **more):
        return plain(*given, **more | {"operations": "[read, search, changes, bulk]"})

    monkeypatch.setattr(telemetry, "observe", lambda response: response)
    monkeypatch.setattr(consumers.documents, "text", text)
    monkeypatch.setattr(consumers, "CONSUMERS", AGREEMENTS)
    monkeypatch.setattr(elements, "_cap_texts", lambda _settled: None)
    elements._settle.cache_clear()
    one = Consumer(tmp_path / "state", "students under pseudonyms", village)
    yield one
    one.close()
    elements._settle.cache_clear()


def test_the_hunt_finds_what_a_missing_cap_lets_out(careless):
    begin(careless)
    rostering = f"/ims/oneroster/{service_of('users')}/v1p2"
    paths = [f"{rostering}/students", f"{EDFI}/studentAssessments", f"{EDFI}/restraintEvents", *FILES[:5:4],
             f"{EDFI}/studentEducationOrganizationAssociations"]  # fmt: skip
    hits, _ = hunt(careless, paths)
    for path in (f"{rostering}/students", *FILES[:5:4], f"{EDFI}/studentEducationOrganizationAssociations"):
        assert hits.get(path), path
    body = careless.web.get(f"{rostering}/students", headers=careless.headers).json["users"]
    assert any(MARK in str(role.get("userProfile")) for user in body for role in user["roles"])


def a_reference_shows_the_sources_own_id(patch):
    patch.setattr(Visibility, "ids", lambda self, entity, api="oneroster": self.snapshot.table(entity).ids)


def a_unique_id_is_the_sources_own(patch):
    patch.setattr(Visibility, "unique_ids", lambda self, entity: self.snapshot.table(entity).unique or self.ids(entity))


def a_name_that_is_masked_leaves_as_it_is(patch):
    patch.setattr(Visibility, "transform", lambda _self, _field: None)


FAULTS = (a_reference_shows_the_sources_own_id, a_unique_id_is_the_sources_own, a_name_that_is_masked_leaves_as_it_is)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_the_hunt_finds_a_planted_leak(fault, consumer, monkeypatch):
    one = consumer("everybody under a pseudonym")
    begin(one)
    fault(monkeypatch)
    hits, _ = hunt(one, collections(one))
    begin(one)
    assert hits
