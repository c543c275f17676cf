"""A query becomes the numbers of the rows that answer it, in an order that released values alone decide."""

from __future__ import annotations

import pytest

from gateway.engine.filter_conditions import matcher
from gateway.engine.row_index import index
from standards.errors import MalformedQuery
from standards.query import Both, Condition, Either, Query
from tests.gateway.engine.school import grant, shown, students

NAMES = ("Ann", "bob", "Zoë", "STRASSE", "straße")


def given(query, records=None, base="", **more):
    rows = index(shown(records or students(*NAMES), **more), query, base)
    return [record.get("givenName") for record in rows.slice(query.offset, query.limit, base)]


def where(path, operator, value, **more):
    return given(Query(Condition(path, operator, value)), **more)


def test_without_a_query_rows_come_by_their_released_id():
    assert given(Query()) == ["Ann", "bob", "STRASSE", "straße", "Zoë"]
    other = given(Query(), of=grant(student__id="pseudonym"))
    assert sorted(other) == sorted(NAMES)
    assert other != given(Query(), of=grant(student__id="pseudonym", client="researcher"))


def test_the_total_counts_what_answers_and_the_page_is_a_slice_of_it():
    query = Query(Condition("givenName", "!=", "Ann"), offset=1, limit=2)
    rows = index(shown(students(*NAMES)), query)
    assert rows.total == 4
    assert [one["givenName"] for one in rows.slice(1, 2, "")] == ["STRASSE", "straße"]
    assert rows.slice(4, 10, "") == []


@pytest.mark.parametrize(
    ("operator", "value", "expected"),
    [
        ("=", "ANN", ["Ann"]),
        ("=", "strasse", ["STRASSE", "straße"]),
        ("!=", "strasse", ["Ann", "bob", "Zoë"]),
        ("~", "O", ["bob", "Zoë"]),
        (">", "bob", ["STRASSE", "straße", "Zoë"]),
        ("<=", "bob", ["Ann", "bob"]),
        ("~", "", ["Ann", "bob", "STRASSE", "straße", "Zoë"]),
    ],
)
def test_texts_compare_without_case(operator, value, expected):
    assert where("givenName", operator, value) == expected


@pytest.mark.parametrize("operator", ["=", "!=", ">", ">=", "<", "<=", "~"])
def test_what_is_absent_answers_no_comparison(operator):
    assert where("middleName", operator, "x") == []


def test_an_array_answers_when_any_of_it_does():
    assert where("roles.org.sourcedId", "=", "101") == where("roles.role", "=", "student") == given(Query())
    assert where("roles.role", "!=", "student") == []


@pytest.mark.parametrize("path", ["grades", "roles.role", "roles.org.sourcedId", "userIds.type", "agents.sourcedId"])
@pytest.mark.parametrize("value", ["04", "student", "101", "04,05", "nothing", ""])
def test_of_a_list_not_equal_is_the_opposite_of_equal_even_where_there_is_none(path, value):
    equal, other = where(path, "=", value), where(path, "!=", value)
    assert sorted([*equal, *other]) == sorted(given(Query()))


@pytest.mark.parametrize("written", ["Zo\u00eb", "Zoe\u0308", "ZO\u00cb", "zoE\u0308"])
@pytest.mark.parametrize("operator", ["=", "~", ">=", "<="])
def test_a_text_is_found_however_its_accents_are_written(written, operator):
    for stored in ("Zo\u00eb", "Zoe\u0308"):
        records = students("Ann", stored)
        assert stored in given(Query(Condition("givenName", operator, written)), records)


