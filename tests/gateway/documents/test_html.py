"""The HTML page: structure that assistive technology reads, no scripts, no other addresses, no markup from texts."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html

from gateway.documents.blocks import DataTable, Heading, Paragraph, PrintedDocument
from gateway.documents.formats.html import render
from gateway.documents.kinds import document
from tests.gateway.documents.samples import KINDS, LANGUAGES, tutoring

HOSTILE = ["<script>alert(1)</script>", '"><img src=x onerror=y>', "{{ 7 * 7 }}", "</style><b>", "&amp;lt;", "]]>"]
TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"), min_size=1).filter(
    str.strip
)
ENOUGH = 4.5
"""The contrast that WCAG 2.2 AA asks of text."""


@pytest.fixture(params=[(kind, language) for kind in KINDS for language in LANGUAGES], ids="-".join)
def page(request):
    kind, language = request.param
    found = html.fromstring(render(document(tutoring(), kind, language)))
    found.set("data-language", language)
    return found


def test_a_page_states_its_language_and_title(page):
    assert page.get("lang") == page.get("data-language")
    title = page.findtext("head/title")
    assert page.findtext(".//h1") in title


def test_there_is_one_main_heading_and_no_level_is_left_out(page):
    levels = [int(one.tag[1]) for one in page.iter("h1", "h2", "h3", "h4", "h5", "h6")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert all(one.text_content().strip() for one in page.iter("h1", "h2", "h3"))


def test_each_table_has_a_caption_and_heads_of_columns_and_rows(page):
    for table in page.iter("table"):
        assert table.find("caption").text_content().strip()
        heads = table.findall("thead/tr/th")
        assert [one.get("scope") for one in heads] == ["col"] * len(heads)
        assert all(one.text_content().strip() for one in heads)
        for row in table.findall("tbody/tr"):
            assert row[0].tag == "th"
            assert row[0].get("scope") == "row"
            assert len(row) == len(heads)


def test_the_page_has_one_main_part_and_lists_hold_items_only(page):
    assert len(page.findall(".//main")) == 1
    assert len(page.findall(".//footer")) == 1
    assert all(child.tag == "li" for one in page.iter("ul") for child in one)
    assert all({child.tag for child in one} <= {"dt", "dd"} for one in page.xpath("//dl/div"))


def test_there_is_no_script_and_no_other_address(page):
    assert not list(page.iter("script", "link", "img", "iframe", "object", "form"))
    assert [
        name for one in page.iter() for name in one.attrib if name.startswith("on") or name in {"src", "href"}
    ] == []
    style = page.findtext("head/style")
    assert "url(" not in style
    assert "@import" not in style


def test_there_is_a_style_for_paper(page):
    style = page.findtext("head/style")
    assert "@media print" in style
    assert "table-header-group" in style


def _light(color: str) -> float:
    digits = color.lstrip("#")
    digits = "".join(sign * 2 for sign in digits) if len(digits) == 3 else digits
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((_light(one), _light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_every_color_of_text_can_be_read_on_every_background(page):
    style = page.findtext("head/style")
    texts = set(re.findall(r"[{;\s]color: (#[0-9a-f]+)", style))
    grounds = set(re.findall(r"background: (#[0-9a-f]+)", style))
    assert texts
    assert grounds
    assert [(one, other) for one in texts for other in grounds if contrast(one, other) < ENOUGH] == []


def test_a_contrast_that_is_too_low_would_be_found():
    assert contrast("#999", "#fff") < ENOUGH < contrast("#767676", "#fff") + 0.1


def of(text: str):
    blocks = (Heading(text), Paragraph(text), DataTable(text, (text, "b"), ((text, text),), frozenset({1})))
    return html.fromstring(render(PrintedDocument("en", text, text, blocks, (text,))))


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_that_looks_like_markup_is_shown_as_it_is(text):
    written, plain = of(text), of("plain")
    assert [one.tag for one in written.iter()] == [one.tag for one in plain.iter()] or "." in text
    assert written.findtext(".//main/p") == text
    assert written.findtext(".//h1") == text


@given(TEXT)
@settings(max_examples=100, deadline=None)
def test_whatever_a_text_has_is_shown(text):
    assert of(text).findtext(".//main/p") == text


def test_hostile_names_of_an_agreement_make_no_element():
    one = replace(tutoring(), interest=HOSTILE[0], purpose=HOSTILE[1])
    page = html.fromstring(render(document(one, "agreement", "en")))
    assert not list(page.iter("script", "img"))
    assert HOSTILE[0] in page.text_content()
