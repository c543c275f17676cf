"""House rules: metadata, locks and tools agree everywhere."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib import import_module

import pytest

from tests.__main__ import QUICK, arguments
from tests.project.test_architecture import PACKAGES, tracked
from tests.support import samples
from tests.support.needs import ROOT

PIN = re.compile(r"^([\w.-]+)==(\S+)((?: ;[^\\\n]*)?)((?: \\\n +--hash=sha256:[0-9a-f]{64})*)$", re.MULTILINE)
LOCKS = {name: (ROOT / name / "requirements.txt").read_text() for name in ("gateway", "tests")}


def settings(name: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(ROOT / name)
    return parser


SETUP, TOX = settings("setup.cfg"), settings("tox.ini")


def words(section: str, option: str) -> list[str]:
    return [line.strip() for line in SETUP[section][option].splitlines() if line.strip()]


def normal(name: str) -> str:
    """Spell *name* as package indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def required(section: str, option: str) -> set[str]:
    return {normal(re.split(r"[\[<>=;]", line)[0].strip()) for line in words(section, option)}


def pins(lock: str) -> dict[str, str]:
    return {normal(name): version for name, version, *_ in PIN.findall(lock)}


def test_pyproject_holds_the_build_system_and_ruff_only():
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert set(pyproject) == {"build-system", "tool"}
    assert set(pyproject["tool"]) == {"ruff"}
    assert pyproject["tool"]["ruff"]["lint"]["select"] == ["ALL"]


def test_every_rule_left_out_has_its_reason():
    text = (ROOT / "pyproject.toml").read_text()
    ignored = re.search(r"^ignore = \[\n(.*?)^\]", text, re.MULTILINE | re.DOTALL)
    assert ignored
    for line in ignored[1].splitlines():
        assert re.fullmatch(r'  "[A-Z]+\d*", +# .{15,}', line), line
    single = re.findall(r'^"[^"]+" = \[.*', text, re.MULTILINE)
    assert [line for line in single if line.endswith("]")] == []


def test_every_package_is_checked_shipped_and_typed():
    assert tuple(sorted(words("options.packages.find", "include"))) == tuple(sorted(f"{name}*" for name in PACKAGES))
    assert {name.strip() for name in SETUP["mypy"]["packages"].split(",")} == set(PACKAGES)
    assert SETUP["mypy"].getboolean("strict")
    assert all((ROOT / name / "py.typed").exists() for name in PACKAGES)


def test_warnings_are_errors_in_tests():
    assert words("tool:pytest", "filterwarnings")[0] == "error"


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_its_hashes(lock):
    entries = PIN.findall(LOCKS[lock])
    assert len(entries) == len(re.findall(r"^[\w.-]+", LOCKS[lock], re.MULTILINE))
    assert [name for name, _, _, hashes in entries if not hashes] == []


def test_what_the_product_needs_is_pinned_for_the_bootstrap():
    assert required("options", "install_requires") - pins(LOCKS["gateway"]).keys() == set()
    assert required("options.extras_require", "test") - pins(LOCKS["tests"]).keys() == set()


def test_the_tests_run_on_the_packages_that_the_product_is_pinned_to():
    product, tests = pins(LOCKS["gateway"]), pins(LOCKS["tests"])
    assert {name: tests.get(name) for name in product} == product


def test_nothing_is_required_that_overwrites_another_package():
    assert "niquests" not in pins(LOCKS["tests"])


def test_tox_has_every_environment():
    named = {"py311", "py312", "py313"} | {name.removeprefix("testenv:") for name in TOX.sections()}
    assert {"py311", "py312", "py313", "lint", "types", "docs", "browser", "slow", "coverage"} <= named


@pytest.mark.parametrize(
    "entry",
    [*words("options.entry_points", "console_scripts"), *words("options.entry_points", "crossingguard.adapters")],
)
def test_an_entry_point_names_something_that_exists(entry):
    module, _, name = entry.partition("=")[2].strip().partition(":")
    assert callable(getattr(import_module(module), name))


def test_the_licence_is_the_whole_apache_licence():
    text = (ROOT / "LICENSE").read_text()
    assert text.split()[:4] == ["Apache", "License", "Version", "2.0,"]
    assert "9. Accepting Warranty" in text
    assert SETUP["metadata"]["license"] == "Apache-2.0"


