"""A grant lets a query name what it shows, and asks a source for no more than it needs."""

from __future__ import annotations

import pytest

from policies.grant import Rule
from standards import registry
from standards.errors import Forbidden, UnknownName
from standards.query import Both, Condition, Either, Query
from standards.view import prune
from tests.policies import documents

LINES = "student.id allow\nstudent.name.given allow\nstudent.birthDate year\nenrollment allow\norganization.id allow"
GRANT = documents.grant(LINES)


def narrow(query: Query, grant=GRANT, api: str = "edfi", collection: str = "students"):
    view = prune(registry.views(api)[collection], grant)
    assert view is not None
    return grant.narrow(query, view)


def test_a_query_that_names_released_members_passes_unchanged():
    condition = Both((Condition("firstName", "=", "Ann"), Either((Condition("birthDate", ">", "2011-01-01"),))))
    query = Query(condition, sort="firstName", fields=("firstName", "birthDate", "id"))
    assert narrow(query) is query


@pytest.mark.parametrize("name", ["lastSurname", "noSuchName", " ", "firstName.x", "first"])
@pytest.mark.parametrize(
    ("parameter", "query"),
    [
        ("q", lambda name: Query(Condition(name, "=", "x", "q"))),
        ("filter", lambda name: Query(Both((Condition("firstName", "=", "x"), Condition(name, "=", "x"))))),
        ("fields", lambda name: Query(fields=("firstName", name))),
        ("sort", lambda name: Query(sort=name)),
    ],
)
def test_a_hidden_name_and_an_unknown_one_are_refused_alike(name, parameter, query):
    with pytest.raises(UnknownName) as error:
        narrow(query(name))
    assert (error.value.parameter, error.value.name) == (parameter, name)
    assert error.value.message == f"{name!r} is not a field of this resource."


def test_an_object_can_be_selected_by_its_name_but_not_sorted_by():
    grant = documents.grant("enrollment allow\nstudent.id allow")
    query = Query(fields=("studentReference",))
    assert narrow(query, grant, "edfi", "studentSchoolAssociations") is query
    with pytest.raises(UnknownName):
        narrow(Query(sort="studentReference"), grant, "edfi", "studentSchoolAssociations")


def test_without_search_there_is_no_filter():
    grant = documents.grant(LINES, operations="[read]")
    assert narrow(Query(sort="firstName"), grant) == Query(sort="firstName")
    with pytest.raises(Forbidden):
        narrow(Query(Condition("firstName", "=", "Ann")), grant)


def test_a_hidden_name_is_refused_before_the_lack_of_search():
    with pytest.raises(UnknownName):
        narrow(Query(Condition("lastSurname", "=", "Lee")), documents.grant(LINES, operations="[read]"))


def test_a_source_is_asked_for_released_fields_and_those_of_row_rules():
    grant = documents.grant(
        "student.id allow\nstudent.address.city allow",
        '{all: [{school: {in: ["101"]}}, {grade: {in: ["03"]}}, {enrollment: active}]}',
    )
    assert grant.reads("student") == {"id", "uniqueId"}
    assert grant.reads("profile") == {"student", "organization", "address", "address.city"}
    assert grant.reads("enrollment") == {"student", "school", "grade", "entry", "derivedEntry", "exit"}
    assert grant.reads("organization") == {"identifier", "kind"}
    assert grant.reads("guardianship") == {"student", "contact"}
    assert grant.reads("resource") == frozenset()


def test_without_row_rules_only_owners_are_read_besides():
    assert documents.grant("student.id allow").reads("enrollment") == {"student", "school"}


def test_a_name_without_a_rule_is_not_released():
    assert GRANT.rule("student.name.family") is None
    assert GRANT.rule("student.birthDate") == Rule("year")
    assert not GRANT.releases("")
    assert not GRANT.releases("no.such.name")
