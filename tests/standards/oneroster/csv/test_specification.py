"""The bulk files' facts are those of the standard, and every reference among them has somewhere to lead."""

from __future__ import annotations

import pytest

from standards.oneroster.csv import specification

VERSIONS = ("1.1", "1.2")


@pytest.mark.parametrize(("version", "count"), [("1.1", 13), ("1.2", 21)])
def test_every_data_file_is_there_and_in_the_manifest(version, count):
    files = specification.files(version)
    assert len(files) == count
    assert {f"file.{name.removesuffix('.csv')}" for name in files} <= specification.properties(version)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_file_comes_after_every_other_that_it_refers_to(version):
    order = list(specification.files(version))
    for file in specification.files(version).values():
        for column in file.columns.values():
            if column.refers:
                assert order.index(column.refers) <= order.index(file.name)


@pytest.mark.parametrize("version", VERSIONS)
def test_every_column_named_for_an_id_is_checked_as_one(version):
    for file in specification.files(version).values():
        for column in file.columns.values():
            assert (column.kind in {"guid", "guids"}) == ("ourcedId" in column.name)
            assert bool(column.values) == (column.kind in {"enum", "enums"})


def test_users_say_their_role_in_1_1_only():
    assert specification.files("1.1")["users.csv"].columns["role"].values >= {"student", "guardian", "administrator"}
    assert "role" not in specification.files("1.2")["users.csv"].columns
    assert specification.files("1.2")["roles.csv"].columns["role"].extension


def test_old_headings_are_known_where_the_new_ones_are():
    assert specification.files("1.1")["demographics.csv"].old_names == {
        "birthdate": "birthDate",
        "userSourcedId": "sourcedId",
    }
    assert specification.files("1.1")["orgs.csv"].old_names == {}
