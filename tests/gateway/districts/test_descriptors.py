"""Descriptors: whatever value a record shows is an item of its endpoint, in every district and once."""

from __future__ import annotations

import inspect
import json
from dataclasses import dataclass

import pytest

from adapters.contract import Adapter, Manifest
from gateway.districts.descriptors import Described
from standards.edfi.from_oneroster.default_descriptors import URI, catalogue, standard
from standards.edfi.model.model import by_collection, resources, validate
from tests.gateway.engine.source import RecordsAdapter
from tests.gateway.web.answers import leaves
from tests.support.regions import Site, agreement, running, small_sites

pytest_plugins = ["tests.support.region_fixtures"]

MAPPED = ("schools", "localEducationAgencies", "sessions", "gradingPeriods", "courses", "courseOfferings", "sections",
          "students", "studentSchoolAssociations", "studentEducationOrganizationAssociations",
          "studentSectionAssociations", "staffs", "staffSectionAssociations",
          "staffEducationOrganizationAssignmentAssociations", "contacts", "studentContactAssociations")  # fmt: skip
OWN = "uri://maple.example.org/SexDescriptor#X"


@dataclass
class Declaring:
    """A district that declares descriptors of its own."""

    site: Site
    descriptors: list[str]

    def toml(self, name: str) -> str:
        head = f"[districts.{name}.settings]"
        return self.site.toml(name).replace(head, f"descriptors = {json.dumps(self.descriptors)}\n{head}")


def declaring(folder, students, descriptors):
    return {"maple": Declaring(small_sites(folder, students)["maple"], descriptors)}


def uri(item):
    return f"{item['namespace']}#{item['codeValue']}".casefold()


def items(consumer, district, name):
    return consumer.resources(resources()[name].collection, district=district)


def missing(consumer, shown):
    """Those of the descriptors that are no item."""
    known: dict[str, set[str]] = {}
    for value in sorted(shown):
        name = URI.fullmatch(value)[2]
        if name not in known:
            known[name] = {uri(item) for item in items(consumer, "maple", name)}
    assert len(known) > 7
    return {value for value in shown if value.casefold() not in known[URI.fullmatch(value)[2]]}


def shown_by(consumer):
    """Every descriptor that records of maple show."""
    records = [record for name in MAPPED for record in consumer.resources(name, district="maple")]
    texts = {value for record in records for _, value in leaves(record) if isinstance(value, str)}
    return {text for text in texts if (match := URI.fullmatch(text)) and match[2] in resources()}


def test_every_descriptor_that_a_record_shows_is_an_item_of_its_endpoint(small, tmp_path):
    consumer = small.consumer()
    shown = shown_by(consumer)
    assert len(shown) > 20
    unmapped = missing(consumer, shown)
    assert all(value.startswith("uri://local/") for value in unmapped)
    with running(tmp_path, declaring(tmp_path / "data", 60, sorted(unmapped)), [agreement("maple")]) as region:
        assert shown_by(region.consumer()) == shown
        assert missing(region.consumer(), shown) == set()


def test_an_item_obeys_the_standard_is_there_once_and_answers_by_its_id(small):
    consumer = small.consumer()
    found = items(consumer, "maple", "GradeLevelDescriptor")
    assert len(found) > 15
    assert len({uri(item) for item in found}) == len(found)
    for item in found:
        assert validate(by_collection("gradeLevelDescriptors"), item) == []
        assert item["namespace"] == "uri://ed-fi.org/GradeLevelDescriptor"
        assert item["shortDescription"] == item["codeValue"]
    assert consumer.edfi(f"gradeLevelDescriptors/{found[0]['id']}").json == found[0]
    again = consumer.edfi("gradeLevelDescriptors", codeValue=found[0]["codeValue"].upper()).json
    assert found[0] in again


def test_a_system_that_knows_descriptors_tells_them_itself(grand_bend, everything):
    own = grand_bend.gateway.districts["gb"].adapter.inner.manifest.entities
    assert "edfi.gradeLevelDescriptors" in own
    assert {"Sixth grade"} <= {item["codeValue"] for item in items(everything, "gb", "GradeLevelDescriptor")}


def test_a_district_can_declare_descriptors_of_its_own(tmp_path):
    sites = declaring(tmp_path / "data", 12, [OWN, "uri://ed-fi.org/SexDescriptor#FEMALE"])
    with running(tmp_path / "region", sites, [agreement("maple")]) as region:
        found = [uri(item) for item in items(region.consumer(), "maple", "SexDescriptor")]
    assert OWN.casefold() in found
    assert len(found) == len(set(found))


def test_items_are_released_by_name_as_everything_is(tmp_path):
    sites = {"maple": small_sites(tmp_path / "data", students=12)["maple"]}
    lines = [("student.id", "allow"), ("edfi.sexDescriptors.id", "allow"), ("edfi.sexDescriptors.codeValue", "allow")]
    with running(tmp_path / "region", sites, [agreement("maple", lines)]) as region:
        consumer = region.consumer()
        assert consumer.edfi("gradeLevelDescriptors").status_code == 403
        answer = consumer.edfi("sexDescriptors").json
        assert answer
        assert all("codeValue" in item and "description" not in item for item in answer)


def test_the_catalogue_has_every_value_once_and_nothing_else_than_descriptors():
    known = catalogue(("uri://ed-fi.org/SexDescriptor#FEMALE", OWN, "uri://x/NoSuchDescriptor#A", "uri://x/Student#A"))
    assert len(standard()) > 400
    for entity, records in known.items():
        assert by_collection(entity.removeprefix("edfi.")).is_descriptor
        names = [f"{one['namespace']}#{one['codeValue']}".casefold() for one in records]
        assert len(set(names)) == len(names), entity
    sexes = [one["codeValue"] for one in known["edfi.sexDescriptors"]]
    assert "X" in sexes
    assert sexes.count("Female") == 1
    assert "FEMALE" not in sexes


def test_items_do_not_keep_a_hold_from_following_its_source(monkeypatch):
    plain = RecordsAdapter([], entities={"student"})
    assert Described(plain).manifest.delta == frozenset()
    monkeypatch.setattr(RecordsAdapter, "manifest", Manifest(frozenset({"student"}), delta=frozenset({"student"})))
    found = Described(plain).manifest
    assert found.delta == found.entities > {"student"}


def test_nothing_of_the_contract_is_forgotten():
    """A method that the contract gains later must be passed on, too."""
    public = {name for name, _ in inspect.getmembers(Adapter) if not name.startswith("_")} - {"name", "Settings"}
    assert public <= vars(Described).keys()


@pytest.mark.parametrize("entity", ["edfi.sexDescriptors", "student"])
def test_a_record_is_found_by_its_key_in_the_system_or_the_catalogue(entity):
    student = {"key": ("S1",), "id": "s1", "name.given": "Ann"}
    described = Described(RecordsAdapter([("student", student)]))
    key = ("S1",) if entity == "student" else catalogue()[entity][0]["key"]
    assert described.locate(entity, key)["key"] == key
    assert described.locate(entity, ("none",)) is None
    assert described.find(entity, "s1") == (student if entity == "student" else None)
