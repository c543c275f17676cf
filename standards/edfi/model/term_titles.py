"""Terms named in the title of a session or grading period, where a source states no more than a title."""

from __future__ import annotations

import re
from functools import cache

from standards.codes import LOCAL, outward, table

GRADING = "GradingPeriodDescriptor"
TERM = "TermDescriptor"
ORDINALS = ("First", "Second", "Third", "Fourth", "Fifth", "Sixth")
NUMBERED = re.compile(r"(?i)\b(quarter|trimester|semester|six weeks|nine weeks)\s*([1-6])\b")
ABBREVIATED = re.compile(r"(?i)\b(?:(q)([1-4])|(t)([1-3])|(s)([1-2]))\b")
WORDS = {"q": "Quarter", "t": "Trimester", "s": "Semester"}
QUARTERS = re.compile(r"(?i)\bquarter\b")


def term_titled(title: str) -> str:
    """Return the term of a session by its *title*: the longest term of the standard that stands in it, or the title."""
    return _named(_ordinal(title), TERM) or f"{LOCAL}{TERM}#{title}"


def period_titled(title: str) -> str:
    """Return the kind of grading period by its *title*; a quarter of the year is what the standard calls nine weeks."""
    said = _ordinal(title)
    return _named(QUARTERS.sub("Nine Weeks", said), GRADING) or f"{LOCAL}{GRADING}#{title}"


def period_of(term: str) -> str:
    """Return the kind of grading period that a *term*, whose own words may be those of sessions, names."""
    said = outward("term", "edfi")(term) or ""
    if f"/{TERM}#" not in said:
        return said
    return period_titled(said.rpartition("#")[2])


def term_of(term: str) -> str:
    """Return the term of a session that a *term*, whose own words may be those of grading periods, names."""
    said = outward("term", "edfi")(term) or ""
    return term_titled(said.rpartition("#")[2]) if f"/{GRADING}#" in said else said


def _ordinal(title: str) -> str:
    """Write the number in *title* as a word before what it counts: ``Quarter 3`` and ``Q3`` as ``Third Quarter``."""
    for pattern in (NUMBERED, ABBREVIATED):
        if found := pattern.search(title):
            what, number = [part for part in found.groups() if part]
            return f"{ORDINALS[int(number) - 1]} {WORDS.get(what.lower(), what)}"
    return title


def _named(title: str, descriptor: str) -> str:
    said = f" {' '.join(title.casefold().split())} "
    return next((token for name, token in _terms(descriptor) if f" {name} " in said), "")


@cache
def _terms(descriptor: str) -> tuple[tuple[str, str], ...]:
    """Return the standard's terms of one *descriptor*, the longest first."""
    tokens = [row["edfi"] for row in table("term").rows if f"/{descriptor}#" in row["edfi"]]
    named = [(token.rpartition("#")[2].casefold(), token) for token in tokens]
    return tuple(sorted((pair for pair in named if pair[0] != "other"), key=lambda pair: -len(pair[0])))
