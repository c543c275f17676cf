"""Documents of an agreement: each kind, in each language and format, as golden files and as laws."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import html

from gateway.documents.agreement_page import LEFT_OUT, SAID
from gateway.documents.formats.pdf import render
from gateway.documents.kinds import FORMATS, document
from tests.gateway.documents.pdf import Pdf
from tests.gateway.documents.samples import KINDS, LANGUAGES, SCHEMA, changed, stored, tutoring

GOLDEN = Path(__file__).with_name("golden")
EACH = pytest.mark.parametrize("language", LANGUAGES)
EVERY = pytest.mark.parametrize("kind", KINDS)


def kept(name: str, content: str) -> str:
    """The golden file; CROSSING_GOLDEN=write writes it anew."""
    path = GOLDEN / name
    if os.environ.get("CROSSING_GOLDEN") == "write":
        path.write_text(content, "utf-8")
    return path.read_text("utf-8")


def wording(words: str) -> str:
    """The letters of a text, however it is broken into lines and marked as a list."""
    return "".join(words.replace("•", "").split())


def of_html(page: bytes) -> str:
    return wording(" ".join(html.fromstring(page).find("body").itertext()))


@EVERY
@EACH
def test_a_document_says_what_the_golden_file_says(kind, language):
    written = FORMATS["text"](document(tutoring(), kind, language)).decode()
    assert written == kept(f"{kind}.{language}.txt", written)


@EACH
def test_the_agreement_in_html_is_the_golden_page(language):
    written = FORMATS["html"](document(tutoring(), "agreement", language)).decode()
    assert written == kept(f"agreement.{language}.html", written)


@EACH
def test_the_text_of_the_pdf_is_the_golden_text(language):
    written = " ".join(Pdf(render(document(tutoring(), "agreement", language))).words) + "\n"
    assert written == kept(f"agreement.{language}.pdf.txt", written)


@EVERY
@EACH
def test_html_and_pdf_say_the_same(kind, language):
    written = document(tutoring(), kind, language)
    assert wording("".join(Pdf(render(written)).words)) == of_html(FORMATS["html"](written))


def test_an_agreement_from_its_file_can_be_written_in_every_kind_but_consent():
    for kind in KINDS[:-1]:
        assert stored().id in FORMATS["text"](document(stored(), kind, "en")).decode()


def test_the_agreement_names_parties_basis_purpose_dates_people_clients_and_duties():
    said = FORMATS["text"](document(tutoring(), "agreement", "en")).decode()
    for words in (
        "maple", "reading-partners", "community organization", "“Cloudy Hosting, storage”", "34 CFR 99.31(a)(1). School officials",
        "“RCW 28A.604”", "“tutoring”", "“plan weekly reading support”", "From September 1, 2026 to August 31, 2027",
        "The student is enrolled today in school 101 or 102, there in grade 03, 04, or 05.", "by the form “reading-2026”",
        "only the first three digits", "records dated from September 1, 2026 on", "student.race.white",
        "reading-partners-prod", "The recipient passes no data on to anybody.",
        "within 60 days after the agreement ends or a consent is withdrawn", "in writing",
        "Tell the school district of a breach within 3 days.", "“tell us whom you hire”", "fewer than 10 records",
        "more than 20,000 records", "maple-privacy | On: 2026-08-01 | How: without a digital signature",
        "For the school district maple", "For the recipient reading-partners", "Signature: ____",
    ):  # fmt: skip
        assert words in said, words


def test_what_a_document_would_have_to_leave_out_is_refused():
    one = tutoring()
    written = changed(
        one,
        {
            "population": {"all": [{"shoeSize": {"in": ["7"]}}]},
            "parties": {"provider": {}},
            "basis": {},
            "elements": [],
        },
    )
    with pytest.raises(Exception, match="shoeSize"):
        document(written, "agreement", "en")


def test_the_agreement_tells_every_key_that_an_agreement_can_have():
    assert set(SCHEMA["properties"]) - SAID - LEFT_OUT == set()


def test_a_fact_beyond_the_recorded_meaning_of_a_wildcard_is_not_listed():
    from policies.canonical import Expansion

    held = replace(tutoring(), expansion=Expansion("then", {"student.id": "pseudonym", "enrollment.id": "pseudonym"}))
    said = FORMATS["text"](document(held, "elements", "en")).decode()
    assert "enrollment.id" in said
    assert "enrollment.exit" not in said


def test_a_resource_that_is_released_whole_is_one_row():
    said = FORMATS["text"](document(tutoring(), "elements", "en")).decode()
    assert "edfi.schoolYearTypes.*" in said
    assert "edfi.schoolYearTypes.schoolYear" not in said


def test_the_schedule_lists_every_category_and_says_which_elements_are_sent():
    said = FORMATS["text"](document(tutoring(), "schedule", "en")).decode()
    assert (
        "- Demographics | Element: Date of birth | Sent: yes | Names of the facts in the agreement: student.birthDate"
        in said
    )
    assert "- Demographics | Element: Place of birth | Sent: no" in said
    assert (
        "- Student survey responses | Element: Responses of the student to surveys or questionnaires | Sent: no" in said
    )


def test_every_released_fact_is_in_one_row_of_the_schedule():
    from gateway.documents.blocks import DataTable
    from gateway.documents.released import released

    (table,) = (
        block for block in document(tutoring(), "schedule", "en").blocks if isinstance(block, DataTable) and block.names
    )
    named = [name for row in table.rows for name in row[3].split(", ") if name]
    assert sorted(named) == sorted(fact.name for fact in released(tutoring()))


def test_signs_that_move_a_cursor_or_turn_the_reading_are_not_printed():
    one = replace(
        tutoring(), interest="a\x1b[2J\u202eb\nc", terms={"approvals": [{"by": "x\x1b]0;y\x07", "at": "\u2066now"}]}
    )
    for form in FORMATS.values():
        written = form(document(one, "agreement", "en"))
        if not written.startswith(b"%PDF"):
            assert not any(sign in written.decode() for sign in "\x1b\x07\u202e\u2066")
            assert "“a [2J b c”" in written.decode()


def test_the_same_document_is_the_same_file():
    written = document(tutoring(), "agreement", "es")
    assert render(written) == render(written)
