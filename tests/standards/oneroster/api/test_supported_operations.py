"""What a source has and takes changes of decides which operations there are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standards import registry, vocabulary
from standards.oneroster import model
from standards.oneroster.api.routes import APIS
from standards.oneroster.api.supported_operations import collections_of, is_supported, supported_operations

ENTITIES = frozenset(vocabulary.entities())
NAMES = st.frozensets(st.sampled_from(sorted(ENTITIES)))
ROSTER = {"academicSessions", "classes", "courses", "demographics", "enrollments", "gradingPeriods", "orgs"}
ROSTER |= {"schools", "students", "teachers", "terms", "users"}


def named(version, name):
    return next(operation for operation in model.operations(version) if operation.name == name)


def names(version, entities, writes=()):
    return {operation.name for operation in supported_operations(version, entities, writes)}


@pytest.mark.parametrize("version", model.VERSIONS)
def test_a_source_with_every_entity_reads_every_collection_that_is_a_view(version):
    shown = registry.views(APIS[version]).keys()
    expected = {
        operation.name
        for operation in model.operations(version)
        if operation.method == "GET" and shown >= set(collections_of(operation))
    }
    assert names(version, ENTITIES) == expected
    assert shown >= ROSTER


@pytest.mark.parametrize("version", model.VERSIONS)
def test_a_source_without_entities_supports_nothing(version):
    assert supported_operations(version, (), ()) == ()


def test_the_collections_of_a_path_are_its_fixed_steps():
    operation = named("1.2", "postResultsForAcademicSessionForClass")
    assert collections_of(operation) == ("classes", "academicSessions", "results")
    assert collections_of(named("1.1", "getOrg")) == ("orgs",)


def test_one_of_the_entities_of_a_collection_is_enough():
    assert {"getAllUsers", "getStudent"} <= names("1.2", {"student"})
    assert names("1.2", {"student"}).isdisjoint({"getAllTeachers", "getClassesForStudent"})


def test_a_nested_address_needs_what_stands_before_it():
    operation = named("1.2", "getStudentsForSchool")
    assert not is_supported("1.2", operation, {"student"}, ())
    assert is_supported("1.2", operation, {"student", "organization"}, ())


@pytest.mark.parametrize("version", model.VERSIONS)
@given(entities=NAMES, more=NAMES)
def test_nothing_is_written_where_no_changes_are_taken_and_more_entities_take_nothing_away(version, entities, more):
    read = supported_operations(version, entities, ())
    assert {operation.method for operation in read} <= {"GET"}
    assert set(read) <= set(supported_operations(version, entities | more, more))
