"""What OneRoster wants said of users, enrollments and classes, where a source says it in its own way or not at all."""

from __future__ import annotations

import pytest

from gateway.engine.row_index import index
from policies.population import In
from standards.edfi.model import model
from standards.query import Condition, Query
from tests.gateway.engine.school import grant, shown, students

BASE = "https://gateway.example/ims/oneroster"
CLASS = (("section", {"key": ("k",), "id": "k", "school": ("101",), "title": "Room 7"}),)


def show(records, view, api="oneroster", query=None, of=None):
    return index(shown(records, view, api, of), query or Query(), BASE).slice(0, 100, BASE)


def placed(name, **more):
    return ("placement", {"key": ("p", name), "id": f"p-{name}", "student": (name,), "section": ("k",), **more})


@pytest.mark.parametrize("api", ["oneroster", "oneroster11"])
@pytest.mark.parametrize(
    ("stored", "told"),
    [
        ([{"type": " SIS ", "value": " 77\t"}], [{"type": "SIS", "identifier": "77"}]),
        ([{"value": "77"}], [{"type": "Other", "identifier": "77"}]),
        ([{"type": "  ", "value": "77"}], [{"type": "Other", "identifier": "77"}]),
        ([{"type": "SIS"}], None),
        ([{"type": "SIS", "value": "   "}], None),
        ([{"type": "SIS", "value": ""}, {"type": "LDAP", "value": "m1"}], [{"type": "LDAP", "identifier": "m1"}]),
        ([], None),
    ],
)
def test_ids_elsewhere_are_trimmed_and_have_a_type_and_none_is_empty(api, stored, told):
    (user,) = show(students("Ann", identifiers=stored), "users", api)
    assert user.get("userIds") == told


def test_ids_of_an_ed_fi_source_are_trimmed_and_have_a_type():
    profile = {
        "key": ("pr",), "id": "pr", "student": ("Ann",), "organization": ("101",),
        "identificationCodes": [{"system": "uri://ed-fi.org/X#District", "code": " 9 "}, {"code": "8"}, {"system": "uri://ed-fi.org/X#State"}],
    }  # fmt: skip
    (user,) = show([*students("Ann"), ("profile", profile)], "users")
    assert user["userIds"] == [{"type": "District", "identifier": "9"}, {"type": "Other", "identifier": "8"}]


def test_where_the_ids_themselves_are_not_released_there_are_none():
    hidden = grant("student.identifiers.value", "student.identificationCodes.code")
    (user,) = show(students("Ann", identifiers=[{"type": "SIS", "value": "7"}]), "users", of=hidden)
    assert "userIds" not in user
    (parts,) = [one for one in shown(students("Ann"), "users", of=hidden) if one.branch.entity == "student"]
    assert not [path for path in parts.chains if path.startswith("userIds")]


@pytest.mark.parametrize("api", ["oneroster", "oneroster11"])
def test_a_students_place_in_a_class_is_not_the_primary_one_unless_the_source_says_so(api):
    records = [
        *students("Ann", "Bob", "Cid"),
        *CLASS,
        placed("Ann"),
        placed("Bob", primary=True),
        placed("Cid", primary=False),
    ]
    teacher = [
        ("staff", {"key": ("t",), "id": "t"}),
        ("teaching", {"key": ("tt",), "id": "tt", "staff": ("t",), "section": ("k",)}),
    ]
    found = {one["sourcedId"]: one.get("primary") for one in show([*records, *teacher], "enrollments", api)}
    assert found == {"p-Ann": "false", "p-Bob": "true", "p-Cid": "false", "tt": None}


def kind(records, of=None):
    (one,) = show(records, "classes", of=of)
    return one["classType"]


def test_a_class_that_is_a_students_homeroom_is_one():
    school = [*students("Ann", "Bob"), *CLASS]
    assert kind([*school, placed("Ann")]) == "scheduled"
    assert kind([*school, placed("Ann", homeroom=False), placed("Bob")]) == "scheduled"
    homeroom = [*school, placed("Ann", homeroom=True), placed("Bob", homeroom=False)]
    assert kind(homeroom) == "homeroom"
    assert show(homeroom, "classes", query=Query(Condition("classType", "=", "homeroom")))
    stated = [
        (entity, record | {"kind": "scheduled"} if entity == "section" else record) for entity, record in homeroom
    ]
    assert kind(stated) == "scheduled"  # what the source says of the class itself


def test_whose_homeroom_a_class_is_counts_only_if_the_consumer_sees_the_student_and_the_fact():
    homeroom = [*students("Ann", "Bob"), *CLASS, placed("Ann", homeroom=True), placed("Bob")]
    assert kind(homeroom, grant("placement.homeroom")) == "scheduled"
    assert kind(homeroom, grant(rows={"student": In("name.given", frozenset({"Bob"}))})) == "scheduled"
    assert kind(homeroom, grant(rows={"student": In("name.given", frozenset({"Ann"}))})) == "homeroom"


@pytest.fixture
def grown():
    """The model has become larger after the views were made, as where a district's ODS has resources of its own."""
    model.extend({"Student": model.own()["Student"]})
    yield
    model.extend({})


@pytest.mark.parametrize(("stored", "newer", "older"), [("Non-binary", "other", None), ("Female", "female", "female")])
@pytest.mark.usefixtures("grown")
def test_each_version_keeps_its_own_words_when_the_model_has_grown(stored, newer, older):
    records = list(students("Ann", sex=stored))
    assert [one.get("sex") for one in show(records, "demographics")] == [newer]
    assert [one.get("sex") for one in show(records, "demographics", "oneroster11")] == [older]
