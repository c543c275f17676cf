"""Reports say what the law asks of each row, and no text in them is left untranslated."""

from __future__ import annotations

import ast
import csv
import io
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.audit.reports import facts, law, printing
from gateway.audit.reports.child import ChildReport, Disclosures, Terms
from gateway.audit.reports.export import as_csv
from gateway.audit.reports.facts import in_words
from gateway.audit.reports.law import duty
from gateway.audit.reports.printing import Print
from gateway.one_line import one_line
from gateway.translations.catalogues import LANGUAGES, translator
from policies.transforms import ACTIONS
from standards import vocabulary
from tests.support.needs import ROOT

REPORTS = ROOT / "gateway" / "audit" / "reports"
NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("basis", "section"),
    [
        ("99.31(a)(12)", "34 CFR 99.32(d)(1)"),
        ("99.31(a)(1)", "34 CFR 99.32(d)(2)"),
        ("99.31(a)(1)(i)(B)", "34 CFR 99.32(d)(2)"),
        ("99.30", "34 CFR 99.32(d)(3)"),
        ("99.30(a)", "34 CFR 99.32(d)(3)"),
        ("99.31(a)(11)", "34 CFR 99.32(d)(4)"),
        ("99.31(a)(11)+99.37", "34 CFR 99.32(d)(4)"),
        ("99.31(a)(9)(ii)(A)", "34 CFR 99.32(d)(5)"),
        ("99.31(a)(9)(ii)(B)", "34 CFR 99.32(d)(5)"),
        ("99.31(a)(9)(ii)(C)", "34 CFR 99.32(d)(5)"),
    ],
)
def test_the_law_exempts_what_it_lists(basis, section):
    found = duty(basis, ["student.name.given"])
    assert (found.demanded, found.sections) == (False, (section,))


@pytest.mark.parametrize(
    "basis",
    [
        "99.31(a)(2)", "99.31(a)(3)+99.35", "99.31(a)(6)", "99.31(a)(9)(ii)", "99.31(a)(9)(i)", "99.31(a)(10)+99.36",
        "99.31(a)(13)", "99.31(a)(16)", "99.31(a)", "99.36", "", "a word", "99.31(a)(1), 99.31(a)(6)", "99.301",
    ],
)  # fmt: skip
def test_the_law_demands_everything_else(basis):
    assert duty(basis, []).demanded


def test_bases_that_are_each_exempt_are_exempt_together():
    found = duty("99.30, 99.31(a)(1)", [])
    assert (found.demanded, found.sections) == (False, ("34 CFR 99.32(d)(3)", "34 CFR 99.32(d)(2)"))


@pytest.mark.parametrize(
    ("name", "special"),
    [
        ("programParticipation.program", True), ("healthRecord.asOf", True), ("transportation.needs", True),
        ("edfi.studentSpecialEducationProgramAssociations.ideaEligibility", True),
        ("student.name.given", False), ("enrollment.grade", False),
    ],
)  # fmt: skip
def test_facts_of_special_education_need_a_record_whoever_got_them_but_the_parent(name, special):
    assert duty("99.31(a)(1)", [name]).special_education is special
    assert duty("99.31(a)(6)", [name]).special_education is special
    assert duty("99.31(a)(12)", [name]).special_education is False


SECRET = ["99.31(a)(9)(ii)(A)", "99.31(a)(9)(ii)(B)", "99.31(a)(9)(ii)(C)", "99.31(a)(9)(ii)(A)+99.31(a)(3)"]
"""Subpoenas and orders of which the parent is not notified (34 CFR 99.31(a)(9)(ii))."""


@pytest.mark.parametrize("basis", SECRET)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_parents_paper_tells_nothing_of_a_secret_subpoena_and_the_custodian_sees_it(basis, language):
    asked = row(org="county-prosecutor", client="prosecutor-prod", basis=basis)
    paper, own = (printed(row(), asked, language=language, custodian=one) for one in (False, True))
    assert paper == printed(row(), language=language)
    assert "prosecutor" in own
    assert "prosecutor" not in str(Print(report_of(asked), language).document())


@pytest.mark.parametrize("basis", ["99.31(a)(9)", "99.31(a)(9)(i)", "99.31(a)(9)(ii)", "99.31(a)(10)", "99.30"])
def test_a_parents_paper_tells_of_every_other_basis(basis):
    assert "2. court (" in printed(row(), row(org="court", basis=basis))


