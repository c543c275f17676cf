"""Comparison: each part of a child has its level."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.transfers.matching.candidates import CandidateIndex, near_dates
from gateway.transfers.matching.children import ChildCandidate, OtherName, StatedChild
from gateway.transfers.matching.comparison import compare, compare_dates, compare_state_ids
from gateway.transfers.matching.levels import ChildPart, PartLevel
from gateway.transfers.matching.spelling import spell_child
from tests.gateway.transfers.matching.test_spelling import TEXTS


def levels(stated, row):
    return compare(spell_child(StatedChild(**stated)), spell_child(ChildCandidate("1", **row)))


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ("Noemí", "NOEMI", "agree"),
        ("Anna", "Anna Maria", "contained"),
        ("Annamaria", "Anna", "contained"),
        ("Dan", "Daniel", "nickname"),
        ("Bob", "Robert", "nickname"),
        ("Paco", "Francisco", "nickname"),
        ("Сашa", "Oleksandr", "missing"),
        ("Liz", "Betty", "differs"),
        ("Jayden", "Jaylen", "similar"),
        ("J.", "Jayden", "initial"),
        ("M J", "Mary Jane", "initial"),
        ("María Guadalupe", "María Fernanda", "differs"),
        ("小明", "Xiaoming", "missing"),
        ("Emma", "Olivia", "differs"),
        ("", "Olivia", "missing"),
        ("unknown", "Unknown", "missing"),
    ],
)
def test_given_names(one, other, level):
    assert levels({"given": one}, {"given": other})[ChildPart.GIVEN] == level
    assert levels({"given": other}, {"given": one})[ChildPart.GIVEN] == level


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ("García López", "Garcia-Lopez", "agree"),
        ("García López", "García", "contained"),
        ("López García", "García López", "contained"),
        ("Al-Hashimi", "Hashimi", "contained"),
        ("de la Cruz", "de la Vega", "differs"),
        ("Halvorsen", "Halvorson", "similar"),
        ("Lee", "Li", "differs"),
        ("Marsh Jr.", "Marsh", "agree"),
        ("Шевчук", "Shevchuk", "agree"),
        ("", "", "missing"),
    ],
)
def test_family_names(one, other, level):
    assert levels({"family": one}, {"family": other})[ChildPart.FAMILY] == level


def test_names_that_are_exchanged_are_near_on_both_parts():
    found = levels({"given": "Nguyễn", "family": "Minh"}, {"given": "Minh", "family": "Nguyen"})
    assert found[ChildPart.GIVEN] == found[ChildPart.FAMILY] == PartLevel.SWAPPED


def test_a_family_name_that_is_the_given_name_too_agrees():
    found = levels({"given": "James", "family": "James"}, {"given": "James", "family": "James"})
    assert found[ChildPart.GIVEN] == found[ChildPart.FAMILY] == PartLevel.AGREE


def test_a_name_from_before_is_an_alias_on_either_side():
    row = {"given": "Nea", "family": "Tran", "other_names": (OtherName("Linnea", "Halvorsen"),)}
    found = levels({"given": "Linnea", "family": "Halvorsen"}, row)
    assert found[ChildPart.GIVEN] == found[ChildPart.FAMILY] == PartLevel.ALIAS
    before = (OtherName(family="Tran"),)
    assert levels({"given": "Nea", "family": "Vale", "other_names": before}, row)[ChildPart.FAMILY] == PartLevel.ALIAS


def test_a_given_name_that_is_a_given_and_a_middle_name_elsewhere_is_near():
    found = levels({"given": "Anna Maria", "family": "Li"}, {"given": "Anna", "middle": "Maria", "family": "Li"})
    assert (found[ChildPart.GIVEN], found[ChildPart.MIDDLE]) == (PartLevel.CONTAINED, PartLevel.MISSING)


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ("20150403", "20150403", "agree"),
        ("20150403", "20150304", "swapped"),
        ("20150403", "20160403", "digit"),
        ("20150412", "20150421", "digit"),
        ("20150403", "20160404", "differs"),
        ("20150403", "", "missing"),
    ],
)
def test_birth_dates(one, other, level):
    assert compare_dates(one, other) == compare_dates(other, one) == level


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ("1234567809", "1234567809", "agree"),
        ("1234567809", "1234567819", "digit"),
        ("1234567809", "1234567890", "digit"),
        ("1234567809", "123456789", "digit"),
        ("1234567809", "1234567818", "differs"),
        ("12345", "12346", "differs"),
        ("", "1234567809", "missing"),
    ],
)
def test_state_ids(one, other, level):
    assert compare_state_ids(one, other) == compare_state_ids(other, one) == level


@pytest.mark.parametrize(
    ("part", "one", "other", "level"),
    [
        ("suffix", "Jr", "III", "differs"),
        ("suffix", "Jr.", "II", "similar"),
        ("suffix", "", "III", "missing"),
        ("suffix", "Esq", "III", "missing"),
        ("sex", "F", "Female", "agree"),
        ("sex", "F", "male", "differs"),
        ("sex", "Non-binary", "male", "missing"),
        ("middle", "R", "Rose", "initial"),
        ("middle", "Rose", "Grace", "differs"),
        ("middle", "Rose Ann", "Rose", "similar"),
        ("birth_city", "Renton", "RENTON", "agree"),
        ("birth_city", "Renton", "Seattle", "differs"),
    ],
)
def test_other_parts(part, one, other, level):
    assert levels({part: one}, {part: other})[ChildPart("birthCity" if part == "birth_city" else part)] == level


@pytest.mark.parametrize(
    ("stated", "schools", "level"),
    [
        ("Maple Elementary", ("X", "Maple Elementary"), "agree"),
        ("Maple Elementary School", ("Maple",), "similar"),
        ("Maple Elementary", ("Cedar Elementary",), "differs"),
        ("Maple", (), "missing"),
    ],
)
def test_the_last_school_is_one_of_all_that_the_child_went_to(stated, schools, level):
    assert levels({"last_school": stated}, {"schools": schools})[ChildPart.SCHOOL] == level


CHILDREN = dict.fromkeys(("state_id", "given", "family", "middle", "suffix", "birth_date", "sex", "birth_city"), TEXTS)
NAMES = st.lists(st.builds(OtherName, TEXTS, TEXTS), max_size=2).map(tuple)


@given(st.builds(StatedChild, last_school=TEXTS, other_names=NAMES, **CHILDREN),
       st.builds(ChildCandidate, TEXTS, schools=st.lists(TEXTS, max_size=2).map(tuple), other_names=NAMES, **CHILDREN))  # fmt: skip
def test_any_two_texts_can_be_compared_and_none_is_equal_by_being_empty(stated, row):
    asked, spelt = spell_child(stated), spell_child(row)
    found = compare(asked, spelt)
    assert found.keys() == set(ChildPart)
    for part, value in ((ChildPart.STATE_ID, asked.state_id), (ChildPart.BIRTH_DATE, asked.birth_date),
                        (ChildPart.MIDDLE, asked.middle), (ChildPart.SUFFIX, asked.suffix)):  # fmt: skip
        assert value or found[part] is PartLevel.MISSING


@given(st.dates(date(1990, 1, 1), date(2030, 12, 31)), st.dates(date(1990, 1, 1), date(2030, 12, 31)))
def test_the_dates_looked_up_are_those_that_compare_as_near(one, other):
    for day in (other, one + timedelta(days=1), date(one.year, min(one.day, 12), min(one.month, 28))):
        near = f"{day:%Y%m%d}" in set(near_dates(f"{one:%Y%m%d}"))
        assert near is (compare_dates(f"{one:%Y%m%d}", f"{day:%Y%m%d}") is not PartLevel.DIFFERS)


def test_rows_are_found_by_a_near_state_id_a_near_date_and_a_family_name():
    rows = [
        ChildCandidate("digit", state_id="1234567819"),
        ChildCandidate("date", birth_date="2015-03-04"),
        ChildCandidate("family", family="Garcia Lopez"),
        ChildCandidate("before", family="X", other_names=(OtherName(family="Garcia"),)),
        ChildCandidate("exchanged", family="Ana"),
        ChildCandidate("other", "9876501234", "Ana", "de Soto", birth_date="2011-11-11"),
    ]
    asked = spell_child(StatedChild("1234567809", "Ana", "García de Luna", birth_date="2015-04-03"))
    assert [row.id for row in CandidateIndex([*rows, rows[0]]).near(asked)] == [row.id for row in rows[:-1]]
