"""Translations: every text of the documents, of the vocabulary and of the schedule has a Spanish one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import gateway
from gateway.documents.kinds import FORMATS, document
from gateway.translations.catalogues import LANGUAGES, catalogue, translator
from standards import schedule, vocabulary
from standards.errors import NotFound
from tests.gateway.documents.samples import KINDS, tutoring

ROOT = Path(gateway.__file__).parent
LOCALE = ROOT / "translations" / "locale"
PLACEHOLDER = re.compile(r"%\(\w+\)s")
ALIKE = {"no", "34 CFR %(section)s. %(about)s"}


def extracted() -> set[str]:
    """The texts that the code and the templates of documents say."""
    methods = [("**.py", "python"), ("**.html", "jinja2.ext:babel_extract")]
    found = extract_from_dir(ROOT / "documents", method_map=methods, keywords={"say": None, "message": None, "_": None})
    return {text for _, _, text, _, _ in found}


def told() -> set[str]:
    """The sentences of the vocabulary."""
    entities = vocabulary.entities().values()
    return {one.about for one in entities} | {field.about for one in entities for field in one.fields.values()}


def titles() -> set[str]:
    known = schedule.categories().values()
    return {one.title for one in known} | {row.title for one in known for row in one.elements.values()}


TEXTS = {"documents": extracted(), "vocabulary": told(), "schedule": titles()}
EACH = pytest.mark.parametrize("language", [one for one in LANGUAGES if one != "en"])
EVERY = pytest.mark.parametrize("kind", TEXTS)


@EVERY
@EACH
def test_every_text_is_translated_and_nothing_else(kind, language):
    assert len(TEXTS[kind]) > 50
    assert set(catalogue(kind, language)) == TEXTS[kind]


@EVERY
@EACH
def test_no_translation_is_uncertain_or_left_over(kind, language):
    with (LOCALE / language / f"{kind}.po").open("rb") as file:
        messages = read_po(file, locale=language, abort_invalid=True)
    assert [one.id for one in messages if one.id and (one.fuzzy or not one.string)] == []
    assert list(messages.obsolete) == []


@EVERY
@EACH
def test_a_translation_has_the_same_places_to_fill_in(kind, language):
    for text, said in catalogue(kind, language).items():
        assert sorted(PLACEHOLDER.findall(text)) == sorted(PLACEHOLDER.findall(said)), text
        assert text.replace("%(", "").count("%") == said.replace("%(", "").count("%") == 0, text


@EVERY
@EACH
def test_a_translation_is_another_text_with_the_same_ending(kind, language):
    for text, said in catalogue(kind, language).items():
        assert text in ALIKE or text != said, text
        assert (text[-1] in ".:") == (said[-1] in ".:"), text
        assert text[0].isupper() == said[0].isupper(), text


@pytest.mark.parametrize("kind", KINDS)
def test_a_spanish_document_has_no_english_sentence(kind):
    said = FORMATS["text"](document(tutoring(), kind, "es")).decode()
    parts = {part.strip(" -|.") for part in re.split(r"\n|: | \| ", said)}
    english = {PLACEHOLDER.sub("", text).strip(" -|.:") for texts in TEXTS.values() for text in texts}
    spanish = {said.strip(" -|.:") for kind in TEXTS for said in catalogue(kind, "es").values()}
    assert parts & (english - spanish - {""}) == set()
    for text in english - spanish:
        assert len(text) < 25 or text not in said, text


def test_a_text_that_nobody_translated_is_an_error_and_not_english():
    with pytest.raises(KeyError):
        translator("documents", "es")("A sentence of tomorrow.")


def test_a_language_that_there_is_not_is_named_with_those_there_are():
    with pytest.raises(NotFound, match="en, es"):
        translator("documents", "xx")