def test_texts_are_sorted_by_the_unicode_collation_algorithm():
    names = ["resume", "r\u00e9sum\u00e9", "zebra", "\u00c5ngstr\u00f6m", "Angst", "\u00c9mile", "emu", "de la Cruz",
             "Delacroix", "O'Brien", "Obrien", "\u0141ukasz", "Lukas", "Lz", "10", "9", "\u0438", "\u0439"]  # fmt: skip
    right = ["10", "9", "Angst", "\u00c5ngstr\u00f6m", "de la Cruz", "Delacroix", "\u00c9mile", "emu", "Lukas", "\u0141ukasz", "Lz",
             "O'Brien", "Obrien", "resume", "r\u00e9sum\u00e9", "zebra", "\u0438", "\u0439"]  # fmt: skip
    assert given(Query(sort="givenName"), students(*names)) == right
    assert given(Query(sort="givenName", descending=True), students(*names)) == right[::-1]


@pytest.mark.parametrize("value", ["many", "nan", "inf", "-Infinity", "1e400"])
def test_a_number_is_compared_with_a_number_alone(value):
    with pytest.raises(MalformedQuery, match="not a number"):
        matcher(Condition("score", ">", value), "number")
    assert matcher(Condition("score", "<", "9" * 400), "number")(7)


@pytest.mark.parametrize(
    ("operator", "value", "expected"),
    [("=", "03,04", False), ("=", "04", True), ("=", " 04 , 05", True), ("=", "05,04", True), ("=", "04,05,06", False),
     ("~", "03,05", True), ("~", "03,06", False), ("~", "0,9", True)],
)  # fmt: skip
def test_a_list_of_values_asks_an_array_for_all_of_them_and_a_part_of_it_for_any(operator, value, expected):
    matches = matcher(Condition("grades", operator, value), "text")
    assert matches(["04", "05"]) is expected
    assert matches("04,05") is (value == "04,05")


@pytest.mark.parametrize(
    ("value", "expected"),
    [("04,05", False), ("04,05,06", True), ("06,04,05,04", True), ("04,05,06,07", False), ("04", True)],
)
def test_a_list_that_has_more_than_is_asked_for_is_not_equal_to_it(value, expected):
    """OneRoster: all and only these values, in any order; a single value asks for any list that has it."""
    matches = matcher(Condition("grades", "=", value), "text")
    assert matches(["04", "05", "06"]) is expected
    assert matches(["06", "05", "04", "04"]) is expected
    assert not matches([])


def test_what_is_not_shown_does_not_answer():
    assert where("givenName", "=", "Ann", of=grant("student.name.given")) == []
    assert where("givenName", "=", "A", of=grant(student__name__given="initial")) == ["A"]


def test_conditions_combine():
    ann, bob = Condition("givenName", "=", "Ann"), Condition("givenName", "~", "b")
    assert given(Query(Either((ann, bob)))) == ["Ann", "bob"]
    assert given(Query(Both((ann, bob)))) == []
    assert given(Query(Both((Either((ann, bob)), Condition("sourcedId", "=", "BOB"))))) == ["bob"]


def test_addresses_are_compared_as_they_are_shown():
    (address,) = shown(students("Ann"))[0].values([0], "roles.org.href", "https://gateway.example/v1p2")[0]
    query = Query(Condition("roles.org.href", "=", address))
    assert len(given(query, base="https://gateway.example/v1p2")) == len(NAMES)
    assert given(query, base="https://elsewhere.example/v1p2") == []


def test_members_behind_a_reference_without_a_name_answer_too():
    records = [
        *students("Ann"),
        ("section", {"key": ("k",), "school": ("101",), "title": "Reading"}),
        ("placement", {"key": ("p",), "id": "p", "student": ("Ann",), "section": ("k",)}),
    ]
    for path in ("school.sourcedId", "class.sourcedId"):
        value = shown(records, "enrollments")[0].values([0], path)[0]
        assert index(shown(records, "enrollments"), Query(Condition(path, "=", value))).total == 1


@pytest.mark.parametrize(("descending", "expected"), [(False, ["Ann", "bob", None]), (True, ["bob", "Ann", None])])
def test_what_lacks_the_sort_member_comes_last_either_way(descending, expected):
    records = students("Ann", "bob", "Zed")
    del records[-2][1]["name.given"]
    assert given(Query(sort="givenName", descending=descending), records) == expected


