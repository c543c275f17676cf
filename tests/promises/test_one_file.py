"""P6: one more dialect is one file, one more resource is one file; nothing else is touched."""

from __future__ import annotations

import importlib
import sys
import textwrap

import pytest

from adapters import registry as adapters
from adapters.testing import AdapterContract
from standards import registry as outward
from standards.edfi.model.model import by_collection
from standards.edfi.model.model import validate as validate_edfi
from standards.oneroster import resources
from standards.oneroster.api import routes
from standards.oneroster.api.model import validate
from tests.support.regions import EDFI, ROSTER, Site, agreement, running, small_sites

ADAPTER = '''
"""The students of a district whose system writes one line per child."""

from pathlib import Path

from marshmallow import Schema, fields

from adapters.contract import Adapter, Manifest, Problem, picker
from standards.errors import SourceBroken

ENTITIES = frozenset({"organization", "student", "enrollment"})


class LinesSettings(Schema):
    file = fields.String(required=True, metadata={"description": "The file of lines.", "path": True})


class Lines(Adapter):
    """A file with a line `number|given|family|birth date|grade` for every child of one school."""

    name = "lines"
    Settings = LinesSettings
    manifest = Manifest(ENTITIES)

    def stamp(self):
        return str(Path(self.settings["file"]).stat().st_mtime_ns)

    def check(self):
        try:
            list(self.read(dict.fromkeys(ENTITIES)))
        except SourceBroken as error:
            return [Problem(error.message, error.place)]
        return []

    def read(self, wanted, hints=()):
        for entity, record in self._records():
            if entity in wanted:
                yield entity, picker(entity, wanted[entity])(record)

    def _records(self):
        yield "organization", {"key": ("7",), "identifier": "7", "name": "Pine School", "kind": "school"}
        for number, line in enumerate(Path(self.settings["file"]).read_text("utf-8").splitlines(), 1):
            parts = line.split("|")
            if len(parts) != 5:
                raise SourceBroken("a line needs five parts", f"{self.settings['file']}:{number}:1")
            child, given, family, birth, grade = parts
            yield "student", {"key": (child,), "uniqueId": child, "name.given": given, "name.family": family, "birthDate": birth}
            yield "enrollment", {"key": ("2026-09-01", "7", child), "student": (child,), "school": ("7",), "grade": grade, "entry": "2026-09-01"}
'''
VIEW = '''
"""OneRoster counselors: the staff who counsel."""

from standards.oneroster.resources.users import STAFF
from standards.view import Branch, View

VIEW = View("counselors", "oneroster", "user", (Branch("staff", STAFF.nodes, needs=("roles",), only=(("roles.role", "counselor"),)),))
'''
CHILDREN = "1|María|O'Neil|2015-05-07|03\n2|Ann|Lee|2014-01-31|04\n"


@pytest.fixture
def brought(tmp_path, monkeypatch):
    """Another distribution on the path, of one module, which says that it brings an adapter."""
    place = tmp_path / "site-packages"
    about = place / "crossing_lines-1.0.dist-info"
    about.mkdir(parents=True)
    (place / "crossing_lines.py").write_text(textwrap.dedent(ADAPTER), "utf-8")
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: crossing-lines\nVersion: 1.0\n", "utf-8")
    (about / "entry_points.txt").write_text("[crossingguard.adapters]\nlines = crossing_lines:Lines\n", "utf-8")
    monkeypatch.syspath_prepend(place)
    adapters._known.cache_clear()
    yield importlib.import_module("crossing_lines")
    sys.modules.pop("crossing_lines")
    adapters._known.cache_clear()


@pytest.fixture
def one_more_view(tmp_path, monkeypatch):
    """One more module among the resources of OneRoster."""
    place = tmp_path / "oneroster"
    place.mkdir()
    (place / "counselors.py").write_text(textwrap.dedent(VIEW), "utf-8")
    monkeypatch.setattr(resources, "__path__", [*resources.__path__, str(place)])
    forget()
    yield
    sys.modules.pop("standards.oneroster.resources.counselors", None)
    monkeypatch.undo()
    forget()


def forget():
    """Let the next question look again which views there are."""
    for found in (outward.views, routes.routes, routes._by_word):
        found.cache_clear()


