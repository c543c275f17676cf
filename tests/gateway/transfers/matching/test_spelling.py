"""Spelling: one form for each name, number and date, nothing by accident, and no text that stops it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.transfers.matching.children import ChildCandidate, OtherName, StatedChild
from gateway.transfers.matching.letters import MAX_CHARACTERS
from gateway.transfers.matching.spelling import spell, spell_child, spell_date, spell_state_id

HOSTILE = ["", " ", "\0", "\u0301", "\u200b\u200f", "a\0b", "\ud800", "\u202eabc", "😀", "ﷺ" * 200, "x" * 10_000, "\u0301" * 10_000,
           "0" * 10_000, "²", "½", "--", "'", "९" * 10, "İ", "ß", "ꙮ", "1;DROP TABLE", "2015-02-30", "9999-99-99"]  # fmt: skip
TEXTS = st.one_of(st.text(max_size=40), st.sampled_from(HOSTILE), st.characters().map(lambda one: one * 300))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("O'Brien", "OBRIEN"),
        ("O’Brien", "obrien"),
        ("Kaʻiulani", "Kaiulani"),
        ("Smith-Jones", "Smith Jones"),
        ("de la Cruz", "Delacruz"),
        ("Mary Ann", "Maryann"),
        ("Ame\u0301lie", "Amélie"),
        ("Peña", "Pena"),
        ("Nguyễn", "Nguyen"),
        ("Đặng", "Dang"),
        ("Müller", "Mueller"),
        ("Müller", "Muller"),
        ("Sørensen", "Soerensen"),
        ("Straße", "Strasse"),
        ("Łukasz", "Lukasz"),
        ("Ｍａｒｉａ", "Maria"),
        ("Mar\u200bia\u200f", "Maria"),
        ("Оксана", "Oksana"),
        ("Юлія", "Yuliya"),
        ("Юлія", "Yuliia"),
        ("Щербак", "Shcherbak"),
        ("Григорий", "Grigoriy"),
    ],
)
def test_two_ways_to_write_a_name_are_one(one, other):
    assert spell(one).joined & spell(other).joined


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Anna", "Anne"),
        ("कि", "की"),
        ("か", "が"),
        ("Аnna", "Anna"),
        ("王", "汪"),
        ("Олена", "Алена"),
        ("Anna", "Anna Maria"),
    ],
)
def test_two_names_stay_two(one, other):
    assert not spell(one).joined & spell(other).joined


@pytest.mark.parametrize(
    "text", ["", "  ", "\u0301", "\u200f\u200b", "\0", "-'.", "x" * 201, "Unknown", "FNU", "no name", "😀"]
)
def test_a_text_that_names_nobody_is_missing(text):
    assert not spell(text)


@pytest.mark.parametrize(
    ("written", "spelt"),
    [
        (" 1234567890 ", ""),
        (" 1234567809 ", "1234567809"),
        ("0012345609", "12345609"),
        ("123-456-7809", "1234567809"),
        ("1234\u200f567809", "1234567809"),
        ("１２３４５６７８０９", "1234567809"),
        ("AB12345", "ab12345"),
        ("0000000000", ""),
        ("9999999999", ""),
        ("n/a", ""),
        ("TEMP0001234", ""),
        ("pending 12345", ""),
        ("none", ""),
        ("12", ""),
        ("1234\x00567809", ""),
        ("12345²", ""),
        ("12345😀67", ""),
        ("1" * 10_000, ""),
    ],
)
def test_a_state_id_is_spelt_without_what_says_nothing_and_is_else_none(written, spelt):
    assert spell_state_id(written) == spelt


@pytest.mark.parametrize(
    ("written", "spelt"),
    [
        ("2015-04-03", "20150403"),
        (" 2015-04-03T00:00:00Z", "20150403"),
        ("2015-13-04", ""),
        ("04/03/2015", ""),
        ("20150403", ""),
        ("1900-01-01", ""),
        ("0001-01-01", ""),
        ("٢٠١٥-٠٤-٠٣", ""),
        ("2015-04-03\0", ""),
        ("", ""),
    ],
)
def test_a_date_is_spelt_as_digits_or_is_none(written, spelt):
    assert spell_date(written) == spelt


@pytest.mark.parametrize(
    ("family", "suffix", "spelt"),
    [("Marsh Jr.", "", "jr"), ("Marsh, III", "", "3"), ("Marsh", "Junior", "jr"), ("Marsh", "2nd", "2"), ("Ii", "", ""),
     ("Marsh", "none", ""), ("Marsh Jr", "III", "3")],
)  # fmt: skip
def test_a_generation_is_known_wherever_it_is_written(family, suffix, spelt):
    child = spell_child(StatedChild(family=family, suffix=suffix))
    assert child.suffix == spelt
    assert child.names[0].family.words in {("marsh",), ("ii",)}


def test_a_name_from_before_has_what_it_does_not_say_from_the_present_one():
    child = spell_child(ChildCandidate("1", given="Noemí", family="Marsh", other_names=(OtherName(family="D'Angelo"),)))
    assert [(name.given.words, name.family.words) for name in child.names] == [
        (("noemi",), ("marsh",)),
        (("noemi",), ("dangelo",)),
    ]


def test_no_value_is_told_by_what_matching_hands_around():
    name = OtherName("Mimi", "Vale")
    stated = StatedChild("1234567809", "Noemi", "Marsh", other_names=(name,))
    row = ChildCandidate("77", "1234567809", "Noemi", "Marsh")
    told = repr([name, stated, row, spell_child(row), spell_child(row).names, spell("Noemi")])
    assert not any(value in told.lower() for value in ("1234567809", "noemi", "marsh", "77,", "mimi", "vale"))


@given(TEXTS)
def test_every_text_can_be_spelt(text):
    for one in (spell(text), spell_state_id(text), spell_date(text)):
        assert one is not None


@given(TEXTS)
def test_what_is_spelt_is_plain_and_short(text):
    assert all(word and word == word.casefold() for word in spell(text).words)
    assert all(0 < len(joined) <= MAX_CHARACTERS * 20 for joined in spell(text).joined)


@given(TEXTS, st.sampled_from(["\u200b", "\u200e", "\u200f", "\u202e", "\ufeff", "\u2060"]))
def test_a_character_that_nobody_sees_changes_nothing(text, unseen):
    assert (
        spell(unseen + text).joined == spell(text + unseen).joined == spell(text).joined or len(text) >= MAX_CHARACTERS
    )