def test_a_row_names_the_parties_to_which_it_may_be_passed_on():
    further = Terms(
        "study@1", "university", "researcher", "study", "compare", ("State University, evaluation", "Cloudy")
    )
    assert "May pass it on to: State University, evaluation; Cloudy\n" in printed(row(terms=(further,)))
    assert "May pass it on to" not in printed(row())


def test_every_action_that_releases_something_has_words():
    assert set(facts.DONE) == set(ACTIONS) - {"deny"}


def said(path):
    """Yield every text that a module says to people."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == "say":
            yield from (one.value for one in node.args if isinstance(one, ast.Constant))


def every_text():
    modules = {text for path in REPORTS.glob("*.py") for text in said(path)}
    listed = {*printing.DONE.values(), printing.OTHER, *printing.KINDS.values(), *filter(None, facts.DONE.values())}
    return modules | listed | {whom for _, _, whom in law.EXEMPTIONS}


@pytest.mark.parametrize("language", [one for one in LANGUAGES if one != "en"])
def test_no_text_is_left_untranslated(language):
    say, lacking = translator(facts.KIND, language), []
    for text in every_text():
        try:
            assert set(re.findall(r"{\w+}", say(text))) == set(re.findall(r"{\w+}", text)), text
        except KeyError:
            lacking.append(text)
    assert lacking == []
    assert len(every_text()) > 40


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_fact_about_a_child_has_words_in_every_language(language):
    names = [name for name in vocabulary.names() if facts.about_a_child(name)]
    assert len(names) > 250
    for name in names:
        (told,) = in_words([(name, "allow")], language)
        assert told
        assert told != name


def test_facts_about_schools_and_courses_are_not_listed_as_those_of_a_child():
    assert (
        in_words([("organization.name", "allow"), ("course.title", "allow"), ("staff.name.given", "allow")], "en") == []
    )


def row(**more):
    given = {
        "org": "tutor", "client": "tutor-prod", "operation": "read", "purpose": "tutoring", "basis": "99.31(a)(1)",
        "terms": (Terms("tutor-maple@1", "tutor", "vendor", "tutoring", "plan support"),), "first": NOON, "last": NOON,
        "times": 1, "facts": frozenset({("student.birthDate", "year")}), "known": True, "events": (1,),
    }  # fmt: skip
    return Disclosures(**(given | more))


def report_of(*rows):
    return ChildReport("maple", NOON, None, None, rows, ())


def printed(*rows, language="en", **more):
    return Print(report_of(*rows), language, **more).text()


def test_a_row_without_texts_of_an_older_version_says_what_is_not_on_record():
    told = printed(row(terms=(), facts=frozenset(), known=False, purpose="", basis=""))
    assert "Purpose: not on record" in told
    assert "Allowed by: not on record" in told
    assert "- not on record" in told
    assert "The law demands this row" in told


def test_the_numbers_of_events_are_the_operators_alone_since_all_districts_are_counted_by_them():
    assert "Events: 1" in printed(row(), custodian=True, numbered=True)
    assert "Events" not in printed(row(), custodian=True)


def test_an_operation_that_nobody_knows_is_told_all_the_same():
    assert "did something else with" in printed(row(operation="lend"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_one_time_and_several_are_told_apart(language):
    assert ("once, on" in printed(row())) or language != "en"
    assert printed(row(), language=language) != printed(row(times=2), language=language)


BEGINNINGS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def cells_of(event):
    """The cells of an event's row, by the heading, as a reader of CSV has them."""
    written = "".join(as_csv([event]))
    (row,) = csv.DictReader(io.StringIO(written, newline=""))
    return row


@given(
    st.sampled_from(["", " ", "  ", "\xa0", "\ufeff", "\0"]),
    st.sampled_from(BEGINNINGS),
    st.text("1+=A(),;'\"\n\t|!", max_size=6),
)
def test_what_a_spreadsheet_takes_for_a_formula_is_neutralised(before, begin, rest):
    text = before + begin + rest
    assert cells_of({"seq": 1, "actor": text})["actor"] == one_line(f"'{text}")
    assert cells_of({"seq": 1, "shape": [text, "b"]})["shape"] == one_line(f"'{text} b")
    assert cells_of({"seq": 1, "reason": {text: 1}})["reason"] == one_line(str({text: 1}))


def test_numbers_and_plain_texts_are_as_they_are_and_no_cell_begins_at_a_semicolon():
    row = cells_of({"seq": -1, "rows": 3, "actor": "ana", "reason": None})
    assert (row["seq"], row["rows"], row["actor"], row["reason"], row["client"]) == ("-1", "3", "ana", "", "")
    (_, line) = as_csv([{"seq": 1, "reason": "a;=1+1"}])
    assert '"a;=1+1"' in line
