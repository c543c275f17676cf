"""What is written into a query string is read back, and what cannot be read is told."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standards.query_strings import parameters_of, percent_encoded, read_query, with_query

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
URL = "https://sis.example.org/ims/users"


@given(st.lists(st.tuples(TEXTS.filter(bool), TEXTS), max_size=4))
def test_what_is_written_is_read_back_in_its_order(parameters):
    url = with_query(URL, parameters)
    assert parameters_of(url) == parameters
    assert read_query(url.partition("?")[2].encode("ascii")) == parameters
    assert url == URL + ("?" if parameters else "") + "&".join(
        f"{quote(a, safe='')}={quote(b, safe='')}" for a, b in parameters
    )


def test_nothing_but_plain_letters_stands_for_itself():
    assert percent_encoded("a-b_c.d~ /é'") == "a-b_c.d~%20%2F%C3%A9%27"


def test_empty_parameters_and_repetitions_are_kept():
    assert read_query(b"a=&b&a=1&a=1") == [("a", ""), ("b", ""), ("a", "1"), ("a", "1")]


@pytest.mark.parametrize("query", [b"a=\xc3\xa9", b"a=%FF", b"a=1&b=2&c=3"])
def test_what_cannot_be_read_is_a_value_error(query):
    with pytest.raises(ValueError, match=r"."):
        read_query(query, 2)


def test_bytes_that_stand_there_unencoded_are_read_as_the_caller_says():
    assert read_query(b"a=\xc3\xa9", encoding="utf-8") == [("a", "é")]
    assert read_query(b"a=%FF", encoding="latin-1", errors="replace") == [("a", "�")]