@pytest.mark.parametrize("descending", [False, True])
def test_numbers_are_sorted_where_only_some_kinds_of_records_have_them(descending):
    """A grading period that a source states once for all schools has no number of its own."""
    school, session = {"key": ("101",), "id": "101", "name": "Maple", "kind": "school"}, {"kind": "gradingPeriod"}
    records = [("organization", school)] + [
        ("session", session | {"key": (own,), "id": own, "school": ("101",), "name": own} | said)
        for own, said in (("a", {"sequence": 2}), ("b", {}), ("c", {"sequence": 10}))
    ]
    records.append(("schoolSession", session | {"key": ("d",), "id": "d", "school": ("101",), "session": ("a",)}))
    found = index(shown(records, "gradingPeriods", "edfi"), Query(sort="periodSequence", descending=descending))
    told = [one.get("periodSequence") for one in found.slice(0, 10, "")]
    assert told == ([10, 2, None, None] if descending else [2, 10, None, None])


def test_ties_are_broken_by_the_released_id_whatever_the_source_says():
    records = [
        (entity, row | {"name.family": "Lee"} if entity == "student" else row) for entity, row in students(*NAMES)
    ]
    once, backwards = (given(Query(sort="familyName", descending=True), some) for some in (records, records[::-1]))
    assert once == backwards == ["Ann", "bob", "STRASSE", "straße", "Zoë"]


def test_a_union_is_ordered_as_one():
    records = [
        *students("Ann", "Zoë"),
        ("staff", {"key": ("m",), "id": "m", "name.given": "Mo"}),
        ("employment", {"key": ("j",), "staff": ("m",), "organization": ("101",)}),
    ]
    assert given(Query(), records) == ["Ann", "Mo", "Zoë"]
    assert given(Query(sort="givenName", descending=True), records) == ["Zoë", "Mo", "Ann"]


def test_a_record_without_a_role_is_no_user_unless_roles_are_not_shown():
    records = [*students("Ann"), ("student", {"key": ("x",), "id": "x", "name.given": "Nobody"})]
    assert given(Query(), records) == ["Ann"]


def test_a_row_whose_kind_is_not_the_views_is_not_in_it():
    records = [*students("Ann"), ("organization", {"key": ("1",), "id": "1", "name": "District", "kind": "district"})]
    names = [one["name"] for one in index(shown(records, "schools"), Query()).slice(0, 9, "")]
    assert names == ["Maple"]


@pytest.mark.parametrize(("path", "value"), [("dateLastModified", "yesterday"), ("roles.beginDate", "soon")])
def test_a_value_that_cannot_be_compared_is_refused(path, value):
    with pytest.raises(MalformedQuery, match="not a date"):
        where(path, ">", value)


def test_dates_compare_as_moments():
    assert where("roles.beginDate", "=", "2026-09-01T00:00:00Z") == given(Query())
    assert where("roles.beginDate", ">", "2026-09-01T02:00:00+01:00") == []
    assert where("dateLastModified", "=", "1970-01-01T00:16:40Z") == given(Query())


def test_numbers_compare_as_numbers_and_only_with_numbers():
    own = {"school": ("101",), "kind": "term"}
    records = [*students("Ann"), *(("session", {"key": (str(n),), "schoolYear": n} | own) for n in (900, 2022))]
    for year, expected in (("1000", 1), ("899.5", 2)):
        query = Query(Condition("schoolYearTypeReference.schoolYear", ">", year))
        assert index(shown(records, "sessions", "edfi"), query).total == expected
    with pytest.raises(MalformedQuery, match="not a number"):
        index(shown(records, "sessions", "edfi"), Query(Condition("schoolYearTypeReference.schoolYear", "=", "x")))
