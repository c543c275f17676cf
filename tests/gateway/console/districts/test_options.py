"""More settings of a connection: a field for each option of a district, its words, and what is wrong told beside it."""

from __future__ import annotations

import pytest
from lxml import html

from gateway.admin.districts.connecting import CHANGED, Connections
from gateway.admin.districts.looking import DistrictDirectory
from gateway.config import written_districts
from gateway.config.districts.options import OPTIONS
from gateway.console import wording
from gateway.translations.catalogues import LANGUAGES, SOURCE_LANGUAGE, catalogue
from tests.support.people.districts import UPLOADED
from tests.support.people.region import people_region
from tests.support.regions import agreement, small_sites

LOCALES = [one for one in LANGUAGES if one != SOURCE_LANGUAGE]
ADMINISTRATOR = ("alder", "district-admin")
PAGE = "/console/districts/alder/connection?adapter=oneroster_csv"
COMMON = {"timezone": "America/Los_Angeles", "cache": "15m", "set_source": "uploaded:"}
TYPED = {
    "school_years": "2027\r\n2026",
    "loss": "enrollment = 0.5\r\ndefault = 0.1",
    "set_aside": "placement=0.001",
    "unresolved": '"section.terms" = 1',
    "descriptors": "uri://maple.example.org/SexDescriptor#X",
    "default_category": "cat-1",
    "record_years": "7",
    "defaults": "session.instructionalDays.semester = 90\r\nassessment.subjects = Other\r\nassessment.subjects = Reading",
}
WRITTEN = {
    "school_years": [2027, 2026],
    "loss": {"enrollment": 0.5, "default": 0.1},
    "set_aside": {"placement": 0.001},
    "unresolved": {"section.terms": 1},
    "descriptors": ["uri://maple.example.org/SexDescriptor#X"],
    "default_category": "cat-1",
    "record_years": 7,
    "defaults": {"session.instructionalDays": {"semester": 90}, "assessment.subjects": ["Other", "Reading"]},
}


@pytest.fixture
def region(tmp_path):
    sites = {"maple": small_sites(tmp_path / "data")["maple"]}
    with people_region(tmp_path / "region", sites, [agreement("maple")]) as region:
        yield region


@pytest.fixture
def ana(region):
    return region.browser("ana", ADMINISTRATOR)


def shown(answer):
    return html.fromstring(answer.get_data(as_text=True))


def more(page):
    (found,) = page.xpath("//details[summary='More settings' or summary='Más ajustes']")
    return found


def sent(browser, typed, **more):
    """Open the page, and send what is typed in its form."""
    browser.get(PAGE)
    return browser.post(PAGE, COMMON | typed, **more)


def options(region, name="alder"):
    return DistrictDirectory(region.administered).find(region.actor("ana", (name, "district-admin")), name).options


@pytest.mark.parametrize("language", LOCALES)
def test_each_option_is_told_in_each_language(language):
    known = {text for kind in wording.CATALOGUES for text in catalogue(kind, language)}
    assert {one.label for one in OPTIONS.values()} | {one.about for one in OPTIONS.values()} <= known


def test_people_are_asked_for_everything_that_they_may_say_of_a_district(ana):
    page = shown(ana.get(PAGE))
    asked = {one.get("name") for one in page.xpath("//form//*[@name]")}
    assert asked >= set(written_districts.OPTIONS) - {"adapter", "settings"}


def test_more_settings_are_closed_until_one_is_set(region, ana):
    assert more(shown(ana.get(PAGE))).get("open") is None
    assert sent(ana, {"record_years": "7"}).status_code == 303
    assert more(shown(ana.get(PAGE))).get("open") is not None


def test_what_is_typed_is_written_and_shown_again(region, ana):
    answer = sent(ana, TYPED)
    assert answer.status_code == 303, shown(answer).text_content()
    said = options(region)
    assert {name: said[name] for name in WRITTEN} == WRITTEN
    again = shown(ana.get(PAGE))
    kept = {one.get("name"): one.text or one.get("value") for one in more(again).xpath(".//textarea|.//input")}
    assert sent(ana, {name: text.strip() for name, text in kept.items()}).status_code == 303
    assert options(region) == said
    one = shown(ana.get("/console/districts/alder")).text_content()
    assert "enrollment = 0.5" in one
    assert "Rows that a reading may drop" in one


def test_a_field_that_is_emptied_has_its_default_again(region, ana):
    sent(ana, TYPED)
    sent(ana, dict.fromkeys(TYPED, ""))
    assert not options(region).keys() & TYPED.keys()


