"""A grant lets a query name what it shows, and asks a source for no more than it needs."""

from __future__ import annotations

import pytest

from policies.grant import Rule
from standards import registry
from standards.errors import Forbidden
from standards.pruning import prune
from standards.query import Condition, Query
from standards.view import find
from tests.policies import documents

LINES = "student.id allow\nstudent.name.given allow\nstudent.birthDate year\nenrollment allow\norganization.id allow"
GRANT = documents.grant(LINES)


def test_a_query_that_an_agreement_covers_passes_unchanged():
    query = Query(Condition("firstName", "=", "Ann"), sort="firstName", fields=("firstName", "birthDate", "id"))
    assert GRANT.narrow(query) is query


def test_without_search_there_is_no_filter():
    grant = documents.grant(LINES, operations="[read]")
    assert grant.narrow(Query(sort="firstName")) == Query(sort="firstName")
    with pytest.raises(Forbidden):
        grant.narrow(Query(Condition("firstName", "=", "Ann")))


def test_a_source_is_asked_for_released_fields_and_those_of_row_rules():
    grant = documents.grant(
        "student.id allow\nstudent.address.city allow",
        '{all: [{school: {in: ["101"]}}, {grade: {in: ["03"]}}, {enrollment: active}]}',
    )
    assert grant.reads("student") == {"id", "uniqueId", "edfi.links"}
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


def test_a_pseudonym_takes_the_unique_id_with_it():
    view = registry.views("oneroster")["students"]
    own, masked = (prune(view, documents.grant(f"student.id {action}")) for action in ("allow", "pseudonym"))
    assert find(own.branches[0].nodes, "identifier")
    assert find(masked.branches[0].nodes, "identifier") is None
