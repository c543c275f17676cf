"""A grant sees the rows that belong to what it sees, under the ids it may know."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.cache.snapshot import build_snapshot
from gateway.engine.visibility import Visibility
from policies.grant import Grant, Rule
from policies.population import Active, All, AnyOf, Child, In, NotIn, Null, RefIn, Seen
from standards.fields import fields_of
from standards.keys import Keyring

KEYRING = Keyring(b"a key for tests, of thirty-two b")
TODAY = "2026-10-01"
GRANT = Grant("tutor", "org", "reading", 1, "tutoring", "b", "maple", frozenset({"read"}), {}, {}, "epoch")
RECORDS = [
    ("organization", {"key": ("101",), "identifier": "101", "kind": "school"}),
    ("organization", {"key": ("102",), "identifier": "102", "kind": "school"}),
    ("student", {"key": ("s1",)}),
    ("student", {"key": ("s2",)}),
    ("enrollment", {"key": ("e1",), "student": ("s1",), "school": ("101",), "grade": "03", "entry": "2026-09-01"}),
    (
        "enrollment",
        {"key": ("e2",), "student": ("s2",), "school": ("102",), "entry": "2026-09-01", "exit": "2026-09-30"},
    ),
    ("enrollment", {"key": ("e3",), "student": ("gone",), "school": ("101",), "derivedEntry": "2027-01-01"}),
    ("enrollment", {"key": ("e4",), "school": ("101",)}),
    ("enrollment", {"key": ("e5",), "student": ("s1",)}),
    ("enrollment", {"key": ("e6",), "student": ("s1",), "school": ("gone",)}),
    ("grade", {"key": ("g1",), "student": ("s1",)}),
]


def faces(rows=None, records=RECORDS, rules=None, **more):
    grant = replace(GRANT, rows=rows or {}, rules=rules or {}, **more)
    return Visibility(build_snapshot(records, "maple", KEYRING), grant, KEYRING, TODAY)


def seen(entity, rows=None, records=RECORDS):
    made = faces(rows, records)
    keys = [record["key"][0] for one, record in records if one == entity]
    return {keys[row] for row in made.rows(entity)}


def test_an_entity_without_rules_and_owners_is_seen_whole():
    made = faces()
    assert made.visible("student") is None
    assert list(made.rows("student")) == [0, 1]


def test_a_row_needs_its_person_and_may_lack_its_school_but_not_have_a_lost_one():
    assert seen("enrollment") == {"e1", "e2", "e5"}


def test_what_belongs_to_a_hidden_row_is_hidden_with_it():
    assert seen("enrollment", {"student": In("key", frozenset({"s2"}))}) == {"e2"}
    assert seen("enrollment", {"organization": In("key", frozenset({"101"}))}) == {"e1", "e5"}


def test_a_table_without_the_owning_reference_has_no_rows_where_the_owner_is_a_person():
    records = [*RECORDS, ("profile", {"key": ("p",), "organization": ("101",)}), ("course", {"key": ("c",)})]
    assert seen("profile", records=records) == set()
    assert seen("course", records=records) == {"c"}


LENIENT = ("edfi.calendars", "schoolReference@")


def calendars(**more):
    entity, ref = LENIENT
    assert fields_of(entity)[ref].lenient
    return [("organization", {"key": ("101",), "identifier": "101"}), (entity, {"key": ("c1",), ref: ("101",)}),
            (entity, {"key": ("c2",), ref: ("gone",)}), (entity, {"key": ("c3",)})]  # fmt: skip


def test_a_lenient_reference_may_dangle_only_where_nothing_restricts_its_target():
    assert seen("edfi.calendars", records=calendars()) == {"c1", "c2", "c3"}
    everyone = {"organization": AnyOf((Null("parent"),))}
    assert seen("edfi.calendars", everyone, calendars()) == {"c1", "c3"}


ANSWER = ("edfi.surveyResponses", "studentReference.studentUniqueId")


def answers():
    entity, ref = ANSWER
    assert fields_of(entity)[ref].lenient
    rows = {"named": {ref: ("s1",)}, "lost": {ref: ("gone",)}, "nobody": {}}
    return [*RECORDS, *((entity, {"key": (name,), **row}) for name, row in rows.items())]


def test_a_person_who_need_not_be_named_hides_a_row_only_when_named_and_not_seen():
    assert seen("edfi.surveyResponses", records=answers()) == {"named", "nobody"}
    others = {"student": In("key", frozenset({"s2"}))}
    assert seen("edfi.surveyResponses", others, answers()) == {"nobody"}


def test_rows_of_which_none_names_a_person_who_need_not_be_named_are_all_seen():
    records = [one for one in answers() if one[1]["key"] not in {("named",), ("lost",)}]
    assert seen("edfi.surveyResponses", records=records) == {"nobody"}


def test_whether_a_reference_may_dangle_does_not_depend_on_other_rows():
    """Otherwise a hidden row, come or gone, would show."""
    hidden = ("session", {"key": ("lost",), "school": ("gone",)})
    entity = "edfi.studentSchoolAttendanceEvents"
    assert fields_of(entity)["sessionReference@"].owner
    event = (entity, {"key": ("a",), "studentReference.studentUniqueId": ("s1",), "sessionReference@": ("none",)})
    assert seen(entity, records=[*RECORDS, event]) == {"a"}
    assert seen(entity, records=[*RECORDS, event, hidden]) == {"a"}


@pytest.mark.parametrize(
    ("clause", "expected"),
    [
        (Null("grade"), {"e2", "e5"}),
        (In("grade", frozenset({"03"})), {"e1"}),
        (NotIn("grade", frozenset({"04"})), {"e1"}),
        (NotIn("grade", frozenset({"03"})), set()),
        (In("nothing", frozenset({"03"})), set()),
        (All(()), {"e1", "e2", "e5"}),
        (AnyOf(()), set()),
        (AnyOf((In("grade", frozenset({"03"})), Null("exit"))), {"e1", "e5"}),
        (Active(("entry", "derivedEntry"), "exit"), {"e1"}),
        (RefIn("school", ("identifier", "key"), frozenset({"102"})), {"e2"}),
        (Seen("school"), {"e1", "e2"}),
    ],
)
def test_a_row_rule_holds_for_the_rows_it_says(clause, expected):
    assert seen("enrollment", {"enrollment": clause}) == expected


def test_a_child_makes_its_parent_seen():
    clause = Child("enrollment", "student", All((In("grade", frozenset({"03"})), Active(("entry",), "exit"))))
    assert seen("student", {"student": clause}) == {"s1"}
    assert seen("student", {"student": Child("placement", "student", All(()))}) == set()


def test_an_unknown_clause_is_an_error_and_shows_nothing():
    with pytest.raises(TypeError, match="unknown clause"):
        seen("student", {"student": object()})


def test_pseudonyms_are_the_consumers_own_and_stand_for_unique_ids_too():
    rules = {"student.id": Rule("pseudonym")}
    one, other = faces(rules=rules), faces(rules=rules, client="researcher")
    plain = faces(rules={"student.id": Rule("allow")})
    assert not set(one.ids("student")) & set(other.ids("student"))
    assert not set(one.ids("student")) & set(plain.ids("student"))
    assert one.unique_ids("student") == one.ids("student")
    assert KEYRING.invert("tutor", one.ids("student")[0]) == plain.ids("student")[0]
    assert one.ids("student", "edfi") == one.ids("student")


def test_ed_fi_ids_are_hex_digits_where_a_source_has_ids_of_its_own():
    records = [("student", {"key": ("s1",), "id": "Own É"})]
    made = faces(records=records, rules={"student.id": Rule("allow")})
    assert made.ids("student") == ["Own É"]
    assert made.quoted_ids("student", "oneroster") == ["Own%20%C3%89"]
    (edfi,) = made.ids("student", "edfi")
    assert edfi == KEYRING.blocks("maple", "student", ["Own É"]).hex()
    assert made.row("student", edfi, "edfi") == 0
    assert made.row("student", edfi) is None


def test_a_row_is_found_by_exactly_its_id_and_filtered_by_it_in_any_case():
    records = [("student", {"key": (name,), "id": name}) for name in ("a1", "A1", "b")]
    made = faces(records=records, rules={"student.id": Rule("allow")})
    assert made.row("student", "A1") == 1
    assert made.row("student", "B") is None
    assert made.bearers("student", "a1", "oneroster") == (0, 1)
    assert made.bearers("student", "B", "oneroster") == (2,)


def test_a_hidden_row_is_not_found_by_its_id():
    made = faces({"student": In("key", frozenset({"s2"}))}, rules={"student.id": Rule("allow")})
    ids = made.snapshot.table("student").ids
    assert made.row("student", ids[0]) is None
    assert made.row("student", ids[1]) == 1


@pytest.mark.parametrize(
    ("action", "expected"),
    [("allow", None), ("year", "2011-01-01"), ("month", "2011-05-01"), ("pseudonym", ""), ("", "")],
)
def test_a_value_leaves_as_its_rule_says(action, expected):
    rules = {"student.birthDate": Rule(action)} if action else {}
    change = faces(rules=rules).transform(fields_of("student")["birthDate"])
    assert change is None if expected is None else change("2011-05-07") == (expected or None)
