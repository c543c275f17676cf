"""The architecture of the packages: which may import which, and which files the tree may have."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
from collections import Counter
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.project.import_graph import circles, edges, modules, room_of, upward
from tests.project.import_graph import imports as imported
from tests.support.needs import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGES = ("standards", "adapters", "policies", "gateway")
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
ARROWS = {
    "standards": {"standards"},
    "adapters": {"adapters", "standards"},
    "policies": {"policies", "standards"},
    "gateway": set(PACKAGES),
}
SERVER = {
    "alembic",
    "authlib",
    "flask",
    "granian",
    "huey",
    "limits",
    "prometheus_client",
    "psycopg",
    "redis",
    "sqlalchemy",
}
SERVER |= {"joserfc", "werkzeug", "argon2", "click", "rich", "structlog"}
NETWORK = {"aiohttp", "ftplib", "http", "httpx", "requests", "smtplib", "socket", "ssl", "urllib3"}
CLOCK = {"time", "sched"}
FORBIDDEN = {
    "standards": SERVER | NETWORK | CLOCK | {"subprocess"},
    "adapters": SERVER,
    "policies": SERVER | NETWORK | CLOCK | {"lxml", "sqlite3", "subprocess"},
    "gateway": set(),
}
MAX_MODULES = 14
"""In a folder, but for those of resources, which are as many as a standard has."""
CLOCK_READING = re.compile(r"\b(datetime|date|dt)\.(now|utcnow|today)$|\btime\.(time|monotonic)$")
SAYS_NOTHING = re.compile(r"(^|_)(utils?|helpers?|common|misc|core|base|managers?)$")
TOP_LEVEL = {
    "setup.cfg", "gateway", "standards", "adapters", "policies", "tests", "README.md", "tox.ini", "pyproject.toml",
    "LICENSE", "CHANGELOG.md", "benchmarks", "changes", "docs", ".ci", "deploy", ".gitignore", ".gitattributes",
    ".github", ".pre-commit-config.yaml", "CODE_OF_CONDUCT.md", "CONTRIBUTING.md", "SECURITY.md", "examples",
}  # fmt: skip
ELSEWHERE = re.compile(r"\.\./shared|(?<![\w.<>/-])/(work|tmp)\b")


def imports(source: str, package: str) -> Iterator[str]:
    """Yield the top-level packages that *source*, a module of *package*, imports anywhere."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield package if node.level else str(node.module).partition(".")[0]
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
            yield from (str(word.value).partition(".")[0] for word in node.args if isinstance(word, ast.Constant))


def wrong_arrows(source: str, package: str) -> set[str]:
    """Return the imports of *source*, a module of *package*, that are not allowed."""
    imported = set(imports(source, package))
    return (imported & (set(PACKAGES) | {"tests"})) - ARROWS[package] | (imported & FORBIDDEN[package])


