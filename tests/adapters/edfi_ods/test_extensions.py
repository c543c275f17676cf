"""What an ODS has beyond the standard is read from its own description, and read, released and written like the rest."""

from __future__ import annotations

import pytest

from adapters.edfi_ods.adapter import EdFiOds
from adapters.simulators.edfi.extension import Extension
from standards import native, registry
from standards.edfi.model import model
from standards.errors import SourceBroken, SourceRefused
from standards.view import fields_of
from tests.adapters.edfi_ods.system import district_documents, settings_for, system
from tests.support.regions import Consumer, Site, agreement, running

TEXT = {"type": "string", "maxLength": 32}
STUDENT = {
    "type": "object", "reference": "Student", "required": True,
    "properties": {"studentUniqueId": {**TEXT, "required": True}},
}  # fmt: skip
TPDM = Extension(
    "tpdm",
    "TPDM",
    {
        "Candidate": {
            "endpoint": "/tpdm/candidates",
            "isDescriptor": False,
            "identity": ["$.candidateIdentifier"],
            "properties": {
                "candidateIdentifier": {**TEXT, "required": True, "identity": True},
                "firstName": {**TEXT, "required": True},
                "sexDescriptor": {"type": "string", "descriptor": "SexDescriptor"},
                "languages": {"type": "array", "collection": True, "itemKey": ["$.languageDescriptor"],
                              "properties": {"languageDescriptor": {"type": "string", "descriptor": "LanguageDescriptor",
                                                                    "required": True}}},
            },
        },
        "StudentMentor": {
            "endpoint": "/tpdm/studentMentors",
            "isDescriptor": False,
            "identity": ["$.mentorName", "$.studentReference.studentUniqueId"],
            "properties": {"mentorName": {**TEXT, "required": True, "identity": True}, "studentReference": STUDENT},
        },
    },
    {
        "Student": {"favouriteColor": TEXT, "shoeSize": {"type": "integer", "format": "int32"}},
        "School": {"bells": {"type": "boolean"}},
        "Grade": {"curved": {"type": "boolean"}},
    },
)  # fmt: skip


def documents():
    student = next(one for name, one in district_documents() if name == "students")
    for name, document in district_documents():
        mine = name == "students" and document == student
        yield name, document | ({"_ext": {"TPDM": {"favouriteColor": "green", "shoeSize": 35}}} if mine else {})
    yield "tpdm/candidates", {"candidateIdentifier": "c-1", "firstName": "Ada", "languages": [
        {"languageDescriptor": "uri://ed-fi.org/LanguageDescriptor#spa"}]}  # fmt: skip
    yield (
        "tpdm/studentMentors",
        {"mentorName": "Bo", "studentReference": {"studentUniqueId": student["studentUniqueId"]}},
    )


@pytest.fixture
def ods():
    """A system with an extension; the model is the standard's again afterwards."""
    with system(list(documents()), extension=TPDM) as found:
        yield found
    model.extend({})


@pytest.fixture
def adapter(ods):
    """The adapter that has learned the model of the system."""
    with EdFiOds("willow", settings_for(ods, extensions=True, writable=True, page_size=500)) as found:
        model.extend(found.beyond())
        yield found


def test_its_resources_are_native_entities(adapter):
    assert native.entities().keys() >= {"edfi.tpdm.candidates", "edfi.tpdm.studentMentors", "edfi.calendars"}
    assert registry.views("edfi")["tpdm/candidates"].branches[0].entity == "edfi.tpdm.candidates"
    assert len(registry.views("edfi")) == 351
    (candidate,) = [record for _, record in adapter.read({"edfi.tpdm.candidates": None})]
    assert (candidate["key"], candidate["firstName"]) == (("c-1",), "Ada")
    assert adapter.find("edfi.tpdm.candidates", candidate["id"]) == candidate
    assert adapter.locate("edfi.tpdm.candidates", ("c-1",)) == candidate


def test_people_in_them_are_references_and_own_the_row(adapter):
    field = fields_of("edfi.tpdm.studentMentors")["studentReference.studentUniqueId"]
    assert (field.type, field.to, field.owner) == ("ref", "student", True)


