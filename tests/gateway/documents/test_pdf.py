"""The PDF: tagged for assistive technology, made from data alone, with nothing of the machine it is made on."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.documents.blocks import DataTable, Heading, Paragraph, PrintedDocument
from gateway.documents.formats.pdf import render
from gateway.documents.kinds import document
from standards.errors import SettingsError
from tests.gateway.documents.pdf import Pdf
from tests.gateway.documents.samples import KINDS, LANGUAGES, tutoring

HOSTILE = [
    '#read("/etc/passwd")',
    '#eval("1 + 1") $1 + 1$ *bold* _it_ `raw` @label <tag>',
    '#import "@preview/cetz:0.2.0": *',
    '#include "document.typ"',
    '"] #panic("x") [',
    "\\u{23} \\# // comment /* block */",
    "= Heading",
]
LATIN = st.text(
    st.characters(
        min_codepoint=0x21, max_codepoint=0x17F, exclude_characters="\xad\u0149", categories=("L", "N", "P", "S")
    ),
    min_size=1,
)


def of(text: str, language: str = "en") -> PrintedDocument:
    return PrintedDocument(language, "A title", "below", (Paragraph(text),))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_pdf_states_its_language_title_and_standard(kind, language):
    written = document(tutoring(), kind, language)
    made = Pdf(render(written))
    assert f"/Lang({language})".encode() in made.catalog.replace(b" ", b"")
    assert re.search(rb"/DisplayDocTitle\s+true", made.catalog)
    assert re.search(rb"/Marked\s+true", made.catalog)
    assert f'<rdf:li xml:lang="x-default">{written.title}: {written.subtitle}</rdf:li>' in made.metadata
    assert "<pdfuaid:part>1</pdfuaid:part>" in made.metadata


@pytest.mark.parametrize("kind", KINDS)
def test_the_tags_of_a_pdf_are_headings_in_order_tables_with_heads_and_lists(kind):
    tags = Pdf(render(document(tutoring(), kind, "es"))).tags
    assert tags[:2] == ["Document", "H1"]
    assert tags.count("H1") == 1
    levels = [int(tag[1]) for tag in tags if re.fullmatch(r"H\d", tag)]
    assert all(after <= before + 1 for before, after in pairwise(levels))
    tables = tags.count("Table")
    assert tables or kind == "consent"
    assert tags.count("THead") == tables == tags.count("Caption")
    assert tags.count("TH") >= 2 * tables
    assert kind != "consent" or tags.count("LI") > 10


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "consent"])
def test_the_heads_of_a_table_say_that_they_are_of_columns(kind):
    made = Pdf(render(document(tutoring(), kind, "en")))
    heads = [body for body in made.objects.values() if re.search(rb"/S\s*/TH\b", body)]
    assert heads
    assert all(re.search(rb"/Scope\s*/Column", body) for body in heads)


@pytest.mark.parametrize("above", range(32, 39))
def test_the_head_and_the_caption_of_a_table_are_on_the_page_on_which_it_begins(above):
    table = DataTable("captionword", ("column",), (("rowword",),))
    blocks = (*(Paragraph(f"line {number}") for number in range(above)), Heading("headword"), table)
    (page,) = (one for one in Pdf(render(PrintedDocument("en", "A title", "below", blocks))).pages if "rowword" in one)
    assert {"headword", "captionword", "column"} <= set(page)


def test_the_fonts_are_in_the_file():
    made = Pdf(render(document(tutoring(), "agreement", "en")))
    fonts = [body for body in made.objects.values() if b"/Type/FontDescriptor" in body]
    assert fonts
    assert all(b"/FontFile" in body for body in fonts)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_that_looks_like_markup_is_printed_as_it_is(text):
    words = "".join(Pdf(render(of(text))).words)
    assert words == "".join(f"A title below {text}".split())


@given(LATIN)
@settings(max_examples=60, deadline=None)
def test_whatever_a_text_has_is_printed(text):
    words = "".join(Pdf(render(of(text))).words)
    assert words == "".join(f"A title below {text}".split())


def test_hostile_names_of_an_agreement_are_printed_as_they_are():
    one = replace(tutoring(), interest=HOSTILE[0], purpose='"]#panic()')
    words = "".join(Pdf(render(document(one, "agreement", "en"))).words)
    assert '“#read("/etc/passwd")”' in words
    assert '“"]#panic()”' in words


def test_a_sign_that_the_fonts_do_not_have_is_named_and_not_left_out():
    with pytest.raises(SettingsError, match="cannot show '漢'; write the document as html"):
        render(of("漢字"))


def test_a_pdf_tells_nothing_of_the_hour_or_of_a_folder():
    made = render(document(tutoring(), "agreement", "en"))
    assert "2000-01-01T00:00:00" in Pdf(made).metadata
    assert b"/tmp/" not in made


def test_no_file_stays_behind(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    render(of("a text"))
    assert list(tmp_path.iterdir()) == []
