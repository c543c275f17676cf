"""Texts compare and come in the order that the Unicode Collation Algorithm gives them."""

from __future__ import annotations

from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standards.collation import folded, sort_key

# As Perl's Unicode::Collate orders them, with the same table and punctuation that counts.
ORDERED = (
    "10", "2", "9", "Aesir", "Æsir", "Af", "Angst", "Ångström", "avila", "Avila", "Ávila", "de la Cruz", "Delacroix",
    "Em", "Émile", "F", "Lukas", "Łukasz", "Lz", "n", "ñ", "o", "O'Brien", "Obrien", "Öz", "resume", "Resume", "résume",
    "résumé", "ss", "ß", "st", "zoe", "Zoe", "Zoë", "иод", "йод", "язык", "가", "나", "一", "中", "\U00020000", "\ue000",
)  # fmt: skip


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_texts_of_many_scripts_come_in_the_order_of_the_algorithm(form):
    assert [normalize("NFC", one) for one in sorted((normalize(form, one) for one in ORDERED[::-1]), key=sort_key)] == [
        normalize("NFC", one) for one in ORDERED
    ]


@given(st.text(max_size=12))
def test_how_an_accent_is_written_changes_neither_the_order_nor_what_is_equal(text):
    forms = {normalize("NFC", text), normalize("NFD", text)}
    assert len({sort_key(one) for one in forms}) == 1
    assert len({folded(one) for one in forms}) == 1


@given(st.text("abcABC .-9", max_size=8), st.text("abcABC .-9é", max_size=8))
def test_a_short_key_of_plain_letters_orders_as_the_whole_one_does(one, other):
    assert (sort_key(one) < sort_key(other)) == (_whole(one) < _whole(other))


def _whole(text):
    """The key with the least weights at the end of each level, which it leaves out."""
    parts = zip(sort_key(text).split("\0"), "\0 \2", strict=True)
    return "\0".join(part.ljust(30, least) for part, least in parts)


@pytest.mark.parametrize(("one", "other"), [("STRASSE", "straße"), ("Zoë", "ZOE\u0308"), ("ς", "Σ"), (True, "TRUE")])
def test_neither_case_nor_writing_makes_texts_differ(one, other):
    assert folded(one) == folded(other)
    assert folded("Zoë") != folded("Zoe")