def test_members_below_ext_are_fields_under_their_own_names(adapter):
    assert fields_of("student")["edfi.students._ext.TPDM"].release == "edfi.students._ext.TPDM"
    assert fields_of("organization")["edfi.schools._ext.TPDM"].release == "edfi.schools._ext.TPDM"
    assert fields_of("edfi.grades")["_ext.TPDM"].release == "edfi.grades._ext.TPDM"
    found = [record for _, record in adapter.read({"student": None}) if "edfi.students._ext.TPDM" in record]
    assert [record["edfi.students._ext.TPDM"] for record in found] == [{"favouriteColor": "green", "shoeSize": 35}]


def test_they_are_written_and_an_unknowing_writer_loses_nothing(ods, adapter):
    record = next(one for _, one in adapter.read({"student": None}) if "edfi.students._ext.TPDM" in one)
    adapter.save("student", {**record, "edfi.students._ext.TPDM": {"favouriteColor": "red"}}, new=False)
    assert adapter.find("student", record["id"])["edfi.students._ext.TPDM"] == {"favouriteColor": "red"}
    new = adapter.save("edfi.tpdm.candidates", {"candidateIdentifier": "c-2", "firstName": "Cy"}, new=True)
    assert adapter.find("edfi.tpdm.candidates", new)["key"] == ("c-2",)
    model.extend({})
    with EdFiOds("willow", settings_for(ods, writable=True, page_size=500)) as plain:
        before = next(one for _, one in plain.read({"student": None}) if one["id"] == record["id"])
        assert "edfi.students._ext.TPDM" not in before
        plain.save("student", {**before, "name.given": "Somebody"}, new=False)
    kept = ods.ods.state.rows["Student"][record["id"]].document
    assert (kept["firstName"], kept["_ext"]) == ("Somebody", {"TPDM": {"favouriteColor": "red"}})


def test_the_model_is_the_standards_alone_unless_settings_say_otherwise(ods):
    with EdFiOds("willow", settings_for(ods)) as adapter:
        assert adapter.beyond() == {}
        assert "edfi.tpdm.candidates" not in native.entities()


def test_a_system_that_does_not_describe_itself_is_an_error(ods):
    with EdFiOds("willow", settings_for(ods, extensions=True)) as adapter:
        ods.ods.faults.add("missing", "swagger.json", times=100)
        with pytest.raises(SourceRefused):
            adapter.beyond()
        ods.ods.faults.clear()
        ods.ods.faults.add("garbage", "swagger.json", times=100)
        ods.ods.answer = lambda method, url, headers, body, answer=ods.ods.answer: _spoilt(
            answer(method, url, headers, body), url
        )
        with pytest.raises(SourceBroken):
            adapter.beyond()


def _spoilt(reply, url):
    if url.endswith("swagger.json"):
        reply.body = ["no description"]
    return reply


def test_a_gateway_serves_them_to_whom_an_agreement_releases_them(ods, tmp_path, monkeypatch):
    monkeypatch.setenv("ODS_SECRET", "ods-secret")
    site = Site("edfi_ods", settings_for(ods, client_secret="env:ODS_SECRET", extensions=True, page_size=500))
    lines = [("edfi.tpdm.candidates.*", "allow"), ("student.id", "allow"), ("edfi.students._ext.TPDM", "allow")]
    with running(tmp_path, {"willow": site}, [agreement("willow", lines)]) as region:
        consumer = Consumer(region, "conformance", ["edfi:read"])
        answer = consumer.ask("/data/v3/tpdm/candidates")
        assert answer.status_code == 200, answer.text
        (candidate,) = answer.json
        assert (candidate["candidateIdentifier"], candidate["languages"]) == (
            "c-1", [{"languageDescriptor": "uri://ed-fi.org/LanguageDescriptor#spa"}],
        )  # fmt: skip
        shown = consumer.edfi("students", limit=500).json
        assert [one["_ext"] for one in shown if "_ext" in one] == [
            {"TPDM": {"favouriteColor": "green", "shoeSize": 35}}
        ]
        assert all("firstName" not in one for one in shown)
        assert consumer.ask("/data/v3/tpdm/studentMentors").status_code == 403
        assert consumer.ask("/data/v3/tpdm/Candidates", candidateIdentifier="c-1").json == [candidate]
