"""Sentences that services tell people, or that are on record: each is retold in Spanish, and nothing else is."""

from __future__ import annotations

import ast
import re
import time
from functools import cache
from pathlib import Path

import pytest

from gateway.console.wording import CATALOGUES
from gateway.translations.catalogues import catalogue
from gateway.translations.sentences import Sentences

ROOT = Path(__file__).resolve().parents[4]
MODULES = (
    "adapters/notes.py", "gateway/admin/agreements/checking.py", "gateway/admin/answers/details.py",
    "gateway/admin/answers/rows.py", "gateway/cache/completeness.py", "gateway/districts/status.py",
    "gateway/failure_reasons.py", "gateway/reasoning/children.py", "gateway/reasoning/clause_steps.py",
    "gateway/reasoning/examples.py", "gateway/reasoning/register_steps.py", "gateway/reasoning/simulation.py",
    "gateway/registers/csv_rows.py", "gateway/registers/imports.py", "gateway/registers/resolving.py",
    "gateway/registers/stating.py", "policies/agreement.py", "policies/checks.py", "policies/comparison/review.py",
    "policies/comparison/terms.py", "policies/comparison/widening.py", "policies/documents/loading.py",
    "policies/documents/schema.py", "policies/documents/terms.py", "policies/documents/written.py",
    "policies/elements.py", "policies/canonical.py", "policies/explain.py", "policies/population.py",
    "policies/reasoning/analysis.py", "policies/reasoning/diff.py", "policies/reasoning/differences.py",
    "policies/reasoning/terms.py", "policies/standing.py", "policies/combining.py",
    "gateway/admin/agreements/named_clients.py", "policies/transfers/checks.py", "policies/transfers/words.py",
    "policies/reasoning/transfer_differences.py",
)  # fmt: skip
"""The modules whose sentences pages show."""
OF_COMMANDS = {
    "; approve it with: crossing districts approve", "not shown: the child is not in the population", "not shown: the registers say so",
    "no fact of a child", "shown, where the records have it: they do not", ", beside what is in force",
    "Facts by class, now and then", "Students who can be told apart", "students in groups of fewer than", "who look alike:",
    "the smallest group:", "not in agreement", "a student is in it who",
}  # fmt: skip
"""What only a command writes."""
OF_PROGRAMS = {
    "dsa/v1 agreement with its expansion", "mapping values are not allowed", "expected ','", "expected ':'",
    "unexpected end of stream",
}  # fmt: skip
"""What no person reads: a mark of hashed texts, and what the reader of YAML calls a mistake."""
METRIC = re.compile(r"^[A-Z1].*[a-z]\.$")
"""What a number of the operator's is of."""
MOST_SECONDS = 5
WORDY = re.compile(r"(?:[a-z']+[ ,:;]+){2,}[a-z']+")


@pytest.fixture(scope="module")
def words():
    return {text: said for kind in CATALOGUES for text, said in catalogue(kind, "es").items()}


@pytest.fixture(scope="module")
def spanish(words):
    return Sentences("es", catalogue("sentences", "es"), words)


def written(module):
    """Yield each literal piece of a sentence in a module, with its line; docstrings are none."""
    tree = ast.parse((ROOT / module).read_text("utf-8"))
    told = {id(one.value) for one in ast.walk(tree) if isinstance(one, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            yield from ((piece, node.lineno) for piece in node.value.strip().split("\n") if WORDY.search(piece))


@pytest.mark.parametrize("module", MODULES)
def test_every_sentence_of_a_service_has_its_spanish(words, module):
    every = "\n".join(words).replace("%%", "%")
    missing = [
        f"{module}:{line}: {piece}" for piece, line in written(module)
        if piece.strip(" ;,:") not in every and piece.strip() not in OF_COMMANDS | OF_PROGRAMS and not METRIC.search(piece)
    ]  # fmt: skip
    assert not missing, "\n".join(missing)


@cache
def every_text():
    """Return all that stands in the code, and what the schema of agreements says."""
    found = [(ROOT / "policies/agreement.schema.json").read_text("utf-8").replace('\\"', '"')]
    for package in ("adapters", "gateway", "policies", "standards"):
        for file in (ROOT / package).rglob("*.py"):
            tree = ast.parse(file.read_text("utf-8"))
            found += [
                one.value for one in ast.walk(tree) if isinstance(one, ast.Constant) and isinstance(one.value, str)
            ]
    return "\n".join(found)


def test_no_template_is_of_a_sentence_that_nobody_says():
    """Templates join what the code has in parts, so that some two words of each piece must stand there together."""
    pieces = {piece.strip() for text in catalogue("sentences", "es") for piece in re.split(r"%\(\w+\)s", text)}
    assert {
        piece for piece in pieces if WORDY.search(piece) and not any(run in every_text() for run in runs(piece))
    } == set()


def runs(piece):
    words = piece.replace("%%", "%").split()
    return {" ".join(words[at : at + 2]) for at in range(len(words) - 1)}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("not signed by maple and reading", "sin la firma de maple y reading"),
        (
            "not signed by maple; it is wider than the version before: the client b is new",
            "sin la firma de maple; es más amplia que la versión anterior: el cliente b es nuevo",
        ),
        (
            "students enrolled today at school 101 or school 102 aged 5 to 9",
            "estudiantes matriculados hoy en la escuela 101 o la escuela 102 de 5 a 9 años",
        ),
        ("a@1: valid from 2026-01-01 to 2026-08-31, and today is 2026-11-02",
         "a@1: válido del 1 ene 2026 al 31 ago 2026, y hoy es 2 nov 2026"),
        ("unknown key 'foo' (did you mean form?)", "clave desconocida 'foo' (¿quiso decir form?)"),
        ("kind is missing in recipient", "falta kind en recipient"),
        ("must be one of: form, text", "debe ser uno de: form, text"),
        ("student.name leaves as it is, and did not (contact, directory)",
         "student.name sale tal como está, y antes no salía (contacto, directorio)"),
    ],
    ids=["parties", "within one another", "population", "days", "hint", "keys", "codes", "classes"],
)  # fmt: skip
def test_a_sentence_is_retold_with_what_stands_in_it(spanish, text, said):
    assert spanish.retell(text) == said


@pytest.mark.parametrize(
    "text",
    ["", "Plan weekly support", "is and or of: (", "x" * 5000, "%(name)s %", "9999-99-99 is a day"],
    ids=["nothing", "what people wrote", "signs", "a long one", "places", "no day"],
)
def test_a_text_that_no_service_says_is_not_retold(spanish, text):
    assert spanish.retell(text) is None


def test_a_hostile_text_is_given_up_at_once(spanish):
    before = time.process_time()
    for text in ("a: " * 1300, "a, was " * 500, "(b) " * 900, "; " * 1900, "x and y or " * 300):
        spanish.retell(text)
    assert time.process_time() - before < MOST_SECONDS
