"""Periods, facts and kinds of records in the words of people."""

from __future__ import annotations

import pytest
from flask import Flask

from gateway.console.parts.facts import entity_name, fact_name, read_period, said_period
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


def test_a_fact_is_said_by_its_sentence_with_its_name_beside(page):
    assert fact_name("student.birthDate").endswith("(student.birthDate)")
    assert fact_name("edfi.students.x") == "edfi.students.x"
    assert entity_name("student") in {"Students", "Estudiantes"}
