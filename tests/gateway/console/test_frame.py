"""The frame: tables and their CSV, plots, the language, the files that pages load."""

from __future__ import annotations

import csv
import html
import io
import re
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Blueprint, render_template_string
from lxml import etree
from wtforms import BooleanField, RadioField, StringField
from wtforms.validators import InputRequired, Length

from gateway.console.app import create_console
from gateway.console.forms import ConsoleForm, choices
from gateway.console.page import PUBLIC, page
from gateway.console.parts import plots
from gateway.console.tables import ROWS_OF_A_PAGE, Sheet, State, TableColumn, csv_of
from gateway.console.wording import later
from tests.support.people.region import people_region
from tests.support.regions import small_sites

HOSTILE = '=cmd|"<script>alert(1)</script>'
SHOWN = """{% extends "base.html" %}{% from "parts/tables.html" import table %}{% from "parts/forms.html" import form as shown %}
{% from "parts/words.html" import facts, tabs, trail %}{% block title %}T{% endblock %}
{% block content %}<h1>T</h1>{{ table(sheet) }}{{ shown(form, "Go") }}{{ facts([("a", text), ("b", state)]) }}
{{ tabs("t", [("one", "/console/one")], "/console/one") }}{{ trail([(text, "/console")]) }}{{ svg }}{% endblock %}"""


class SampleForm(ConsoleForm):
    name = StringField(later("Language"), [InputRequired(), Length(max=3)], description=later("Main"))
    way = RadioField(later("Main"), choices=choices([("a", later("yes"))]), validators=[InputRequired()])
    sure = BooleanField(later("Language"))


@pytest.fixture(scope="module")
def region(tmp_path_factory):
    folder = tmp_path_factory.mktemp("frame")
    with people_region(folder / "region", small_sites(folder / "data")) as region:
        yield region


@pytest.fixture(scope="module")
def shown(region):
    """A console with a page that has everything on it."""
    blueprint = Blueprint("sample", __name__, url_prefix="/console")
    rows = [(HOSTILE, number, datetime(2026, 11, 2, tzinfo=UTC) + timedelta(days=number)) for number in range(120)]
    columns = [
        TableColumn(later("Language"), lambda row: row[0]),
        TableColumn(later("Main"), lambda row: row[1] - 60, "number", lambda row: f"/console/x/{row[1]}"),
        TableColumn(later("Inbox"), lambda row: row[2], "time"),
        TableColumn(later("Region"), lambda _row: State("bad", HOSTILE), "state"),
    ]

    @page(blueprint, "/sample", PUBLIC, "GET", "POST")
    def sample():
        sheet = Sheet("rows", HOSTILE, columns, rows)
        form = SampleForm()
        form.validate_on_submit()
        svg = plots.bars(HOSTILE, HOSTILE, [(HOSTILE, 3)]).svg
        answer = csv_of(sheet)
        return answer or render_template_string(
            SHOWN, sheet=sheet.shown(), form=form, text=HOSTILE, state=State("ok", HOSTILE), svg=svg
        )

    app = create_console(region.administered)
    app.register_blueprint(blueprint)
    return app.test_client()


def get(shown, path="", language="en"):
    return shown.get(f"/console/sample{path}", base_url="https://here", headers={"Accept-Language": language})


def numbers(text):
    return [int(found) for found in re.findall(r'<td class="cell-number"><a href="[^"]*">(-?\d+)</a>', text)]


def test_no_text_of_a_page_becomes_markup(shown):
    text = get(shown).text
    assert "alert(1)" in text
    assert "<script" not in text
    assert " style=" not in text


def test_a_table_is_shown_in_pages_and_sorts_by_links(shown):
    assert numbers(get(shown).text) == list(range(-60, -60 + ROWS_OF_A_PAGE))
    assert numbers(get(shown, "?rows-page=3").text) == list(range(40, 60))
    last = get(shown, "?rows-sort=-1").text
    assert numbers(last)[0] == 59
    assert 'aria-sort="descending"' in last


@pytest.mark.parametrize("asked", ["?rows-sort=99", "?rows-sort=x", "?rows-page=-1", "?rows-page=٣", "?rows-sort=²"])
def test_an_order_or_page_that_is_not_there_is_the_first(shown, asked):
    assert numbers(get(shown, asked).text)[0] == -60


