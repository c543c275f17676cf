"""The consent form: what 34 CFR 99.30 asks for, and a hash that says which text was signed."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import pytest

from gateway.documents.consent_form import consent_form, digest
from gateway.documents.formats import html, text
from gateway.documents.words import Wording
from policies.elements import Line
from standards.errors import NotFound
from tests.gateway.documents.samples import LANGUAGES, changed, stored, tutoring


def form(one=None, language="en"):
    return consent_form(one or tutoring(), Wording(language))


def said(one=None, language="en") -> str:
    return text.render(form(one, language)).decode()


def test_it_names_the_records_the_purpose_and_the_party():
    for words in (
        "Form reading-2026", "The school district maple would disclose records to reading-partners",
        "Purpose: “tutoring”. Interest: “plan weekly reading support”.",
        "- The day the student was born. Sent: only the year.", "- The first name of the student.",
        "From September 1, 2026 to August 31, 2027",
    ):  # fmt: skip
        assert words in said(), words


def test_it_has_lines_for_the_student_the_signer_and_the_date_and_a_box_for_the_eligible_student():
    for words in (
        "Name of the student: ____",
        "Signature: ____",
        "Date: ____",
        "[ ] Parent or legal guardian",
        "[ ] Eligible student",
    ):
        assert words in said(), words


def test_it_says_how_to_withdraw_that_signing_is_voluntary_and_what_ends_at_eighteen():
    for words in (
        "withdraw your consent at any time by writing",
        "Signing is voluntary",
        "when the student turns 18",
        "a copy of the records",
    ):
        assert words in said(), words


def test_it_lists_what_is_about_the_family_and_not_what_is_about_schools_alone():
    assert "Which student it is about." in said()
    assert "The name of the school or district." not in said()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_hash_is_that_of_the_text_and_stands_below_it(language):
    written = form(language=language)
    assert digest(written) == hashlib.sha256(text.render(written)).hexdigest()
    assert digest(written) in html.render(written).decode()
    assert digest(written) not in text.render(written).decode()


def test_each_language_is_a_text_of_its_own():
    assert digest(form(language="en")) != digest(form(language="es"))


def test_what_a_family_reads_changes_the_hash_and_what_it_does_not_read_does_not():
    one = tutoring()
    more = replace(one, lines=(*one.lines, Line("student.email", "allow")))
    assert digest(form(more)) != digest(form(one))
    assert digest(form(replace(one, interest="sell books"))) != digest(form(one))
    written = json.loads(one.text) | {"redisclosure": {"named": ["A Friend"]}}
    assert digest(form(changed(one, written))) != digest(form(one))
    assert digest(form(replace(one, version=2, clients=("other-client",)))) == digest(form(one))


def test_an_agreement_that_asks_for_no_consent_has_no_form():
    with pytest.raises(NotFound, match="asks for no consent"):
        form(stored())