def test_an_adapter_of_one_file_serves_both_standards(tmp_path, brought):
    (tmp_path / "children.txt").write_text(CHILDREN, "utf-8")
    sites = {"pine": Site("lines", {"file": str(tmp_path / "children.txt")})}
    assert "lines" in adapters.names()
    with running(tmp_path / "region", sites, [agreement("pine")]) as region:
        consumer = region.consumer()
        users = consumer.users("students", sort="givenName")
        assert [(one["givenName"], one["familyName"], one["grades"]) for one in users] == [
            ("Ann", "Lee", ["04"]),
            ("María", "O'Neil", ["03"]),
        ]
        assert [validate("1.2", "user", one) for one in users] == [[], []]
        assert users[0]["roles"][0]["org"]["sourcedId"] == consumer.users("schools")[0]["sourcedId"]
        (child,) = consumer.edfi("students", lastSurname="lee").json
        assert validate_edfi(by_collection("students"), child) == []
        assert (child["studentUniqueId"], child["birthDate"]) == ("2", "2014-01-31")
        grades = [one["entryGradeLevelDescriptor"] for one in consumer.resources("studentSchoolAssociations")]
        assert sorted(grades) == [
            "uri://ed-fi.org/GradeLevelDescriptor#Fourth grade",
            "uri://ed-fi.org/GradeLevelDescriptor#Third grade",
        ]


def test_an_adapter_of_one_file_is_under_the_same_policy(tmp_path, brought):
    (tmp_path / "children.txt").write_text(CHILDREN, "utf-8")
    sites = {"pine": Site("lines", {"file": str(tmp_path / "children.txt")}, hold="0")}
    lines = [
        ("student.id", "pseudonym"),
        ("student.birthDate", "year"),
        ("organization.*", "allow"),
        ("enrollment.*", "allow"),
    ]
    texts = [agreement("pine", lines, population='{all: [{grade: {in: ["03"]}}]}')]
    with running(tmp_path / "region", sites, texts) as region:
        consumer = region.consumer()
        (one,) = consumer.users("demographics")
        assert one["birthDate"] == "2015-01-01"
        assert consumer.edfi("students").json[0].keys() == {
            "id",
            "studentUniqueId",
            "birthDate",
            "_etag",
            "_lastModifiedDate",
        }


class TestLines(AdapterContract):
    """The suite that every adapter passes, passed by this one."""

    @pytest.fixture(autouse=True)
    def _brought(self, brought, monkeypatch):
        monkeypatch.setattr(type(self), "adapter", brought.Lines, raising=False)

    def good(self, folder):
        (folder / "good.txt").write_text(CHILDREN, "utf-8")
        return {"file": str(folder / "good.txt")}

    def broken(self, folder):
        (folder / "broken.txt").write_text(f"{CHILDREN}3|Kim\n", "utf-8")
        return {"file": str(folder / "broken.txt")}


def test_a_resource_of_one_file_is_served_filtered_sorted_and_paged(tmp_path, one_more_view):
    sites = small_sites(tmp_path / "data", 40)
    with running(tmp_path / "region", sites, [agreement(name) for name in sites]) as region:
        consumer = region.consumer()
        found = consumer.ask(f"/maple{ROSTER}counselors").json["users"]
        assert found
        assert all(any(role["role"] == "counselor" for role in one["roles"]) for one in found)
        assert [validate("1.2", "user", one) for one in found] == [[]] * len(found)
        everybody = consumer.ask(f"/maple{ROSTER}users?limit=1000").json["users"]
        assert found == [one for one in everybody if any(role["role"] == "counselor" for role in one["roles"])]
        one = consumer.ask(f"/maple{ROSTER}counselors?sort=familyName&limit=1&fields=familyName").json["users"]
        assert one == [{"familyName": min((one["familyName"] for one in found), key=str.casefold)}]
        assert consumer.ask(f"/maple{ROSTER}counselors?filter=password%3D%27x%27").status_code == 400
        assert consumer.ask(f"/maple{ROSTER}counselors/{found[0]['sourcedId']}").json == {"user": found[0]}


def test_without_the_file_there_is_no_such_resource(tmp_path):
    sites = small_sites(tmp_path / "data", 5)
    with running(tmp_path / "region", sites, [agreement(name) for name in sites]) as region:
        assert region.consumer().roster("counselors").status_code == 404
        assert region.consumer().ask(f"/maple{EDFI}counselors").status_code == 404
