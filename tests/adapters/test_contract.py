"""What the contract suite and the registry of adapters promise, shown on an adapter that breaks each promise."""

from __future__ import annotations

from importlib.metadata import EntryPoint

import pytest
from marshmallow import Schema, fields

from adapters import registry
from adapters.contract import Adapter, Manifest, Notes, Problem, picker
from adapters.edfi_xml.adapter import EdFiXml
from adapters.testing import problems, unresolved
from standards.errors import SettingsError


class Plain(Schema):
    source = fields.String(required=True)
    rows = fields.Integer()


class Listed(Adapter):
    """Records from a list."""

    name = "listed"
    Settings = Plain
    manifest = Manifest(frozenset({"student"}))

    def check(self):
        return []

    def read(self, wanted, hints=()):
        pick = picker("student", wanted["student"])
        yield "student", pick({"key": ("1",), "name.given": "Ada", "birthDate": "2011-05-07"})

    def stamp(self):
        return "1"


def test_settings_are_checked_and_converted():
    assert Listed("maple", {"source": "here", "rows": "3"}).settings == {"source": "here", "rows": 3}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "districts.maple: source: Missing data"),
        ({"source": "here", "rows": "many"}, "districts.maple: rows: Not a valid integer"),
        ({"sorce": "here"}, r"'sorce' is not a setting here \(did you mean source\?\)"),
    ],
)
def test_wrong_settings_are_refused_with_their_name(settings, message):
    with pytest.raises(SettingsError, match=message):
        Listed("maple", settings)


def test_an_adapter_can_be_used_in_a_with_block():
    with Listed("maple", {"source": "here"}) as adapter:
        assert list(adapter.read({"student": frozenset({"birthDate"})})) == [
            ("student", {"key": ("1",), "birthDate": "2011-05-07"})
        ]


def test_wanted_members_of_a_group_are_kept_with_their_exact_tokens():
    record = {
        "key": ("1", "2"), "sex": "Female", "sex@edfi": "uri://x#F",
        "address": [{"city": "Kent", "kind": "Home", "kind@edfi": "uri://x#H"}, {"city": "Renton"}],
    }  # fmt: skip
    assert picker("profile", frozenset({"address", "address.kind"}))(record) == {
        "key": ("1", "2"), "address": [{"kind": "Home", "kind@edfi": "uri://x#H"}],
    }  # fmt: skip
    assert picker("profile", frozenset({"sex"}))(record) == {
        "key": ("1", "2"),
        "sex": "Female",
        "sex@edfi": "uri://x#F",
    }
    assert picker("profile", None)(record) == record


def test_notes_count_names():
    notes = Notes()
    notes.note("Student/Nickname")
    notes.note("Student/Nickname", 2)
    assert notes.counts == {"Student/Nickname": 3}


def test_a_problem_is_told_with_its_place():
    assert str(Problem("The XML is cut off.", "Student.xml:3:1")) == "Student.xml:3:1: The XML is cut off."
    assert str(Problem("Nothing is there.")) == "Nothing is there."


GOOD = {"key": ("1",), "name.given": "Ada", "birthDate": "2011-05-07", "enabled": True, "grades": ["09"],
        "primaryOrganization": ("7",), "identifiers": [{"type": "state", "value": "12"}]}  # fmt: skip


def test_a_good_record_has_no_problems():
    assert list(problems("student", GOOD)) == []


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ({"key": "1"}, "key is no tuple of texts"),
        ({"key": ("1", 2)}, "key is no tuple of texts"),
        ({"id": ""}, "id is no text"),
        ({"nickname": "Ada"}, "nickname is no field"),
        ({"name.given": None}, "name.given is said to be nothing"),
        ({"name.given": ""}, "name.given is said to be nothing"),
        ({"name.given": 3}, "name.given is no text"),
        ({"birthDate": "05/07/2011"}, "birthDate is no date"),
        ({"enabled": "true"}, "enabled is no boolean"),
        ({"grades": "09"}, "grades is no list of code"),
        ({"grades": []}, "grades is said to be nothing"),
        ({"primaryOrganization": "7"}, "primaryOrganization is no ref"),
        ({"identifiers": [{}]}, "identifiers has an item that is nothing"),
        ({"identifiers": [{"kind": "state"}]}, "identifiers.kind is no field"),
        ({"identifiers": [{"type": 3}]}, "identifiers.type is no text"),
    ],
)
def test_a_wrong_record_is_told_apart(wrong, problem):
    assert list(problems("student", GOOD | wrong)) == [problem]


def test_a_reference_that_an_adapter_spells_otherwise_than_its_target_is_told_by_field():
    records = [
        ("organization", {"key": ("101",)}),
        ("section", {"key": ("k",), "school": ("l01",), "terms": [("t",), ("u",)]}),
        ("session", {"key": ("t",)}),
        ("student", {"key": ("s",), "roles": [{"kind": "aide", "organization": ("102",)}]}),
    ]
    entities = {"organization", "section", "session", "student"}
    assert unresolved(records, entities) == {"section.school", "section.terms", "student.roles.organization"}
    assert unresolved(records, {"section", "student"}) == set()


def test_the_adapters_that_come_along_are_found_by_name():
    assert {"edfi_xml", "oneroster_csv"} <= set(registry.names())
    assert registry.find("edfi_xml") is EdFiXml


def test_a_misspelt_adapter_is_answered_with_the_nearest_name():
    with pytest.raises(SettingsError, match=r"there is no adapter 'edfi_xlm' \(did you mean edfi_xml\?\)"):
        registry.find("edfi_xlm")


@pytest.fixture
def brought(monkeypatch):
    """Entry points as another distribution would bring them."""

    def bring(**points):
        found = tuple(EntryPoint(name, value, registry.GROUP) for name, value in points.items())
        monkeypatch.setattr(registry, "entry_points", lambda group: found)
        registry._known.cache_clear()

    yield bring
    monkeypatch.undo()
    registry._known.cache_clear()


def test_another_distribution_can_bring_an_adapter(brought):
    brought(listed="tests.adapters.test_contract:Listed")
    assert "listed" in registry.names()
    assert registry.find("listed").__name__ == "Listed"


def test_another_distribution_cannot_take_the_name_of_one_that_comes_along(brought):
    brought(edfi_xml="tests.adapters.test_contract:Listed")
    assert registry.find("edfi_xml") is EdFiXml


@pytest.mark.parametrize("value", ["no.such.module:X", "tests.adapters.test_contract:Missing"])
def test_an_adapter_that_cannot_be_loaded_says_so(brought, value):
    brought(gone=value)
    with pytest.raises(SettingsError, match="the adapter 'gone' cannot be loaded"):
        registry.find("gone")


def test_an_entry_point_that_is_no_adapter_is_refused(brought):
    brought(other="tests.adapters.test_contract:Plain")
    with pytest.raises(SettingsError, match="is not a subclass"):
        registry.find("other")
