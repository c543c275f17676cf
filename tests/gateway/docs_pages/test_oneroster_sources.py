"""The page about sources tells of every member, and of every kind of source that has lenses."""

from __future__ import annotations

import re

import pytest

from gateway.docs_pages import oneroster_sources
from policies import elements
from standards import registry, vocabulary
from standards.oneroster.api import model, schemas
from standards.oneroster.api.envelope import PLURALS

ROW = re.compile(r"^\| `([\w.]+)` \| ([\d., ]+) \| (.*?) \|(.*)\|$", re.MULTILINE)


@pytest.fixture(scope="module")
def tables():
    """The rows of every class: the member's versions, names and places, by its path."""
    parts = re.split(r"^## (\w+)\n", oneroster_sources.page(), flags=re.MULTILINE)
    found = dict(zip(parts[1::2], parts[2::2], strict=True))
    return {
        name: {path: (versions.split(", "), names, places) for path, versions, names, places in ROW.findall(text)}
        for name, text in found.items()
        if name in PLURALS
    }


@pytest.mark.parametrize("version", model.VERSIONS)
def test_every_member_that_a_version_shows_has_a_row(tables, version):
    for name, rows in tables.items():
        told = {path.partition(".")[0] for path, (versions, *_) in rows.items() if version in versions}
        assert told == schemas.shown(version).get(name, set())


def test_every_kind_of_source_with_lenses_has_a_column(tables):
    dialects = {lens.dialect for lens in registry.lenses()}
    head = next(line for line in oneroster_sources.page().splitlines() if line.startswith("| member |"))
    assert [
        title for title in (oneroster_sources.TITLES.get(one, one) for one in dialects) if f"| {title} |" not in head
    ] == []


def test_every_name_is_one_by_which_an_agreement_can_release_it(tables):
    known = vocabulary.names().keys() | elements.dictionary().keys()
    told = {
        name
        for rows in tables.values()
        for _, names, _ in rows.values()
        for name in re.findall(r"`([a-zA-Z]+\.[\w.]+)`", names)
    }
    assert {name for name in told if name not in known and not name.startswith("oneroster.")} == set()


@pytest.mark.parametrize(
    ("kind", "path", "name", "places"),
    [
        ("user", "givenName", "student.name.given", ["users.givenName", "students.firstName", "staffs.firstName"]),
        ("user", "grades", "enrollment.grade", ["studentSchoolAssociations.entryGradeLevelDescriptor"]),
        ("user", "userIds.type", "student.identifiers.type", ["users.userIds"]),
        ("enrollment", "class", "placement.section", ["enrollments.classSourcedId"]),
        ("org", "children", "organization.parent", ["orgs.parentSourcedId"]),
        (
            "class",
            "course",
            "offering.course",
            ["classes.courseSourcedId", "courseOfferings.courseReference.courseCode"],
        ),
        ("class", "terms", "section.terms", ["classes.termSourcedIds", "sections"]),
        ("resource", "vendorResourceId", "resource.vendorResourceId", ["resources.vendorResourceId"]),
    ],
)
def test_a_member_is_told_with_its_name_and_its_places(tables, kind, path, name, places):
    _, names, told = tables[kind][path]
    assert f"`{name}`" in names
    assert [place for place in places if f"`{place}`" not in told] == []


def test_what_never_leaves_is_in_no_table(tables):
    assert not any("password" in path for rows in tables.values() for path in rows)
    assert "`user.password`" in oneroster_sources.page()
