"""The published edfi-api-client works unchanged against every kind of district."""

from __future__ import annotations

from standards.edfi.model.model import resources
from tests.clients.conftest import ROSTER, slow_for

RESOURCES = {one.collection for one in resources().values() if not one.is_descriptor}
DESCRIPTORS = {one.collection for one in resources().values() if one.is_descriptor}
WHOLE = {"cedar": RESOURCES, "gb": RESOURCES | DESCRIPTORS, "fir": RESOURCES | DESCRIPTORS}
"""What a source has that the standard has: a document lists no more."""


def test_it_understands_discovery_and_the_documents(clients):
    seen = clients.edfi("metadata")
    assert (seen["version"], seen["model"], seen["ping"]) == ("7.3", "5.2.0", 200)
    assert RESOURCES >= set(seen["resources"]) >= ROSTER | WHOLE.get(clients.district, set()) & RESOURCES
    assert DESCRIPTORS >= set(seen["descriptors"]) >= WHOLE.get(clients.district, set()) & DESCRIPTORS
    assert {"gradeLevelDescriptors", "sexDescriptors"} <= set(seen["descriptors"])
    assert seen["has_deletes"] is True
    assert seen["described"]


def test_it_is_told_what_its_token_may_do(clients, counts):
    told = clients.edfi("token")
    assert (told["active"], told["client_id"]) == (True, "conformance")
    assert {one["resource"] for one in told["resources"]} >= {f"/ed-fi/{name}" for name in counts}
    schools = [one for one in told["education_organizations"] if one["type"] == "edfi.School"]
    assert len(schools) == counts["schools"]


def test_it_counts_every_resource(counts):
    assert RESOURCES | DESCRIPTORS >= set(counts) >= ROSTER
    assert counts["students"] > 0


def test_a_walk_by_offset_meets_every_record_once(clients, counts, filled, record_property):
    met = clients.edfi("offset", *filled)
    record_property("resources", len(filled))
    record_property("records", sum(map(len, met.values())))
    assert {name: (len(ids), len(set(ids))) for name, ids in met.items()} == {
        name: (counts[name], counts[name]) for name in filled
    }


@slow_for("gb")
def test_a_walk_by_page_token_meets_every_record_once(clients, counts, filled):
    met = clients.edfi("cursor", *filled)
    assert {name: (len(ids), len(set(ids))) for name, ids in met.items()} == {
        name: (counts[name], counts[name]) for name in filled
    }


@slow_for("gb")
def test_a_walk_from_the_last_page_to_the_first_meets_every_record_once(clients, counts, filled):
    met = clients.edfi("reverse", *filled)
    assert {name: (len(ids), len(set(ids))) for name, ids in met.items()} == {
        name: (counts[name], counts[name]) for name in filled
    }


def test_it_finds_the_newest_change_version(clients):
    assert clients.edfi("versions") > 0


@slow_for("gb")
def test_a_walk_through_change_versions_meets_every_record_once(clients, counts, followed):
    met = {name: ids for name, ids in clients.edfi("stepped", *followed).items() if ids is not None}
    assert met.keys() >= ROSTER & set(followed)
    assert {name: (len(ids), len(set(ids))) for name, ids in met.items()} == {
        name: (counts[name], counts[name]) for name in met
    }


@slow_for("gb")
def test_nothing_is_gone_and_nothing_bears_another_key_where_nothing_has_changed(clients, followed):
    told = clients.edfi("tracked", *followed)
    assert all(found == [[], []] for name, found in told.items() if name in ROSTER)
    assert all(found in ([[], []], [None, None]) for found in told.values())
