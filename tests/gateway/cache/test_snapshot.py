"""A snapshot is whole, consistent and frozen, or it is not there at all."""

from __future__ import annotations

import pytest

from gateway.cache.group_references import DANGLING
from gateway.cache.needed_fields import may_be_held
from gateway.cache.snapshot import LINKED, NO_ROW, build_snapshot
from standards import native, vocabulary
from standards.errors import SourceBroken
from standards.fields import fields_of
from standards.keys import Keyring

KEYRING = Keyring(b"a key for tests, of thirty-two b")
SCHOOL = ("organization", {"key": ("101",), "identifier": "101", "kind": "school"})
ANN = ("student", {"key": ("s1",), "name.given": "Ann"})


def hold(*records, **more):
    return build_snapshot(records, "maple", KEYRING, **more)


@pytest.mark.parametrize("entity", ["student", "edfi.calendars"])
@pytest.mark.parametrize("entities", [None, {"student", "edfi.calendars"}])
def test_two_records_with_one_key_are_refused(entity, entities):
    with pytest.raises(SourceBroken, match="share one natural key") as refusal:
        hold((entity, {"key": ("1", "a")}), (entity, {"key": ("1", "a")}), entities=entities)
    assert entity in str(refusal.value)


def test_one_key_in_two_entities_is_no_conflict():
    assert hold(("student", {"key": ("1",)}), ("staff", {"key": ("1",)})).table("staff").size == 1


@pytest.mark.parametrize("record", [{}, {"key": ()}])
def test_a_record_without_a_key_is_refused(record):
    with pytest.raises(SourceBroken, match="no key"):
        hold(("student", record))


def test_more_rows_than_the_budget_are_refused():
    with pytest.raises(SourceBroken, match="more rows"):
        hold(SCHOOL, ANN, budget=1)
    assert hold(SCHOOL, ANN, budget=2).table("student").size == 1


def test_a_source_that_fails_mid_way_leaves_no_hold():
    def failing():
        yield SCHOOL
        raise SourceBroken("the file ends in the middle", "student")

    with pytest.raises(SourceBroken, match="in the middle"):
        build_snapshot(failing(), "maple", KEYRING)


def test_references_become_rows_whatever_the_order_of_the_records():
    made = hold(
        ("enrollment", {"key": ("e1",), "student": ("s1",), "school": ("101",)}), ANN, SCHOOL,
        ("enrollment", {"key": ("e2",), "student": ("s2",)}),
        ("enrollment", {"key": ("e3",)}),
    )  # fmt: skip
    refs = made.table("enrollment").refs
    assert list(refs["student"]) == [0, DANGLING, NO_ROW]
    assert list(refs["school"]) == [0, NO_ROW, NO_ROW]
    assert made.children("enrollment", "student", "student") == [(0,)]


def test_lists_of_references_keep_their_order_and_what_dangles():
    terms = [("session", {"key": (name,)}) for name in ("fall", "spring")]
    made = hold(("section", {"key": ("k",), "terms": [("spring",), ("none",), ("fall",)]}), *terms)
    assert made.table("section").columns["terms"] == [(1, DANGLING, 0)]


def test_references_inside_groups_become_rows():
    made = hold(
        (
            "contact",
            {"key": ("c",), "roles": [{"organization": ("101",)}, {"kind": "guardian"}, {"organization": ("9",)}]},
        ),
        SCHOOL,
    )
    assert made.table("contact").columns["roles"][0] == (
        {"organization": 0}, {"kind": "guardian"}, {"organization": DANGLING},
    )  # fmt: skip


def test_what_nobody_knows_is_dropped_and_counted():
    record = {
        "key": ("s1",),
        "shoeSize": 38,
        "birthSex@edfi": "uri://x#F",
        "identifiers": [{"type": "state", "colour": "red"}],
    }
    made = hold(("student", record), ("student", {"key": ("s2",), "shoeSize": 40}))
    assert made.dropped == {"student.shoeSize": 2, "identifiers.colour": 1}
    columns = made.table("student").columns
    assert "shoeSize" not in columns
    assert columns["birthSex@edfi"] == ["uri://x#F", None]
    assert columns["identifiers"] == [({"type": "state"},), None]


def test_the_records_of_the_source_stay_as_they_are():
    contact = {"key": ("c",), "roles": [{"organization": ("101",)}]}
    hold(("contact", contact), SCHOOL)
    assert contact == {"key": ("c",), "roles": [{"organization": ("101",)}]}


def test_columns_are_as_long_as_the_table():
    made = hold(
        ("student", {"key": ("1",)}), ("student", {"key": ("2",), "name.given": "B"}), ("student", {"key": ("3",)})
    )
    assert made.table("student").columns["name.given"] == [None, "B", None]


def test_a_row_has_the_id_of_its_source_or_one_made_from_its_key():
    made = hold(("student", {"key": ("s1",), "id": "own"}), ("student", {"key": ("s2",)}))
    assert made.table("student").ids == ["own", KEYRING.outward_ids("maple", "student", [("s2",)])[0]]
    alone = hold(("student", {"key": ("s2",)}))
    assert alone.table("student").ids == made.table("student").ids[1:]


def test_every_person_has_a_unique_id_of_at_most_32_characters():
    long = "x" * 33
    made = hold(
        ("student", {"key": ("1",), "uniqueId": "604824"}),
        ("student", {"key": ("2",), "id": "own"}),
        ("student", {"key": ("3",), "id": long}),
    )
    unique = made.table("student").unique
    assert unique[:2] == ["604824", "own"]
    assert unique[2] == KEYRING.blocks("maple", "student", [long]).hex()
    assert hold(SCHOOL).table("organization").unique is None


def test_what_the_source_does_not_have_is_an_empty_table():
    made = hold(SCHOOL)
    assert made.table("student").size == 0
    assert made.children("enrollment", "school", "organization") == [()]


def test_what_is_read_live_refers_to_the_rows_of_the_hold():
    base = hold(SCHOOL, ANN, ("student", {"key": ("s2",)}), number=7, entities={"organization", "student"})
    event = (
        "edfi.restraintEvents",
        {"key": ("r",), "studentReference.studentUniqueId": ("s2",), "schoolReference@": ("9",)},
    )
    live = hold(event, number=7, base=base)
    refs = live.table("edfi.restraintEvents").refs
    assert list(refs["studentReference.studentUniqueId"]) == [1]
    assert list(refs["schoolReference@"]) == [DANGLING]
    assert live.table("student") is base.table("student")
    assert live.children("enrollment", "student", "student") == base.children("enrollment", "student", "student")
    assert live.children("edfi.restraintEvents", "studentReference.studentUniqueId", "student") == [(), (0,)]


def test_the_same_rows_at_a_later_time_are_a_generation_of_their_own():
    first = hold(SCHOOL, number=1, loaded=10.0)
    later = first.unchanged_at(2, 20.0)
    assert (later.number, later.loaded) == (2, 20.0)
    assert (first.number, first.loaded) == (1, 10.0)
    assert later.table("organization") is first.table("organization")


def test_a_hold_keeps_the_keys_of_whatever_held_rows_refer_to():
    """A live table in the place of a held one would else be reached by row numbers that are not its own."""
    every = (*vocabulary.entities(), *native.entities())
    targets = {field.to for entity in every if may_be_held(entity) for field in fields_of(entity).values() if field.to}
    assert {entity for entity in targets if may_be_held(entity)} <= LINKED
