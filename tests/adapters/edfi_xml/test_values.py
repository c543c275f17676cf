"""A text of an interchange file becomes a value of its type, or an error that does not repeat it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.edfi_xml.values import reader
from standards.edfi.model.model import Property, Resource, validate

KINDS = {
    "boolean": Property("x", "boolean"),
    "int64": Property("x", "integer", "int64"),
    "year": Property("schoolYear", "integer", "int32"),
    "number": Property("x", "number", "double"),
    "date": Property("x", "string", "date"),
    "time": Property("x", "string", "time"),
    "moment": Property("x", "string", "date-time"),
    "text": Property("x", "string"),
}
TEXTS = st.one_of(
    st.text(min_size=1).map(str.strip).filter(bool),
    st.dates().map(str),
    st.times().map(str),
    st.datetimes().map(lambda moment: moment.isoformat()),
    st.integers(0, 10**20).map(str),
    st.decimals(allow_nan=False, allow_infinity=False).map(str),
    st.from_regex(r"\A[0-9]{4}-[0-9]{4}\Z"),
    st.sampled_from(["true", "false", "0", "1", "2021-08-31Z", "08:00:00.0000000", "08:00:00Z"]),
)


REFUSALS = {
    "is neither true nor false",
    "is not a whole number",
    "is not a number",
    "is not a school year",
    "is not a date",
    "is not a time",
    "is not a date with a time",
}


def attempt(known, text):
    try:
        return reader(known)(text), ""
    except ValueError as error:
        return None, str(error)


@pytest.mark.parametrize("kind", KINDS)
@given(text=TEXTS)
def test_what_is_read_obeys_the_standard_or_is_refused_without_being_shown(kind, text):
    known = KINDS[kind]
    value, refusal = attempt(known, text)
    if refusal:
        assert refusal in REFUSALS
        return
    assert validate(Resource("X", "/x/xs", False, (), {known.name: known}), {known.name: value}) == []


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("boolean", "1", True),
        ("boolean", "false", False),
        ("int64", "0255901", 255901),
        ("year", "2021-2022", 2022),
        ("year", "2022", 2022),
        ("number", "7.20", 7.2),
        ("number", "36", 36),
        ("number", "1E2", 100.0),
        ("number", ".5", 0.5),
        ("date", "2021-08-31Z", "2021-08-31"),
        ("date", "2021-08-31-06:00", "2021-08-31"),
        ("time", "09:35:00.0000000", "09:35:00"),
        ("moment", "2021-08-31T10:00:00-06:00", "2021-08-31T16:00:00Z"),
        ("moment", "2021-08-31T10:00:00", "2021-08-31T10:00:00Z"),
    ],
)
def test_the_forms_that_xml_allows_become_the_one_of_the_api(kind, text, value):
    found = reader(KINDS[kind])(text)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("boolean", "yes"),
        ("int64", "1.0"),
        ("int64", "1_000"),
        ("int64", "٣"),
        ("year", "2021-2023"),
        ("number", "NaN"),
        ("number", "INF"),
        ("number", "1e999"),
        ("int64", "9223372036854775808"),
        ("number", "1,5"),
        ("date", "2021-W35-2"),
        ("date", "31.08.2021"),
        ("time", "25:00:00"),
        ("time", "0900"),
        ("moment", "2021-08-31T"),
    ],
)
def test_what_only_looks_right_is_refused(kind, text):
    with pytest.raises(ValueError, match=r"^is (not|neither)"):
        reader(KINDS[kind])(text)
