"""Words of the console: each text of a page, a view or a form has its Spanish once, and no translation lies about."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest
from jinja2.ext import babel_extract

from adapters.registry import BUILT_IN
from gateway.admin.districts.looking import adapter_view
from gateway.console import wording
from gateway.tasks.task import KINDS
from gateway.translations.catalogues import LANGUAGES, SOURCE_LANGUAGE, catalogue
from policies.roles import actions, roles

ROOT = Path(__file__).resolve().parents[3]
CALLS = {"say": 1, "later": 1, "say_several": 2}
"""The functions that take texts to be translated, with how many of their arguments are texts."""
LOCALES = [one for one in LANGUAGES if one != SOURCE_LANGUAGE]


@cache
def of_templates():
    """The texts of all templates of the console."""
    found = {}
    for file in sorted((ROOT / "gateway/console/templates").rglob("*.html")):
        with file.open("rb") as content:
            for line, _, texts, _ in babel_extract(content, ("_", "gettext", "ngettext"), (), {}):
                several = texts if isinstance(texts, tuple) else (texts,)
                found |= {text: f"{file.relative_to(ROOT)}:{line}" for text in several if isinstance(text, str)}
    return found


@cache
def of_code():
    """The texts in calls that translate, in the code of the console and of what it shows."""
    found = {}
    for file in sorted((ROOT / "gateway").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS:
                if not file.is_relative_to(ROOT / "gateway/console"):
                    continue
                texts = node.args[: CALLS[node.func.id]]
                found |= {
                    one.value: f"{file.relative_to(ROOT)}:{one.lineno}"
                    for one in texts
                    if isinstance(one, ast.Constant) and isinstance(one.value, str)
                }
    return found


@cache
def of_adapters():
    """What the shipped adapters say of themselves and of the settings that people write."""
    views = [view for name in BUILT_IN if (view := adapter_view(name)) is not None]
    told = {kind.metadata.get("description", ""): view.name for view in views for kind in view.fields.values()}
    return {text: name for text, name in (told | {view.about: view.name for view in views}).items() if text}


@cache
def literals():
    """Every text that stands in the code: messages of services, words of tables."""
    every = set()
    for file in (
        one for package in ("gateway", "policies", "standards", "adapters") for one in (ROOT / package).rglob("*.py")
    ):
        tree = ast.parse(file.read_text("utf-8"))
        every |= {one.value for one in ast.walk(tree) if isinstance(one, ast.Constant) and isinstance(one.value, str)}
    return every | {one.about for one in actions().values()} | {one.about for one in roles().values()}


@cache
def patterns():
    """What a message may be that the code fills in."""
    found = set()
    for file in (ROOT / "gateway").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.JoinedStr):
                parts = [re.escape(one.value) if isinstance(one, ast.Constant) else ".+" for one in node.values]
                found.add("".join(parts))
    return {one for one in found if len(one.replace(".+", "")) > 10}


def known(language):
    return {text for kind in wording.CATALOGUES for text in catalogue(kind, language)}


@pytest.mark.parametrize("language", LOCALES)
def test_every_text_has_a_translation(language):
    kinds = dict.fromkeys(KINDS.values(), "gateway/tasks/task.py")
    acts = dict.fromkeys((one.about for one in actions().values()), "policies/roles.yaml")
    every = of_templates() | of_code() | of_adapters() | kinds | acts
    missing = {text: where for text, where in every.items() if text not in known(language)}
    assert missing == {}


@pytest.mark.parametrize("language", LOCALES)
def test_no_translation_is_of_a_text_that_nobody_shows(language):
    others = known(language) - of_templates().keys() - of_code().keys() - of_adapters().keys() - literals()
    others -= catalogue("sentences", language).keys()  # templates of texts that the code puts together: see there
    assert {one for one in others if not any(re.fullmatch(pattern, one) for pattern in patterns())} == set()


@pytest.mark.parametrize("language", LOCALES)
def test_a_translation_keeps_the_places_of_what_is_filled_in(language):
    for kind in wording.CATALOGUES:
        for text, translated in catalogue(kind, language).items():
            assert places(text) == places(translated), text


@pytest.mark.parametrize("language", LOCALES)
def test_no_text_is_translated_in_two_ways(language):
    found = {}
    for kind in wording.CATALOGUES:
        for text, translated in catalogue(kind, language).items():
            found.setdefault(text, set()).add(translated)
    assert {text: several for text, several in found.items() if len(several) > 1} == {}


def places(text):
    return sorted(part.partition(")s")[0] for part in text.split("%(")[1:])
