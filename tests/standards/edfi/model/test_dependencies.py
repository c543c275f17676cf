"""Data written in the order told never refers to what is not there yet, or not to be seen yet."""

from __future__ import annotations

import pytest

from standards.edfi.model.dependencies import RETRY, TIES, acyclic, edges, orders, steps
from standards.edfi.model.model import resources


def order_of(resource, operation="Create"):
    return next(step.order for step in steps() if step.resource == resource and operation in step.operations)


def references(properties, needed=True):
    for known in properties.values():
        must = needed and known.required
        if known.reference or known.descriptor:
            yield known.reference or known.descriptor, must
        yield from references(known.properties, must)


def test_every_resource_is_created_and_updated_exactly_once():
    done = sorted((step.resource, operation) for step in steps() for operation in step.operations)
    assert done == sorted((one.endpoint, word) for one in resources().values() for word in ("Create", "Update"))


@pytest.mark.parametrize("name", sorted(resources()))
def test_whatever_a_resource_refers_to_comes_before_it(name):
    one = resources()[name]
    for target, _ in references(one.properties):
        if target in resources() and target != name:
            assert order_of(resources()[target].endpoint) < order_of(one.endpoint), target


def test_descriptors_and_school_years_come_first():
    first = {step.resource for step in steps() if step.order == 1}
    assert first == {one.endpoint for one in resources().values() if one.is_descriptor or one.name == "SchoolYearType"}


@pytest.mark.parametrize("person", TIES)
def test_a_person_is_updated_after_what_ties_it_to_a_school(person):
    place, ties = resources()[person].endpoint, [resources()[name].endpoint for name in TIES[person]]
    own = [step for step in steps() if step.resource == place]
    assert [step.operations for step in own] == [("Create",), ("Update",)]
    for tie in ties:
        assert own[0].order < order_of(tie) < own[1].order


@pytest.mark.parametrize("name", sorted(resources()))
def test_what_refers_to_a_person_comes_after_what_ties_it_to_a_school(name):
    one = resources()[name]
    for target, _ in references(one.properties):
        for tie in TIES.get(target, ()):
            if name not in TIES[target]:
                assert order_of(resources()[tie].endpoint) < order_of(one.endpoint)


def test_an_organization_of_any_kind_comes_before_what_refers_to_one():
    kinds = ["schools", "localEducationAgencies", "educationServiceCenters", "stateEducationAgencies"]
    for kind in kinds:
        assert order_of(f"/ed-fi/{kind}") < order_of("/ed-fi/programs")
    assert order_of("/ed-fi/stateEducationAgencies") < order_of("/ed-fi/localEducationAgencies")
    assert order_of("/ed-fi/localEducationAgencies") < order_of("/ed-fi/schools")


def test_the_graph_has_a_second_place_for_each_person_and_every_edge_joins_two_places():
    assert {place for place in orders() if place.endswith(RETRY)} == {
        "/ed-fi/students#Retry", "/ed-fi/staffs#Retry", "/ed-fi/contacts#Retry",
    }  # fmt: skip
    assert {place for pair in edges() for place in pair} <= orders().keys()
    assert all(orders()[earlier] < orders()[later] for earlier, later in edges())


def test_a_circle_is_broken_where_something_can_be_left_out_always_in_the_same_place():
    circle = {("a", "b"): True, ("b", "c"): False, ("c", "a"): False, ("z", "a"): False, ("c", "y"): False}
    wanted = {pair: needed for pair, needed in circle.items() if pair != ("c", "a")}
    assert acyclic(circle) == wanted
    assert acyclic(dict(reversed(circle.items()))) == wanted


def test_a_circle_of_needs_is_refused():
    with pytest.raises(LookupError, match="a, b"):
        acyclic({("a", "b"): True, ("b", "a"): True})
