"""Summaries: what a registrar looks for is on the page, in English and in the language of the home."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from lxml import etree

import gateway
from gateway.transfers.package import summary
from gateway.transfers.package.assembly import pack
from gateway.transfers.package.summary.words import SummaryWording
from gateway.translations.catalogues import catalogue
from tests.gateway.documents.pdf import Pdf
from tests.gateway.transfers.package.worlds import HEADER, MemoryRecord, descriptor, files, history, plan

FOLDER = Path(summary.__file__).parent
PLACE = re.compile(r"%\(\w+\)s")


def page(contents=None, name="summary.html", chosen=None):
    found = files(pack(HEADER, chosen or plan(), MemoryRecord(contents or history(2))))[name].decode()
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", found.partition("<main>")[2]))


def changed(**documents):
    known = history(2)
    return replace(known, documents={**known.documents, **documents})


def test_every_text_has_a_spanish_one_and_there_is_no_other():
    methods = [("**.py", "python")]
    found = extract_from_dir(FOLDER, method_map=methods, keywords={"say": None, "message": None})
    texts = {text for _, _, text, _, _ in found}
    said = catalogue("transfers", "es")
    assert set(said) == texts
    for text, translated in said.items():
        assert sorted(PLACE.findall(text)) == sorted(PLACE.findall(translated))
    assert (Path(gateway.__file__).parent / "translations/locale/es/transfers.po").exists()


def test_a_registrar_finds_the_child_the_schools_the_courses_and_the_totals():
    found = page()
    for text in (
        "Ana Luz Ibarra", "May 7, 2008", "Osprey High School", "School year 2014 to 2015", "Course of study 3",
        "Credits earned: 16.00", "Cumulative grade point average: 3.12", "Excused Absence 30", "Gifted and Talented",
        "MMR", "In School Suspension", "Rosa Ibarra Mother", "12 Larch Lane, Kent, WA 98032",
    ):  # fmt: skip
        assert text in found, text


def test_what_is_not_in_the_package_is_said_with_whom_to_telephone():
    found = page(chosen=plan(withheld=["transcript", "health"], told=["transcript"]))
    assert "Transcript: withheld by the sending district." in found
    assert "Health and immunizations: nothing was sent." in found
    assert "ask the registrar: Maple School District, (425) 555-0100." in found


def test_the_page_in_the_language_of_the_home_says_the_same():
    found = page(name="summary.es.html")
    assert "Créditos obtenidos: 16.00" in found
    assert "7 may 2008" in found
    assert "Course of study 3" in found
    assert "Credits earned" not in found


def test_a_home_with_another_language_has_the_english_page_alone():
    uses = [{"languageUseDescriptor": descriptor("LanguageUse", "Home language")}]
    known = history(2).documents["studentEducationOrganizationAssociations"][0]
    other = {**known, "languages": [{"languageDescriptor": descriptor("Language", "som"), "uses": uses}]}
    found = files(pack(HEADER, plan(), MemoryRecord(changed(studentEducationOrganizationAssociations=(other,)))))
    assert [name for name in found if name.startswith("summary")] == ["summary.html", "summary.pdf"]


def test_the_pdf_is_tagged_and_the_same_each_time():
    content = files(pack(HEADER, plan(), MemoryRecord(history(1))))["summary.pdf"]
    assert content == files(pack(HEADER, plan(), MemoryRecord(history(1))))["summary.pdf"]
    assert "Student record" in Pdf(content).metadata


def test_a_name_that_the_fonts_of_the_pdf_lack_is_on_the_page_alone():
    student = {**history(2).documents["students"][0], "firstName": "中文"}
    found = files(pack(HEADER, plan(), MemoryRecord(changed(students=(student,)))))
    assert "summary.pdf" not in found
    assert "中文" in found["summary.html"].decode()


def test_a_text_of_a_record_is_never_markup():
    student = {**history(2).documents["students"][0], "firstName": "<script>alert(1)</script>"}
    found = files(pack(HEADER, plan(), MemoryRecord(changed(students=(student,)))))["summary.html"].decode()
    assert "<script>" not in found


HOSTILE = "<img src=x onerror=alert(1)>\"'&]]></style><script>\u202e\n\x07"
TAGS = {"html", "head", "meta", "title", "style", "body", "main", "header", "h1", "h2", "p", "ul", "li", "table", "caption",
        "colgroup", "col", "thead", "tbody", "tr", "th", "td", "footer"}  # fmt: skip
ATTRIBUTES = {"lang", "charset", "name", "content", "class", "scope", "style"}


def spoilt(value):
    """A value in which every text ends with what would be markup, and with what turns or breaks a line."""
    if isinstance(value, dict):
        return {name: spoilt(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(spoilt, value))
    return value + HOSTILE if isinstance(value, str) else value


def test_no_text_of_a_record_is_markup_or_turns_a_line_wherever_it_stands():
    contents = changed(**spoilt(dict(history(2).documents)))
    office = replace(HEADER.sender, name=spoilt("Maple"), telephone=spoilt("1"), mail=spoilt("m"))
    header = replace(HEADER, sender=office, receiver=replace(HEADER.receiver, name=spoilt("Cedar")))
    content = files(pack(header, plan(), MemoryRecord(contents)))["summary.html"]
    found = list(etree.fromstring(content, etree.HTMLParser()).iter())
    assert {one.tag for one in found} <= TAGS
    assert {name for one in found for name in one.attrib} <= ATTRIBUTES
    assert content.decode().count("&lt;img src=x") > 100
    assert all(line.isprintable() for line in content.decode().split("\n"))
    cells = [one.text for one in found if one.tag in {"td", "th", "h1", "p", "title", "caption", "li"} and one.text]
    assert [one for one in cells if "\n" in one.strip()] == []


@pytest.mark.parametrize(
    ("name", "printed"),
    [("Наталія", True), ("محمد الأمين", True), ("Nguyễn Thị Ánh", True), ("Zoë 🦊", False), ("#let x = `1` $y$", True)],
)
def test_a_name_in_any_letters_is_on_the_page_as_it_is_written(name, printed):
    student = {**history(1).documents["students"][0], "firstName": name}
    found = files(pack(HEADER, plan(), MemoryRecord(changed(students=(student,)))))
    assert ("summary.pdf" in found) is printed
    assert name in found["summary.html"].decode()


def test_what_is_no_day_stays_as_it_is():
    assert SummaryWording("en").day("soon") == "soon"
    assert SummaryWording("es").day("2026-11-02T16:00:00Z") == "2 nov 2026"
    assert SummaryWording("en").day(None) == ""


def test_other_sections_have_tables_where_there_is_anything():
    period = {"gradingPeriodName": "Quarter 1", "schoolYear": 2016, "schoolId": 1, "gradingPeriodDescriptor": "x#y"}
    section = {"localCourseCode": "L1", "schoolId": 5, "sectionIdentifier": "S1", "schoolYear": 2016, "sessionName": "F",
               "studentUniqueId": "9000000001", "beginDate": "2015-09-03"}  # fmt: skip
    plan_of = {"graduationPlanTypeDescriptor": descriptor("GraduationPlanType", "Recommended"),
               "graduationSchoolYearTypeReference": {"schoolYear": 2016}, "totalRequiredCredits": 24,
               "educationOrganizationReference": {"educationOrganizationId": 5}}  # fmt: skip
    student = {"studentReference": {"studentUniqueId": "9000000001"}}
    found = page(
        changed(
            studentSectionAssociations=({**student, "sectionReference": section, "beginDate": "2015-09-03"},),
            courseOfferings=(
                {"localCourseCode": "L1", "localCourseTitle": "Robotics", "schoolReference": {"schoolId": 5},
                 "sessionReference": {"schoolId": 5, "schoolYear": 2016, "sessionName": "F"},
                 "courseReference": {"courseCode": "C01", "educationOrganizationId": 5}},
            ),
            grades=(
                {"studentSectionAssociationReference": section, "gradingPeriodReference": period, "letterGradeEarned": "B+",
                 "gradeTypeDescriptor": descriptor("GradeType", "Final")},
            ),
            studentCohortAssociations=(
                {**student, "beginDate": "2015-09-03", "cohortReference": {"cohortIdentifier": "AVID",
                                                                           "educationOrganizationId": 5}},
            ),
            graduationPlans=(plan_of,),
        )
    )  # fmt: skip
    for text in ("Robotics S1 Sep 3, 2015", "Robotics Quarter 1 2016 B+", "AVID Sep 3, 2015", "Recommended 2016"):
        assert text in found, text
