"""The glossary: it explains the project's own words and names their place in the code."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "glossary.md"
OWN = {
    "act", "actor", "agreement", "approval", "chain", "contract", "cursor", "disclosure", "epoch", "grant", "keyring", "lens", "manifest",
    "package", "population", "proposal", "prune", "register", "row index", "schedule", "snapshot", "tag", "task", "transfer", "transfer worker",
    "view", "vocabulary",
}  # fmt: skip
ENTRIES = dict(part.split("\n", 1) for part in PAGE.read_text("utf-8").split("\n## ")[1:])
NAMED = re.compile(r"`((?:standards|adapters|policies|gateway)(?:\.\w+)+)`")


def find(name: str) -> object:
    """Find the module, class or member with a dotted *name*."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        path = ".".join(parts[:length])
        try:
            found = import_module(path)
        except ModuleNotFoundError as error:
            if error.name is None or not f"{path}.".startswith(f"{error.name}."):
                raise
            continue
        for part in parts[length:]:
            found = getattr(found, part)
        return found
    raise ModuleNotFoundError(name)


def test_the_words_are_explained_in_order():
    assert list(ENTRIES) == sorted(OWN)


@pytest.mark.parametrize("word", ENTRIES)
def test_an_entry_says_where_the_word_is_in_the_code(word):
    text, _, code = ENTRIES[word].partition("In code:")
    assert text.strip()
    assert NAMED.findall(code)


@pytest.mark.parametrize("name", sorted({name for entry in ENTRIES.values() for name in NAMED.findall(entry)}))
def test_a_name_in_the_glossary_is_in_the_code(name):
    assert find(name) is not None


@pytest.mark.parametrize("name", ["standards.view.Nothing", "gateway.no_such_module.Thing", "gateway.no_such_module"])
def test_a_name_that_is_nowhere_is_noticed(name):
    with pytest.raises((AttributeError, ModuleNotFoundError)):
        find(name)