@pytest.mark.parametrize(
    "asked",
    ["_anchor=x", "_method=POST", "_scheme=javascript", "_scheme=javascript&_external=1", "_external=1", "endpoint=x"],
    ids=["anchor", "method", "scheme", "scheme-and-external", "external", "endpoint"],
)
def test_what_an_address_asks_for_stays_in_the_query_of_a_tables_links(shown, asked):
    answer = get(shown, f"?{asked}")
    assert answer.status_code == 200
    links = [html.unescape(one) for one in re.findall(r'href="([^"]*rows-sort=[^"]*)"', answer.text)]
    assert links
    assert all(one.startswith(f"/console/sample?{asked}&rows-sort=") for one in links), links


def test_an_argument_that_is_called_like_a_part_of_the_path_breaks_no_page(region):
    boss = region.browser("boss", ("maple", "district-admin"))
    answer = boss.get("/console/districts/maple/files?name=cedar")
    assert answer.status_code == 200
    assert "/console/districts/maple/files?name=cedar&amp;" in answer.text


def test_the_csv_twin_has_every_row_and_no_formula(shown):
    answer = get(shown, "?rows-csv=1")
    assert answer.content_type == "text/csv; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="rows.csv"'
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert len(rows) == 121
    assert rows[1] == [f"'{HOSTILE}", "-60", "2026-11-02T00:00:00+00:00", f"'{HOSTILE}"]


def test_what_is_wrong_with_a_form_is_said_at_its_head_and_at_the_field(shown):
    first = get(shown, language="es")
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', first.text)[1]
    answer = shown.post(
        "/console/sample",
        base_url="https://here",
        data={"csrf_token": token, "name": "long"},
        headers={"Referer": "https://here/console/sample", "Accept-Language": "es"},
    )
    tree = etree.fromstring(answer.data, etree.HTMLParser())
    assert tree.xpath('//div[@role="alert"]//a/@href') == ["#name", "#way-0"]
    assert tree.xpath('//input[@id="name"]/@aria-describedby') == ["name-hint name-fault"]
    assert tree.xpath('//input[@id="name"]/@aria-invalid') == ["true"]
    assert "Idioma: El campo no puede tener más de 3 caracteres." in answer.text
    assert tree.xpath("//title/text()")[0].startswith("Error:")


def test_the_language_is_chosen_by_a_form_and_kept_by_the_browser(region):
    browser = region.stranger()
    browser.get("/console/nowhere")
    answer = browser.post("/console/language", {"language": "es", "back": "/console/nowhere"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/console/nowhere")
    assert 'lang="es"' in browser.get("/console/nowhere").get_data(as_text=True)
    assert browser.post("/console/language", {"language": "xx"}).status_code == 400


@pytest.mark.parametrize("back", ["//evil.example", "https://evil.example", "/\\evil.example", "/console/../x", ""])
def test_the_choice_of_a_language_leads_to_no_other_place(region, back):
    browser = region.stranger()
    browser.get("/console/nowhere")
    assert browser.post("/console/language", {"language": "es", "back": back}).headers["Location"] == "/console"


def test_the_files_of_a_page_are_there_and_may_be_kept(region):
    browser = region.stranger()
    text = browser.get("/console/nowhere").get_data(as_text=True)
    files = re.findall(r'(?:href|src)="(/console/static/[^"]+)"', text)
    assert len(files) >= 3
    for one in files:
        answer = browser.get(one)
        assert answer.status_code == 200
        answer.close()
        assert "max-age=31536000" in answer.headers["Cache-Control"]
    assert browser.get("/console/static/bootstrap/000000000000/bootstrap.min.css").status_code == 404


def test_a_plot_has_a_title_a_description_and_what_it_shows():
    days = [(date(2026, 11, 2) + timedelta(days=number), State("ok", "good")) for number in range(60)]
    calendar = plots.calendar("Nights", "Sixty nights", days)
    drawn = [
        calendar,
        plots.lines("Rows", "By day", ["a", "b", "c"], {"one": [1, None, 3], "two": [4, 5, 6]}),
        plots.bars("Rows", "By kind", [("a", 0), ("b", 17)]),
    ]
    for one in drawn:
        tree = etree.fromstring(str(one.svg))
        assert [child.tag for child in tree[:2]] == ["title", "desc"]
        assert tree.get("role") == "img"
        assert "style" not in str(one.svg)
    assert str(calendar.svg).count("<rect") == 60
    assert calendar.legend == (("·", "good"),)
