"""What the title of a term says about which term it is."""

from __future__ import annotations

import pytest

from standards.edfi.model.term_titles import period_titled, term_titled

TERM, PERIOD = "uri://ed-fi.org/TermDescriptor#", "uri://ed-fi.org/GradingPeriodDescriptor#"


@pytest.mark.parametrize(
    ("title", "term"),
    [
        ("2026-2027 Fall Semester", f"{TERM}Fall Semester"),
        ("FIRST  TRIMESTER", f"{TERM}First Trimester"),
        ("Trimester 2", f"{TERM}Second Trimester"),
        ("Q3", f"{TERM}Third Quarter"),
        ("2026-2027 Semester", f"{TERM}Semester"),
        ("Semesters", "uri://local/TermDescriptor#Semesters"),
        ("Another term", "uri://local/TermDescriptor#Another term"),
        ("2026-2027", "uri://local/TermDescriptor#2026-2027"),
    ],
)
def test_a_term_is_the_longest_that_its_title_names_or_the_title_itself(title, term):
    assert term_titled(title) == term


@pytest.mark.parametrize(
    ("title", "period"),
    [
        ("2026-2027 Quarter 3", f"{PERIOD}Third Nine Weeks"),
        ("First Quarter Marks", f"{PERIOD}First Nine Weeks"),
        ("T1", f"{PERIOD}First Trimester"),
        ("Six weeks 6", f"{PERIOD}Sixth Six Weeks"),
        ("S2", f"{PERIOD}Second Semester"),
        ("Progress", "uri://local/GradingPeriodDescriptor#Progress"),
    ],
)
def test_a_quarter_of_the_year_is_nine_weeks_of_grades(title, period):
    assert period_titled(title) == period
