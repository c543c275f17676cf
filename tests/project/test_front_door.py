"""The front door: pages, forms and the workflow that a newcomer reads first match the project."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from adapters.registry import BUILT_IN

ROOT = Path(__file__).resolve().parents[2]
DOOR = ("CODE_OF_CONDUCT.md", "CONTRIBUTING.md", "SECURITY.md")
PACKAGES = ("standards", "adapters", "policies", "gateway")
FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yaml"))
GUIDE = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
PEOPLE = ("vendor", "district", "privacy", "operations", "adapter-author", "architecture")
WITHOUT_A_ROW = {"standards/edfi", "standards/oneroster"}
"""Folders that hold nothing but the folders that have a row."""


def yaml(path: Path) -> dict:
    return YAML(typ="safe").load(path.read_text("utf-8"))


def text(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


@pytest.mark.parametrize("page", [*DOOR, "CHANGELOG.md"])
def test_every_link_leads_somewhere(page):
    targets = [target for target in re.findall(r"\]\(([^)\s]+)\)", text(page)) if not target.startswith("http")]
    assert [target for target in targets if not (ROOT / target).exists()] == []


@pytest.mark.parametrize(
    "page", [*DOOR, ".github/pull_request_template.md", *(str(f.relative_to(ROOT)) for f in FORMS)]
)
def test_whoever_writes_to_us_is_told_never_to_send_a_students_data(page):
    assert re.search(r"student's\s+data", text(page))


@pytest.mark.parametrize("page", DOOR)
def test_no_address_is_invented(page):
    assert re.findall(r"[\w.]+@[\w.]+|mailto:", text(page)) == []


def test_the_readme_names_the_pages_in_the_order_of_people():
    table = text("README.md").partition("## Two commands")[0]
    places = [table.index(f"(docs/{page}.md)") for page in PEOPLE]
    assert places == sorted(places)
    assert [page for page in DOOR if f"({page})" not in table] == []
    assert [page.name for page in sorted((ROOT / "docs").glob("*.md")) if f"(docs/{page.name})" not in table] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_every_folder_that_holds_modules_has_its_row_in_the_guide(package):
    folders = {path.parent.relative_to(ROOT).as_posix() for path in (ROOT / package).rglob("*.py")}
    top = {"/".join(folder.split("/")[: 3 if package == "standards" else 2]) for folder in folders}
    rows = "\n".join(line for line in GUIDE.splitlines() if line.startswith("| `"))
    assert {folder for folder in top if f"`{folder}/`" not in rows} - WITHOUT_A_ROW == set()


def test_every_place_that_the_guide_names_is_there():
    named = set(
        re.findall(r"`((?:standards|adapters|policies|gateway|tests|docs|changes|benchmarks)/[\w./-]*)`", GUIDE)
    )
    named |= set(re.findall(r"python3 -m tests (tests/[\w/]+)", GUIDE))
    assert "tests/gateway/writes" in named
    assert {name for name in named if not (ROOT / name).exists() and "NAME" not in name and "NNNN" not in name} == {
        "changes/paging-links.fixed.md"
    }


def test_the_guides_kinds_of_fragments_are_those_of_the_changelog():
    kinds = re.findall(r'^directory = "(\w+)"$', text("changes/towncrier.toml").partition("[[")[2], re.MULTILINE)
    assert kinds
    assert [kind for kind in kinds if f"`{kind}`" not in GUIDE] == []


def test_every_environment_of_tox_that_the_guide_names_is_there():
    named = set(re.findall(r"tox -e (\w+)", GUIDE))
    assert {name for name in named if f"[testenv:{name}]" not in text("tox.ini")} == set()


@pytest.mark.parametrize("form", FORMS, ids=lambda path: path.stem)
def test_a_form_asks_in_fields_with_names_of_their_own(form):
    fields = [one for one in yaml(form)["body"] if one["type"] != "markdown"]
    assert fields
    assert len({one["id"] for one in fields}) == len(fields)


def test_the_form_for_connections_knows_every_adapter():
    body = yaml(ROOT / ".github" / "ISSUE_TEMPLATE" / "connection.yaml")["body"]
    (options,) = (one["attributes"]["options"] for one in body if one.get("id") == "adapter")
    assert set(BUILT_IN) <= set(options)


def test_the_workflow_runs_everything_on_every_python_that_is_supported():
    job = yaml(ROOT / ".github" / "workflows" / "ci.yaml")["jobs"]["everything"]
    supported = re.findall(r"Python :: (3\.\d+)$", text("setup.cfg"), re.MULTILINE)
    assert job["strategy"]["matrix"]["python"] == supported
    assert ".ci/run" in job["steps"][-1]["run"]


def test_the_commit_hooks_run_the_ruff_that_the_lock_pins():
    hooks = {one["repo"].rpartition("/")[2]: one for one in yaml(ROOT / ".pre-commit-config.yaml")["repos"]}
    pinned = re.search(r"^ruff==(\S+)", text("tests/requirements.txt"), re.MULTILINE)
    assert pinned
    assert hooks["ruff-pre-commit"]["rev"] == f"v{pinned[1]}"
