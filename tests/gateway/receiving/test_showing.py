"""What is printed for the registrar moves no cursor, whatever the other district has written."""

from __future__ import annotations

import orjson
import pytest

from gateway.receiving.fetching import ReceivedPackage
from gateway.receiving.filing.codes import CodeQuestion
from gateway.receiving.showing import lines, questions
from gateway.transfers.package.notes import PATH as NOTES

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


def test_a_note_in_the_words_of_the_registrar_there_is_shown_line_by_line():
    content = orjson.dumps({"readableBy": "registrar", "restrictions": [], "message": f"Call first.\n{HOSTILE}"})
    section = {"name": "restrictions", "state": "whole", "files": [{"path": NOTES}]}
    received = ReceivedPackage("t", 1, "maple", {"track": "full", "sections": [section]}, {NOTES: content})
    told = list(lines(received, (), frozenset()))
    assert "    Call first." in told
    assert all(line.isprintable() for line in told)
