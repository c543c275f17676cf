"""Refusals of services that a page can meet have their Spanish: each text, and each template that values are put into."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil

import pytest

import gateway.admin
import gateway.people
from gateway.console import wording
from gateway.translations.catalogues import LANGUAGES, SOURCE_LANGUAGE, catalogue
from gateway.translations.phrases import Phrase
from standards.errors import GatewayError

LOCALES = [one for one in LANGUAGES if one != SOURCE_LANGUAGE]
OF_COMMANDS = {
    "A machine acts in one of the roles", "Nobody is ", "Nothing does ", "The kind of an organisation is one of",
    "Unknown members are treated as", "Its kind must be one of", "Only the operator's command registers",
    "There is a region operator already", "give at least one",
}  # fmt: skip
"""What only a command or a program can meet: pages offer nothing of the kind."""


def modules():
    for package in (gateway.admin, gateway.people):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            yield importlib.import_module(found.name)


def raised():
    """Yield each text that an error of the services is made with, with its place; f-strings by their parts."""
    for module in modules():
        for node in ast.walk(ast.parse(inspect.getsource(module))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args):
                continue
            made = getattr(module, node.func.id, None)
            if inspect.isclass(made) and issubclass(made, GatewayError):
                text = told(module, node.args[0])
                if text is not None:
                    yield text, f"{module.__name__}:{node.lineno}"


def told(module, argument):
    if isinstance(argument, ast.JoinedStr):
        return "".join(one.value if isinstance(one, ast.Constant) else "{}" for one in argument.values)
    if isinstance(argument, ast.Call) and isinstance(argument.func, ast.Name) and argument.func.id == "Phrase":
        return told(module, argument.args[0])
    if isinstance(argument, ast.Name):
        found = getattr(module, argument.id, None)
        return found if isinstance(found, str) else None
    return argument.value if isinstance(argument, ast.Constant) else None


@pytest.mark.parametrize("language", LOCALES)
def test_every_refusal_that_a_page_can_meet_is_translated(language):
    known = {text for kind in wording.CATALOGUES for text in catalogue(kind, language)}
    missing = {text: where for text, where in raised() if text not in known}
    assert {
        text: where for text, where in missing.items() if not any(text.startswith(one) for one in OF_COMMANDS)
    } == {}


def test_a_phrase_is_its_english_text():
    made = Phrase("%(client)s is %(state)s.", client="'a'", state=Phrase("ended"))
    assert made == "'a' is ended."
    assert (made.template, made.values["client"]) == ("%(client)s is %(state)s.", "'a'")