@cache
def clock_readings(source: str) -> list[str]:
    """Return the calls in *source* that read the clock."""
    calls = [ast.unparse(node.func) for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return [call for call in calls if CLOCK_READING.search(call)]


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_imports_only_along_the_arrows(path):
    package = path.relative_to(ROOT).parts[0]
    assert wrong_arrows(path.read_text(), package) == set()


@pytest.mark.parametrize(
    ("package", "source", "wrong"),
    [
        ("standards", "import flask", {"flask"}),
        ("standards", "from adapters.contract import Adapter", {"adapters"}),
        ("standards", "def f():\n    import requests.adapters", {"requests"}),
        ("standards", "import time", {"time"}),
        ("adapters", "if TYPE_CHECKING:\n    from policies.grant import Grant", {"policies"}),
        ("adapters", "from importlib import import_module\nimport_module('gateway.engine.plan')", {"gateway"}),
        ("policies", "from sqlalchemy import text", {"sqlalchemy"}),
        ("policies", "from adapters import registry", {"adapters"}),
        ("gateway", "from tests.support.servers import redis_server", {"tests"}),
        ("gateway", "import flask, redis\nfrom adapters import registry\nfrom policies import grant", set()),
        ("adapters", "import requests\nfrom standards import query\nfrom . import contract", set()),
        ("policies", "from standards.errors import SettingsError", set()),
    ],
)
def test_a_wrong_arrow_is_noticed(package, source, wrong):
    assert wrong_arrows(source, package) == wrong


@pytest.mark.parametrize(
    "path", [p for p in MODULES if p.relative_to(ROOT).parts[0] in {"standards", "policies"}], ids=name_of
)
def test_what_data_means_and_who_may_see_it_do_not_depend_on_the_hour(path):
    assert clock_readings(path.read_text()) == []


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_every_day_is_that_of_a_time_zone(path):
    """The demonstration failed each evening: it signed a form on the machine's day, which the district's was not yet."""
    assert not [call for call in clock_readings(path.read_text()) if call.endswith((".today", ".utcnow"))]


def test_a_reading_of_the_clock_is_noticed():
    assert clock_readings("x = datetime.now(tz=UTC)\ny = date.today()\nz = day.today()") == [
        "datetime.now",
        "date.today",
    ]


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_stays_under_four_hundred_lines(path):
    assert len(path.read_text().splitlines()) <= 400


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_names_say_what_they_hold(path):
    assert not SAYS_NOTHING.search(path.stem)
    assert not SAYS_NOTHING.search(path.parent.name)
    tree = ast.parse(path.read_text())
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    own = [
        node for node in tree.body if isinstance(node, ast.ClassDef) and not node.bases
    ]  # else the name may be a library's
    functions += [node for kind in own for node in kind.body if isinstance(node, ast.FunctionDef)]
    assert [node.name for node in functions if node.name.startswith("get_")] == []


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_every_module_says_its_job(path):
    assert ast.get_docstring(ast.parse(path.read_text()))


def test_every_module_stands_on_a_floor():
    assert [name for name, path in modules().items() if path.name != "__init__.py" and not room_of(name)] == []


def test_no_arrow_leads_upward():
    assert upward(edges()) == []


def test_no_modules_import_each_other_in_a_circle():
    assert circles(edges()) == []


def test_an_arrow_upward_and_a_circle_are_noticed():
    graph = dict(edges())
    assert upward(graph | {"gateway.storage.registry": frozenset({"gateway.reads.pipeline"})}) == [
        ("gateway.storage.registry", "gateway.reads.pipeline")
    ]
    between = {"gateway.writes.merge": frozenset({"gateway.writes.edfi"})}
    assert any({"gateway.writes.merge", "gateway.writes.edfi"} <= set(one) for one in circles(graph | between))


def test_imports_for_types_and_inside_functions_count():
    known = {"gateway.request": 0, "gateway.auth.callers": 0}
    source = "if TYPE_CHECKING:\n    from gateway import request\ndef f():\n    from gateway.auth.callers import Caller"
    assert set(imported(source, known)) == set(known)


FOLDERS = Counter(path.parent for path in (ROOT / one for one in ("tests", *PACKAGES)) for path in path.rglob("*.py"))


@pytest.mark.parametrize("folder", sorted(FOLDERS), ids=name_of)
def test_a_folder_holds_no_more_modules_than_one_looks_through(folder):
    modules = [path for path in folder.glob("*.py") if path.name != "__init__.py"]
    assert folder.name == "resources" or len(modules) <= MAX_MODULES


def tracked() -> list[Path]:
    """Return the files of the repository: git's where this is a clone, else all but what tools leave behind."""
    if (ROOT / ".git").exists() and shutil.which("git"):
        command = ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z"]
        listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
        return [ROOT / name for name in listed.split("\0") if name]
    left = {".git", ".venv", ".tox", "build", "dist", "state", ".bench", "__pycache__"}
    found = [path for path in ROOT.rglob("*") if path.is_file() and not left & set(path.relative_to(ROOT).parts)]
    return [
        path for path in found if not re.search(r"/\.\w+_cache/|/\.hypothesis/|\.egg-info/|/\.coverage$", str(path))
    ]


def test_the_top_level_is_fixed():
    assert {path.relative_to(ROOT).parts[0] for path in tracked()} - TOP_LEVEL == set()


def test_the_product_does_not_depend_on_where_it_was_written():
    shipped = [
        path for path in tracked() if path.relative_to(ROOT).parts[0] in {*PACKAGES, "docs", "README.md", "deploy"}
    ]
    named = {}
    for path in shipped:
        if (
            path.suffix in {".py", ".md", ".yaml", ".json", ".toml", ".txt", ".html", ".js", ".css", ".sh"}
            and path.exists()
        ):
            lines = path.read_text(encoding="utf-8").splitlines()
            named |= {
                f"{name_of(path)}:{number}": line for number, line in enumerate(lines, 1) if ELSEWHERE.search(line)
            }
    assert named == {}


@pytest.mark.parametrize(
    ("line", "elsewhere"),
    [
        ("see ../shared/facts", True),
        ('open("/tmp/x")', True),
        ("cp /work/main/x", True),
        ("GET /ims/homework/work", False),
        ("a /workflow of", False),
        ("https://host/tmp/x", False),
    ],
)
def test_a_path_of_the_workshop_is_noticed(line, elsewhere):
    assert bool(ELSEWHERE.search(line)) is elsewhere