def test_a_change_is_announced_in_a_fragment_of_a_known_kind():
    config = tomllib.loads((ROOT / "changes" / "towncrier.toml").read_text())
    kinds = {kind["directory"] for kind in config["tool"]["towncrier"]["type"]}
    fragments = [path for path in (ROOT / "changes").iterdir() if path.suffix == ".md"]
    assert all(path.suffixes[-2].lstrip(".") in kinds for path in fragments)
    assert config["tool"]["towncrier"]["start_string"] in (ROOT / "CHANGELOG.md").read_text()


@pytest.mark.parametrize("record", sorted((ROOT / "docs" / "adr").glob("*.md")), ids=lambda path: path.stem)
def test_a_decision_is_recorded_with_its_context_and_consequences(record):
    assert re.fullmatch(r"\d{4}-[a-z0-9-]+", record.stem)
    headings = re.findall(r"^## (.+)$", record.read_text(), re.MULTILINE)
    assert headings == ["Context", "Decision", "Consequences"]


def test_decisions_are_numbered_without_gaps():
    numbers = sorted(int(path.stem[:4]) for path in (ROOT / "docs" / "adr").glob("*.md"))
    assert numbers == list(range(1, len(numbers) + 1))


def test_the_whole_suite_leaves_out_only_what_has_its_own_environment():
    assert arguments([])[-2:] == ["-m", QUICK]
    assert "-n" in arguments([])
    assert QUICK not in arguments(["-m", "slow"])
    assert arguments(["-n0", "tests/x.py"]).count("-n") == 0


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """List the names in a wheel built from the tracked files alone."""
    copy, out = tmp_path_factory.mktemp("copy"), tmp_path_factory.mktemp("out")
    for path in tracked():
        if path.exists() and not path.is_relative_to(ROOT / "tests"):
            target = copy / path.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(copy)]
    built = subprocess.run(command, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout[-2000:] + built.stderr[-2000:]
    assert len(list(out.glob("*.tar.gz"))) == 1
    with zipfile.ZipFile(next(out.glob("*.whl"))) as archive:
        return archive.namelist()


def test_the_wheel_holds_every_file_of_the_packages_and_nothing_else(wheel):
    ours = {
        str(path.relative_to(ROOT))
        for path in tracked()
        if path.relative_to(ROOT).parts[0] in PACKAGES and path.exists()
    }
    assert {name for name in wheel if ".dist-info/" not in name} == ours


GIT = pytest.mark.skipif(not shutil.which("git"), reason="only git reads .gitignore")


@GIT
@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="only a clone tracks files")
def test_nothing_that_belongs_to_the_repository_is_ignored():
    command = ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-i", "-c", "--exclude-standard"]
    assert subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout == ""


@GIT
def test_what_a_new_user_makes_in_the_checkout_is_not_offered_for_a_commit(tmp_path):
    """Whatever the pages say to write, and what else a region has, beside files that do belong to the project."""
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    written = {
        block.target for page in pages for block in samples.blocks(page) if block.target.endswith((".toml", ".yaml"))
    }
    assert {"gateway.toml", "agreements/reading-partners.yaml"} <= written
    made = {"maple.zip", "maple/users.csv", "cedar/Student.xml", "region.json", "reading-partners.zip", "master.key"}
    kept = {
        "state/registry.db",
        "state/registry.db-wal",
        "state/audit/000001.log",
        "state/keys.toml",
        ".env",
        "demo.log",
    }
    inside = {"gateway/master.key", "gateway/gateway.toml", "tests/state/registry.db", "docs/.env.production"}
    inside |= {"deploy/secrets/gateway.env", "deploy/region/maple.zip", "deploy/tls/chain.crt"}
    ours = {"gateway/new_module.py", "tests/gateway/small.csv", "standards/codes/new.csv", "changes/10.added.md", "deploy/new.conf",
            "examples/new/client.py"}  # fmt: skip
    for name in written | made | kept | inside | ours:
        place = tmp_path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()
    shutil.copy(ROOT / ".gitignore", tmp_path)
    git = ["git", "-C", str(tmp_path), "-c", "core.excludesFile=/dev/null"]
    subprocess.run([*git, "init", "-q"], check=True)
    told = subprocess.run([*git, "status", "--porcelain", "-uall"], check=True, capture_output=True, text=True).stdout
    assert {line[3:] for line in told.splitlines()} == ours | {".gitignore"}
