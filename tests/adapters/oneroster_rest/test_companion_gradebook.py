"""A gradebook beside an ODS: it calls records by their ids in the ODS, and the gateway hears their natural keys."""

from __future__ import annotations

import pytest

from adapters.edfi_ods.adapter import EdFiOds
from adapters.oneroster_rest.companion_gradebook import ENTITIES, SHARED, Names
from adapters.simulators.edfi import Ods, run
from adapters.simulators.oneroster import Sis
from adapters.simulators.oneroster import run as run_gradebook
from gateway.demo.data.edfi.server import gradebook_documents, ods_documents
from standards.errors import NotFound, SettingsError
from tests.support.regions import small_district

SECRET = "a secret of the tests"


@pytest.fixture(scope="module")
def systems():
    """The ODS and the gradebook, both answering."""
    district = small_district()
    ods = Ods(ods_documents(district), secret=SECRET)
    gradebook = Sis(gradebook_documents(district, ods), secret=SECRET)
    with run(ods) as main, run_gradebook(gradebook) as beside:
        yield main, beside


def settings_for(main, beside, **more):
    return {
        "url": main.url, "client_id": "crossing", "client_secret": SECRET, "allow_private": True, "writable": True,
        "gradebook_url": beside.url, "gradebook_token_url": beside.token_url, "gradebook_client_id": "crossing",
        "gradebook_client_secret": SECRET, **more,
    }  # fmt: skip


@pytest.fixture
def adapter(systems):
    with EdFiOds("fir", settings_for(*systems)) as made:
        yield made


def records(adapter, *entities):
    return [record for _, record in adapter.read(dict.fromkeys(entities))]


def test_both_systems_are_one_source(adapter):
    assert adapter.check() == []
    manifest = adapter.manifest
    assert manifest.entities >= {"student", "section", "lineItem", "result", "scoreScale", "resource"}
    assert manifest.writes >= {"student", "lineItem", "result"}
    assert manifest.edfi & ENTITIES == manifest.shared == SHARED
    assert not manifest.ids_shown & ENTITIES
    assert not manifest.delta & ENTITIES


@pytest.mark.parametrize("first", [(), ("section", "student", "organization", "session", "course")])
def test_references_lead_to_the_records_of_the_ods_whatever_was_read_before(adapter, first):
    records(adapter, *first)
    keys = {
        entity: {record["key"] for record in records(adapter, entity)}
        for entity in ("section", "student", "organization", "session", "course")
    }
    for item in records(adapter, "lineItem"):
        assert item["section"] in keys["section"]
        assert item["school"] in keys["organization"]
        assert item["session"] in keys["session"]
    for result in records(adapter, "result"):
        assert result["student"] in keys["student"]
    for scale in records(adapter, "scoreScale"):
        assert scale["course"] in keys["course"]


def test_what_is_written_names_records_by_their_ids_in_the_ods(systems, adapter):
    main, beside = systems
    item = records(adapter, "lineItem")[0]
    own = adapter.save("lineItem", item | {"id": "made-here", "title": "Made here"}, new=True)
    document = beside.sis.documents["lineItems"][own]
    assert document["class"]["sourcedId"] in main.ods.state.rows["Section"]
    assert adapter.find("lineItem", own) | {"key": item["key"], "id": item["id"], "title": item["title"]} == item
    adapter.delete("lineItem", own)
    assert adapter.find("lineItem", own) is None
    with pytest.raises(NotFound):
        adapter.delete("lineItem", own)


def test_assessments_are_read_of_both_systems_and_written_where_they_are(systems, adapter):
    main, beside = systems
    found = records(adapter, "assessment")
    assert {len(record["key"]) for record in found} == {1, 2}
    for record in found:
        assert adapter.find("assessment", record["id"])["key"] == record["key"]
        assert adapter.locate("assessment", record["key"])["id"] == record["id"]
    theirs = next(record for record in found if len(record["key"]) == 1)
    mine = next(record for record in found if len(record["key"]) == 2)
    for record, kept in ((mine, lambda own: main.ods.state.rows["Assessment"][own].document["assessmentTitle"]),
                         (theirs, lambda own: beside.sis.documents["assessmentLineItems"][own]["title"])):  # fmt: skip
        for written in ({**record, "title": "Another"}, {**record, "key": record["key"], "title": "A third"}):
            without = {name: value for name, value in written.items() if name != "key"}
            assert adapter.save("assessment", without, new=False) == record["id"]
            assert kept(record["id"]) == written["title"]
    fresh = {**mine, "identifier": "New", "key": ("New", mine["key"][1])}
    del fresh["id"]
    own = adapter.save("assessment", fresh, new=True)
    assert own in main.ods.state.rows["Assessment"]
    other = adapter.save("assessment", {"id": "chosen", "title": "Chosen"}, new=True)
    assert other in beside.sis.documents["assessmentLineItems"]
    for one in (own, other):
        adapter.delete("assessment", one)
        assert adapter.find("assessment", one) is None
        with pytest.raises(NotFound):
            adapter.delete("assessment", one)


def test_a_section_that_is_written_can_be_named_at_once(systems, adapter):
    section = next(one for one in records(adapter, "section") if one["key"][0])
    item = records(adapter, "lineItem")[0]
    fresh = {name: value for name, value in section.items() if name != "id"} | {"identifier": "quite-new"}
    fresh["key"] = tuple("quite-new" if part == section["identifier"] else part for part in section["key"])
    own = adapter.save("section", fresh, new=True)
    book = systems[1].sis.documents
    book["classes"][own] = next(iter(book["classes"].values())) | {"sourcedId": own}  # as a roster tells it of sections
    adapter.save("lineItem", item | {"id": "in-the-new-section", "section": fresh["key"]}, new=True)
    assert book["lineItems"]["in-the-new-section"]["class"]["sourcedId"] == own
    assert adapter.find("lineItem", "in-the-new-section")["section"] == fresh["key"]
    adapter.delete("lineItem", "in-the-new-section")
    adapter.delete("section", own)


def test_an_id_that_the_ods_does_not_have_leads_nowhere():
    names = Names(lambda _wanted: iter([("section", {"key": ("a",), "id": "1"})]))
    assert names.key("section", "1") == ("a",)
    assert names.id("section", ("a",)) == "1"
    assert names.key("section", "2") not in {("a",), ("2",)}


def test_a_gradebook_that_does_not_know_the_gateway_is_told_of(systems):
    with EdFiOds("fir", settings_for(*systems, gradebook_client_secret="another")) as adapter:
        (problem,) = adapter.check()
    assert "districts.fir" in str(problem)


def test_a_service_needs_all_of_its_settings(systems):
    with pytest.raises(SettingsError, match="gradebook_client_id"):
        EdFiOds("fir", settings_for(*systems, gradebook_client_id=""))
