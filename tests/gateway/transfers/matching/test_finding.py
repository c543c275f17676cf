"""Finding: the rule takes one child, a person chooses among the rest, and a state id of two children is a conflict."""

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.transfers.matching.candidates import MAX_FAMILY_ROWS, CandidateIndex
from gateway.transfers.matching.children import ChildCandidate, OtherName, StatedChild
from gateway.transfers.matching.finding import MAX_LISTED, MatchVerdict, TooLittleStated, find_child
from gateway.transfers.matching.levels import ChildPart, PartLikeness
from tests.gateway.transfers.matching.test_comparison import CHILDREN, NAMES
from tests.gateway.transfers.matching.test_spelling import TEXTS

ROW = ChildCandidate("7", "1234567809", "Linnea", "Halvorsen", "Rose", "", "2015-04-03", "Female", ("Maple",), "Renton")
ASKED = StatedChild("1234567809", "Linnea", "Halvorsen", "Rose", "", "2015-04-03", "F", "Maple", "Renton")
OTHER = ChildCandidate("8", "5550001234", "Omar", "Haddad", "", "", "2012-12-24", "Male", ("Cedar",), "Kent")


def verdict(asked, *rows):
    return find_child(asked, rows or (ROW, OTHER)).verdict


def test_state_id_birth_date_and_names_find_one_child():
    found = find_child(ASKED, (OTHER, ROW))
    (one,) = found.candidates
    assert (found.verdict, found.left_out, one.id, one.score) == (MatchVerdict.ONE, 0, "7", 100)
    assert one.parts == dict.fromkeys(ChildPart, PartLikeness.AGREE) | {ChildPart.SUFFIX: PartLikeness.MISSING}


@pytest.mark.parametrize(
    "changed",
    [
        {"family": "Tran"},
        {"given": "LINNEA", "family": "Vale"},
        {"family": "", "sex": "", "middle": "", "last_school": "", "birth_city": ""},
        {"state_id": " 1234567809"},
        {"state_id": "001234-567809"},
        {"last_school": "Nowhere", "birth_city": "Kyiv"},
        {"middle": "R."},
        {"sex": "other"},
    ],
)
def test_what_contradicts_nothing_is_the_child_by_rule(changed):
    assert verdict(replace(ASKED, **changed)) == "one"


@pytest.mark.parametrize(
    "changed",
    [
        {"given": "Astrid"},
        {"given": "Astrid", "family": "Vale"},
        {"given": ""},
        {"given": "Linnea Marie", "middle": ""},
        {"given": "Linneo"},
        {"given": "Halvorsen", "family": "Linnea"},
        {"middle": "Grace"},
        {"sex": "M"},
        {"birth_date": ""},
        {"birth_date": "2015-03-04"},
        {"birth_date": "2015-04-08"},
        {"state_id": ""},
        {"state_id": "0000000000"},
        {"state_id": "1234567819"},
        {"state_id": "7777000012"},
    ],
)
def test_what_contradicts_or_lacks_something_is_for_a_person(changed):
    found = find_child(replace(ASKED, **changed), (ROW, OTHER))
    assert (found.verdict, [one.id for one in found.candidates]) == ("several", ["7"])
    assert found.candidates[0].score < 100


@pytest.mark.parametrize(
    "changed",
    [
        {"birth_date": "2011-09-09"},
        {"birth_date": "2015-03-04", "given": "Astrid"},
        {"birth_date": "2015-04-08", "family": "Vale"},
        {"birth_date": "2011-09-09", "given": "Omar", "family": "Haddad"},
    ],
)
def test_a_state_id_with_another_birth_date_is_a_conflict(changed):
    found = find_child(replace(ASKED, **changed), (ROW, OTHER))
    assert (found.verdict, found.candidates[0].id) == ("conflict", "7")


def test_a_state_id_on_two_rows_is_a_conflict_whatever_else_they_have():
    for second in (
        replace(OTHER, state_id="1234567809"),
        replace(ROW, id="9"),
        replace(ROW, id="9", state_id="01234567809"),
    ):
        assert verdict(ASKED, ROW, second) == "conflict"


def test_a_row_that_is_there_twice_is_one():
    assert verdict(ASKED, ROW, replace(ROW)) == "one"


def test_nobody_like_the_child_is_none():
    assert find_child(ASKED, (OTHER,)).candidates == ()
    assert verdict(ASKED, OTHER) == "none"
    assert find_child(ASKED, ()).verdict == "none"


TWIN = replace(ROW, id="9", state_id="1234567810", given="Astrid")


def test_the_state_id_of_a_twin_is_never_the_child_by_rule():
    found = find_child(replace(ASKED, given="Astrid"), (ROW, TWIN))
    assert found.verdict == "several"
    assert {one.id for one in found.candidates} == {"7", "9"}
    assert verdict(replace(ASKED, given="Astrid"), ROW) == "several"


def test_a_twin_with_a_state_id_and_a_name_of_its_own_stops_nothing():
    assert verdict(ASKED, ROW, TWIN) == "one"


@pytest.mark.parametrize(
    "twin",
    [
        replace(TWIN, state_id=""),
        replace(TWIN, state_id="0000000000"),
        replace(TWIN, given="LINNEA"),
        replace(TWIN, other_names=(OtherName(given="Linnea"),)),
    ],
)
def test_a_look_alike_beside_without_a_state_id_or_of_the_same_name_stops_the_rule(twin):
    assert verdict(ASKED, ROW, twin) == "several"


def test_a_look_alike_is_known_by_the_family_name_from_before():
    assert verdict(replace(ASKED, family="Vale"), ROW, replace(TWIN, state_id="")) == "several"


