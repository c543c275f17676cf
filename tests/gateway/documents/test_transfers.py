"""The printed agreement about transfers: both parties read what leaves how, in English and in Spanish."""

from __future__ import annotations

import pytest

from gateway.documents import transfers
from gateway.documents.kinds import FORMATS, document
from gateway.documents.words import Wording
from policies.transfers.terms import CONDITIONS, NOTICES, SECTIONS, TRACKS, SectionDecision
from tests.policies.transfers.written import RECEIVER, RELEASE, SENDER, THIRD, load

LETTER = ("notify: annual-notice", 'notify: letter\n  office: "Records, 12 Maple Street"')
TWO = ("  notify:", "  twoPersons: true\n  notify:")


def said(*changes, language="en"):
    return FORMATS["text"](document(load(*changes), "agreement", language)).decode()


def test_every_word_of_the_terms_has_a_sentence():
    assert transfers.SECTION_NAMES.keys() == set(SECTIONS)
    assert transfers.TRACK_NAMES.keys() == TRACKS.keys()
    assert transfers.DECISIONS.keys() == set(SectionDecision)
    assert transfers.CONDITION_NAMES.keys() == set(CONDITIONS)
    assert transfers.NOTICES.keys() == set(NOTICES)


def test_the_agreement_tells_whom_it_is_about_and_what_leaves_how():
    page = said()
    for words in (
        "The one student who enrolls at the recipient, and whose record it asks for.",
        "Section of the record: Attendance | Information due at once: by rule | Whole record: as a person decides",
        "Section of the record: Parents and other contacts, and all addresses | Information due at once: not sent",
        "Section of the record: Discipline | Information due at once: as a person decides",
        "By rule it leaves only where the state's number of the student is equal in both school districts, the birth",
        "The school district's annual notice tells parents", f"with the thumbprint {RECEIVER}.", f"with the thumbprint {SENDER}.",
        "Ask for the record of a student who enrolls there, and receive it; nothing else.", "For the recipient fir",
        "school district",
    ):  # fmt: skip
        assert words in page or words in page.replace("- ", "Section of the record: "), words
    assert "Every student of the school district." not in page


def test_without_a_rule_it_says_that_a_person_decides_and_who_confirms():
    page = said((RELEASE, ""), TWO)
    assert "A person of the school district decides on every release." in page
    assert "A second person of the school district confirms what the first releases." in page
    assert "by rule" not in page


def test_a_letter_names_the_office_in_quotation_marks():
    assert "they turn to “Records, 12 Maple Street”." in said(LETTER)


def test_two_keys_are_told_as_either():
    assert f"{SENDER} or {THIRD}." in said((f'["{SENDER}"]', f'["{SENDER}", "{THIRD}"]'))


@pytest.mark.parametrize("changes", [(), (LETTER, TWO), ((RELEASE, ""),), (("annual-notice", "begun-by-parent"),)])
def test_the_spanish_page_has_no_english_sentence(changes):
    page, english = said(*changes, language="es"), Wording("en")
    for text in transfers.terms(load(*changes).transfer, english):
        assert text not in page
    for names in (transfers.SECTION_NAMES, transfers.TRACK_NAMES, transfers.CONDITION_NAMES):
        assert [one for one in names.values() if f" {one} " in page or f": {one}\n" in page] == []
    assert "Traslado de expedientes" in page


@pytest.mark.parametrize("kind", ["agreement", "schedule", "elements"])
@pytest.mark.parametrize("format_", ["text", "html"])
def test_every_kind_of_document_can_be_written(kind, format_):
    assert "maple-to-fir" in FORMATS[format_](document(load(), kind, "es")).decode()
