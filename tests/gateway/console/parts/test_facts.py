"""Periods, facts and kinds of records in the words of people."""

from __future__ import annotations

import pytest
from flask import Flask

from gateway.console.parts.facts import entity_name, fact_name, read_period, said_period
from gateway.console.parts.plots import bars
from gateway.console.wording import COOKIE


@pytest.fixture(params=["en", "es"])
def page(request):
    with Flask("words").test_request_context(headers={"Cookie": f"{COOKIE}={request.param}"}):
        yield request.param


@pytest.mark.parametrize("period", ["P60D", "P1D", "P2W", "P1M", "P6M", "P1Y", "P7Y"])
def test_a_period_is_read_as_it_is_said(page, period):
    assert read_period(said_period(period)) == period


@pytest.mark.parametrize(
    ("typed", "read"),
    [("60", "P60D"), ("60 days", "P60D"), (" 2 months ", "P2M"), ("P1Y6M", "P1Y6M"), ("soon", "soon"), ("", "")],
    ids=["number", "days", "months", "period", "word", "nothing"],
)
def test_a_period_is_read_as_people_type_it(page, typed, read):
    assert read_period(typed) == read


def test_labels_without_room_below_their_bars_are_in_the_legend_by_a_number():
    short, long = [("a", 1.0), ("b", 2.0)], [(f"Relations of contacts to students {one}", 1.0) for one in range(12)]
    assert bars("t", "a", short).legend == ()
    drawn = bars("t", "a", long)
    assert drawn.legend[11] == ("12", long[11][0])
    assert long[0][0] not in drawn.svg


def test_a_fact_is_said_by_its_sentence_with_its_name_beside(page):
    assert fact_name("student.birthDate").endswith("(student.birthDate)")
    assert fact_name("edfi.students.x") == "edfi.students.x"
    assert entity_name("student") in {"Students", "Estudiantes"}