def test_a_row_of_the_stated_names_and_birth_date_stops_the_rule_for_one_of_another_family_name():
    assert (
        verdict(replace(ASKED, family="Vale"), ROW, replace(ROW, id="9", state_id="5550009999", family="Vale"))
        == "several"
    )


def test_the_row_with_the_state_id_comes_first():
    same = replace(ROW, id="1", state_id="5550009999")
    for changed in ({"birth_date": "2011-09-09"}, {"given": "Omar", "family": "Haddad"}):
        found = find_child(ASKED, (same, replace(ROW, **changed)))
        assert [one.id for one in found.candidates] == ["7", "1"]


def test_a_nickname_or_a_name_from_before_is_the_child_only_where_nobody_is_alike():
    nick = replace(ROW, given="Elizabeth"), replace(ASKED, given="Liz")
    before = replace(ROW, given="Nea", other_names=(OtherName(given="Linnea"),)), ASKED
    for row, asked in (nick, before):
        assert verdict(asked, row) == "one"
        assert verdict(replace(asked, family="Vale"), row) == "several"
        assert verdict(asked, row, TWIN) == "several"


def test_two_children_of_one_name_and_birth_date_are_never_one_without_a_state_id():
    assert verdict(replace(ASKED, state_id=""), ROW, replace(ROW, id="9", state_id="2223334445")) == "several"


@pytest.mark.parametrize(
    "stated",
    [
        StatedChild(),
        StatedChild("1234567809", birth_date="2015-04-03"),
        StatedChild("0000000000", "Linnea", "Halvorsen", birth_date="2015-04-03"),
        StatedChild("1234567809", "unknown", "\u200f", birth_date="2015-04-03"),
        StatedChild(given="Linnea", family="Halvorsen", last_school="Maple", birth_date="03/04/2015"),
    ],
)
def test_less_than_three_of_four_is_too_little(stated):
    with pytest.raises(TooLittleStated) as refused:
        find_child(stated, (ROW,))
    assert "Linnea" not in str(refused.value)


def test_the_custodian_is_shown_the_best_and_how_many_are_left_out():
    rows = [replace(ROW, id=f"{number:02}", state_id=f"5{number:09}", schools=()) for number in range(15)]
    found = find_child(replace(ASKED, state_id=""), [*rows, replace(ROW, id="99", given="Linneo")])
    assert [one.id for one in found.candidates] == [f"{number:02}" for number in range(MAX_LISTED)]
    assert found.left_out == 6


def test_a_family_name_of_very_many_rows_leads_to_nobody_but_a_birth_date_does():
    crowd = [ChildCandidate(f"n{number}", given="Minh", family="Nguyen") for number in range(MAX_FAMILY_ROWS + 1)]
    asked = StatedChild("1234567809", "Minh", "Nguyen", birth_date="2015-04-03")
    assert find_child(asked, CandidateIndex(crowd)).verdict == "none"
    born = replace(crowd[0], id="born", birth_date="2015-04-03")
    assert [one.id for one in find_child(asked, CandidateIndex([*crowd, born])).candidates] == ["born"]


STATED = st.builds(StatedChild, last_school=TEXTS, other_names=NAMES, **CHILDREN)
ROWS = st.builds(ChildCandidate, TEXTS, schools=st.lists(TEXTS, max_size=2).map(tuple), other_names=NAMES, **CHILDREN)


@given(STATED, st.lists(ROWS, max_size=3))
def test_hostile_texts_find_no_child(stated, rows):
    try:
        found = find_child(stated, rows)
    except TooLittleStated:
        return
    assert found.verdict in set(MatchVerdict)


VALUES = {
    "state_id": ["1234567809", "1234567819", "7777000012", "", "0000000000"],
    "given": ["Linnea", "Astrid", "Linnea Marie", "Linneo", "", "Halvorsen"],
    "family": ["Halvorsen", "Vale", "Halvorsen-Vale", "", "Linnea"],
    "middle": ["Rose", "R", "Grace", ""],
    "suffix": ["", "Jr", "III"],
    "birth_date": ["2015-04-03", "2015-03-04", "2015-04-08", "2011-09-09", ""],
    "sex": ["F", "M", ""],
}
FEW = {name: st.sampled_from(values) for name, values in VALUES.items()}


@given(st.builds(StatedChild, last_school=st.just("Maple"), **FEW),
       st.lists(st.builds(ChildCandidate, st.sampled_from("abcd"), schools=st.just(("Maple",)), **FEW), max_size=4))  # fmt: skip
def test_the_rule_finds_only_a_child_with_state_id_birth_date_and_a_name(stated, rows):
    try:
        found = find_child(stated, rows)
    except TooLittleStated:
        return
    if found.verdict == MatchVerdict.ONE:
        (one,) = found.candidates
        (row,) = {row for row in rows if row.id == one.id and row.state_id == stated.state_id}
        assert stated.state_id in VALUES["state_id"][:3]
        assert row.birth_date == stated.birth_date != ""
        assert row.given == stated.given != ""
        assert {row.sex, stated.sex} != {"F", "M"}
        assert {row.suffix, stated.suffix} != {"Jr", "III"}
    else:
        assert all(one.score < 100 for one in found.candidates)


def test_the_order_of_the_rows_does_not_matter():
    rows = (ROW, TWIN, OTHER, replace(ROW, id="10", state_id="", family="Vale"))
    asked = replace(ASKED, state_id="")
    found = {
        tuple(one.id for one in find_child(asked, order).candidates)
        for order in product(rows, repeat=4)
        if len(set(order)) == 4
    }
    assert len(found) == 1
