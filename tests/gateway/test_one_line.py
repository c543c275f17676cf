"""What comes from outside is printed in one line: it ends none, fakes none, and steers no terminal."""

from __future__ import annotations

import csv
import io

import pytest

from gateway.audit import acts
from gateway.audit.reports.export import as_csv
from gateway.documents.blocks import BulletList, DataTable, Heading, Paragraph, PrintedDocument, SignatureLines
from gateway.documents.formats import text
from gateway.one_line import is_one_line, one_line

BREAKS = ("\n", "\r", "\r\n", "\x0b", "\x0c", "\x1b[2J", "\x85", "\u2028", "\u2029", "\0")


@pytest.mark.parametrize("sign", [*BREAKS, "\udcff"])
def test_a_text_with_a_break_or_a_byte_that_is_no_text_is_not_one_line_and_is_printed_as_one(sign):
    assert not is_one_line(f"a{sign}b")
    assert len(one_line(f"a{sign}b").splitlines()) == 1
    assert one_line(f"a{sign}b").isprintable()


def test_what_people_write_stays_as_it_is():
    assert one_line("Peña, José — “weekly”") == "Peña, José — “weekly”"
    assert is_one_line("5 000 children")


@pytest.mark.parametrize("sign", BREAKS)
def test_an_act_whose_reason_has_several_lines_fakes_no_other_act(sign):
    forged = f"moved{sign}event 7, 2026-09-01{sign}  who: the superintendent"
    event = {"seq": 1, "at": "2026-09-01", "act": 1, "action": "lifted", "actor": forged, "reason": forged}
    plain = {**event, "actor": "ana", "reason": "moved", "content": {"agreement": "a"}}
    assert len(acts.words(event).splitlines()) == len(acts.words(plain).splitlines()) - 1
    told = acts.words({**plain, "content": {"agreement": forged, "entries": [forged]}})
    assert len(told.splitlines()) == len(acts.words(plain).splitlines()) + 1


@pytest.mark.parametrize("sign", BREAKS)
def test_an_event_is_one_line_of_the_export(sign):
    written = "".join(as_csv([{"seq": 1, "reason": f"a{sign}=b", "agreements": [f"x{sign}y"]}]))
    assert len(written.splitlines()) == 2
    assert len(list(csv.reader(io.StringIO(written, newline="")))) == 2


@pytest.mark.parametrize("sign", BREAKS)
def test_a_text_of_a_document_is_one_line_of_it(sign):
    def document(said):
        table = DataTable(said, (said, said), ((said, said),))
        blocks = (Heading(said), Paragraph(said), BulletList((said,)), table, SignatureLines(said, ("By",)))
        return text.render(PrintedDocument("en", said, said, blocks)).decode()

    assert len(document(f"a{sign}b").splitlines()) == len(document("a b").splitlines())