@pytest.mark.parametrize(
    ("name", "typed", "told"),
    [
        ("loss", "enrolment = 0.5", "enrolment: no entity of this name is cached (did you mean enrollment?)"),
        ("loss", "enrollment = much", "enrollment: write a share between 0 and 1"),
        ("loss", "enrollment = nan", "enrollment: write a share between 0 and 1"),
        ("loss", "enrollment = 2", "enrollment: write a share between 0 and 1"),
        ("loss", "enrollment = 1\nenrollment = 0", "enrollment: this is said twice"),
        ("loss", "0.5", "write each as NAME = VALUE"),
        (
            "set_aside",
            "session = 0.5",
            "session: no row of this entity is ever set aside, since everything hangs on it",
        ),
        ("unresolved", "section.nothing = 1", "section.nothing: there is no reference of this name"),
        ("school_years", "2027\n1066", "Line 2: write a school year as 2027"),
        ("school_years", "9" * 5000, "Line 1: write a school year as 2027"),
        ("descriptors", "/etc/passwd", "Line 1: write a descriptor of the standard"),
        ("record_years", "0", "must be between 1 and 100"),
        ("record_years", "1\n2", "write one value alone"),
        ("defaults", "session.days = 90", "session.days: no fact of this name can be declared"),
        ("defaults", "session.instructionalDays = many", "session.instructionalDays: write a whole number above 0"),
        ("defaults", "session.instructionalDays = 0", "session.instructionalDays: a whole number from 1 to 999"),
        ("defaults", "enrollment.grade.x = 1", "enrollment.grade.x: no fact of this name can be declared"),
        ("defaults", "teaching.position = a\nteaching.position = b", "teaching.position: this is said twice"),
        (
            "defaults",
            "session.instructionalDays = 90\nsession.instructionalDays.term = 9",
            "session.instructionalDays.term: this is said twice",
        ),
        ("defaults", "session.instructionalDays.never = 9", "session.instructionalDays: 'never' is none of"),
    ],
    ids=lambda value: value[:40].replace("\n", ", "),
)
def test_a_wrong_line_is_told_at_its_field_and_nothing_is_written(ana, name, typed, told):
    page = shown(sent(ana, {name: typed}))
    (fault,) = page.xpath(f"//p[@id='{name}-fault']")
    assert told in fault.text_content()
    assert more(page).get("open") is not None
    assert more(page).xpath(f".//*[@name='{name}' and @aria-invalid='true']")
    assert page.xpath(f"//div[@role='alert']//a[@href='#{name}']")
    assert ana.get("/console/districts/alder").status_code == 404


def test_a_wrong_line_is_told_in_the_language_of_the_page(ana):
    ana.wsgi.set_cookie("__Host-crossing-language", "es", domain="crossing.example.org", secure=True, path="/")
    page = shown(sent(ana, {"loss": "enrolment = 0.5"}))
    assert "¿quiso decir enrollment?" in page.xpath("//p[@id='loss-fault']")[0].text_content()
    assert "Qué parte de las filas" in page.xpath("//p[@id='loss-hint']")[0].text_content()


def test_a_hint_has_no_marks_of_a_document_and_each_field_has_one(ana):
    hints = [one.text_content() for one in more(shown(ana.get(PAGE))).xpath(".//p[@class='hint']")]
    assert len(hints) == len(OPTIONS)
    assert not any("`" in one or "%(" in one for one in hints)


def test_a_system_that_speaks_ed_fi_is_not_asked_for_what_it_says_itself(ana):
    page = shown(ana.get("/console/districts/alder/connection?adapter=edfi_xml"))
    assert not page.xpath("//*[@name='defaults']")
    assert page.xpath("//*[@name='loss']")


def test_options_stay_when_the_system_is_another(region, ana):
    sent(ana, TYPED)
    page = shown(ana.get("/console/districts/alder/connection?adapter=edfi_xml"))
    assert page.xpath("//*[@name='record_years']")[0].get("value") == "7"
    assert not page.xpath("//*[@name='set_source']")[0].xpath("option[@selected][@value='uploaded:']")


def test_what_another_administrator_wrote_meanwhile_is_not_lost(region, ana):
    sent(ana, {"record_years": "7"})
    page = shown(ana.get(PAGE))
    version = page.xpath("//input[@name='version']")[0].get("value")
    ben = region.actor("ben", ADMINISTRATOR)
    Connections(region.administered).save(ben, "alder", {**UPLOADED, "record_years": 20})
    answer = sent(ana, {"version": version, "record_years": "8"})
    assert CHANGED in shown(answer).text_content()
    assert options(region)["record_years"] == 20


def test_the_options_of_a_district_of_the_file_are_shown_and_not_asked_for(tmp_path):
    sites = {"maple": small_sites(tmp_path / "data")["maple"]}
    with people_region(tmp_path / "region", sites, [agreement("maple")]) as region:
        file = region.folder / "gateway.toml"
        text = file.read_text("utf-8")
        said = '[districts.maple.loss]\nenrollment = 0.5\n[districts.maple.defaults]\n"enrollment.grade" = "KG"\n'
        file.write_text(f"{text}\n{said}", "utf-8")
        assert region.running.reload().ok
        mo = region.browser("mo", ("maple", "district-admin"))
        page = shown(mo.get("/console/districts/maple/connection"))
        words = " ".join(page.xpath("//main")[0].text_content().split())
        assert "Rows that a reading may dropenrollment = 0.5" in words
        assert "enrollment.grade = KG" in words
        assert not page.xpath("//main//form")
        refused = mo.post("/console/districts/maple/connection", COMMON | {"loss": "default = 1"})
        assert refused.status_code == 409
        assert "enrollment = 0.5" in mo.get("/console/districts/maple").get_data(as_text=True)
