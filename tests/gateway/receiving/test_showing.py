"""What is printed for the registrar moves no cursor, whatever the other district has written."""

from __future__ import annotations

import pytest

from gateway.receiving.fetching import ReceivedPackage
from gateway.receiving.filing.codes import CodeQuestion
from gateway.receiving.showing import lines, questions

HOSTILE = "A\x1b[2J\u202e\nB"


@pytest.mark.parametrize("kind", ["course", "descriptor"])
def test_a_question_is_one_line_and_moves_no_cursor(kind):
    [line] = questions([CodeQuestion(kind, HOSTILE, HOSTILE, "maple")])
    assert line.isprintable()


def test_the_words_of_a_manifest_are_one_line_each():
    section = {"name": HOSTILE, "state": HOSTILE, "check": {HOSTILE: HOSTILE}, "files": []}
    manifest = {"track": HOSTILE, "sections": [section]}
    told = list(lines(ReceivedPackage("t", 1, "maple", manifest, {}), (), frozenset()))
    assert len(told) == 3
    assert all(line.isprintable() for line in told)
