"""The search at the end of the demonstration: it would find a child in whatever spelling it was written down."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.demo.search import search

NAMES = st.text(st.characters(categories=["L"]), min_size=5, max_size=12)
ASCII = st.text(st.characters(min_codepoint=97, max_codepoint=122), min_size=5, max_size=12)


def planted(folder, content):
    file = folder / "deep" / "within" / "registry.db"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"\x00\xff beside it " + content + b" and after it")
    return file


@pytest.mark.parametrize(
    "spelt",
    [
        str.encode,
        lambda name: name.upper().encode(),
        lambda name: json.dumps({"name": name}).encode(),
        lambda name: name.encode("utf-16-le"),
        lambda name: name.encode().hex().encode(),
        lambda name: base64.b64encode(name.encode()),
        lambda name: base64.b64encode(b"x" + name.encode()),
        lambda name: base64.b64encode(b"xy" + name.encode() + b"zz"),
    ],
    ids=["plain", "capitals", "json", "utf-16", "hex", "base64", "base64, one before", "base64, two before"],
)
def test_a_word_is_found_in_every_spelling(tmp_path, spelt):
    planted(tmp_path, spelt("Trujillo"))
    assert search([tmp_path], ["Trujillo"]).found == ("registry.db",)


@given(before=st.binary(max_size=7), name=NAMES, after=st.binary(max_size=7))
def test_a_word_within_anything_that_is_coded_is_found(tmp_path_factory, before, name, after):
    place = tmp_path_factory.mktemp("coded")
    planted(place, base64.b64encode(before + name.encode() + after))
    assert search([place], [name]).found


@given(ASCII, ASCII)
def test_a_word_that_is_not_there_is_not_found(tmp_path_factory, name, other):
    place = tmp_path_factory.mktemp("others")
    planted(place, other.encode())
    assert bool(search([place], [name]).found) == (name in f" beside it {other} and after it")


def test_what_was_read_is_counted(tmp_path):
    (tmp_path / "one").write_bytes(b"12345")
    (tmp_path / "two").write_bytes(b"678")
    done = search([tmp_path, tmp_path / "one"], ["Trujillo"])
    assert (done.files, done.size, done.found) == (3, 13, ())


def test_words_that_come_about_by_chance_are_not_searched_for(tmp_path):
    planted(tmp_path, b"Li")
    assert search([tmp_path], ["Li", ""]).found == ()
