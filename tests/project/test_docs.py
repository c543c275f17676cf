"""The documentation: complete, and with samples that work."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

import gateway.storage.registry
from adapters import registry as adapters
from gateway.auth.scopes import known_scopes, transfer_scopes
from gateway.commands.cli import main
from gateway.config.schema import RegionSchema
from gateway.docs_pages import __main__ as docs_pages
from gateway.transfers_api.app import GROUPS
from policies.documents import schema
from policies.documents.terms import OBLIGATIONS
from policies.transfers.terms import CONDITIONS, NOTICES, SECTIONS, TRACKS
from policies.transforms import ACTIONS
from standards import registry, vocabulary
from tests.support import samples

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
DOCS = ROOT / "docs"
PAGES = [README, *sorted(DOCS.glob("*.md"))]
DECISIONS = sorted((DOCS / "adr").glob("*.md"))
LINK = re.compile(r"\]\(([^)\s]+)\)")


def name(path):
    return path.relative_to(ROOT).as_posix()


def text(page):
    return (DOCS / f"{page}.md").read_text("utf-8")


@pytest.fixture
def reader(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(gateway.storage.registry, "utc_now", lambda: samples.NOW)
    monkeypatch.setenv("CROSSING_MASTER_KEY", "5e" * 32)
    for name in ("BIRCH_SECRET", "BIRCH_GRADEBOOK", "WILLOW_SECRET"):
        monkeypatch.setenv(name, "a secret of the page")
    samples.furnish(tmp_path)
    someone = samples.Reader(tmp_path)
    yield someone
    someone.close()


@pytest.mark.parametrize("page", [page for page in PAGES if page.stem not in {"vendor", "receive"}], ids=name)
def test_what_a_page_shows_works(page, reader):
    shown = samples.blocks(page)
    if page.stem == "privacy":
        _set_up(reader)
    reader.prepare(shown)
    for block in shown:
        reader.follow(block)


def test_what_the_vendors_page_shows_works_in_the_districts_region(reader):
    _set_up(reader)
    for block in samples.blocks(DOCS / "vendor.md"):
        reader.follow(block)


def _set_up(reader):
    """Run the region of the district's page, with its consumer, after one request."""
    for block in (shown := samples.blocks(DOCS / "district.md")):
        if not block.target or block is shown[0]:
            reader.prepare(shown)
        reader.follow(block)


def test_an_adapter_as_short_as_the_page_shows_passes_the_contract_suite(tmp_path):
    for block in samples.blocks(DOCS / "adapter-author.md"):
        if block.target:
            (tmp_path / block.target).write_text(block.text, "utf-8")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-c",
        "/dev/null",
        "test_lines_adapter.py",
    ]
    ran = subprocess.run(
        command, cwd=tmp_path, env={"PYTHONPATH": f"{ROOT}:{tmp_path}", "PATH": ""}, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stdout
    assert re.search(r"\d\d passed", ran.stdout)


@pytest.mark.parametrize("page", sorted(docs_pages.PAGES))
def test_a_written_page_is_what_the_code_writes_now(page):
    assert text(page) == docs_pages.PAGES[page](), f"run: python -m gateway.docs_pages {page} > docs/{page}.md"


def test_every_element_is_documented():
    page = text("elements")
    assert [release for release in vocabulary.names() if f"| `{release}` |" not in page] == []


def test_every_setting_is_documented():
    page = text("settings")
    sections = {
        name: getattr(kind, "schema", None) or getattr(getattr(kind, "value_field", None), "schema", None)
        for name, kind in RegionSchema().fields.items()
    }
    for section, inner in sections.items():
        names = inner.fields if inner else [section]
        assert [one for one in names if f"| `{one}` |" not in page] == []


def test_every_adapter_and_its_settings_are_documented():
    page = text("district")
    for adapter in adapters.names():
        row = next((line for line in page.splitlines() if line.startswith(f"| `{adapter}` |")), "")
        assert [one for one in adapters.find(adapter).Settings().fields if f"`{one}`" not in row] == []


def test_every_scope_is_documented():
    page = text("vendor")
    for scope in known_scopes() | transfer_scopes():
        prefix, _, short = scope.rpartition("/")
        assert f"{short}`" in page
        assert prefix in page


def test_every_operation_scope_and_error_of_transfers_is_documented():
    page = text("transfers-api")
    told = [one for group in GROUPS for one in group.declared]
    assert [one.name for one in told if f"| `{one.method} {one.rule}` |" not in page] == []
    assert [scope for scope in transfer_scopes() if f"| `{scope}` |" not in page] == []
    listed = text("errors")
    assert [kind.code for kind in docs_pages.errors_of_transfers() if f"| `{kind.code}` |" not in listed] == []
    rows = re.findall(r"^\| (`.*?) \| [0-9, ]+ \|", page, re.MULTILINE)
    named = {code for row in rows for code in re.findall(r"`([a-z-]+)`", row)}
    assert len(named) > 20
    assert [code for code in sorted(named) if f"| `{code}` |" not in listed] == []


def test_every_collection_is_documented():
    assert [one for one in registry.views("oneroster") if f"`{one}`" not in text("vendor")] == []


def commands(group, path=()):
    for command in group.commands.values():
        yield (*path, command.name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, command.name))


def test_every_command_is_documented():
    known = README.read_text("utf-8") + text("district")
    assert [" ".join(path) for path, _ in commands(main) if f"`{path[-1]}`" not in known] == []


def test_the_readme_says_where_the_command_comes_from_before_it_is_used():
    text = README.read_text("utf-8")
    before = text[: text.index("\n$ crossing ")]
    assert "pip install ." in before
    assert "type `python3 -m gateway` in the checkout wherever `crossing` stands" in before
    told = subprocess.run([sys.executable, "-m", "gateway", "--help"], cwd=ROOT, capture_output=True, text=True)
    for name in main.commands:
        assert f"  {name} " in told.stdout


@pytest.mark.parametrize("part", ["properties", "$defs/element/properties", "population", "transfer", "release"])
def test_every_key_of_an_agreement_is_documented(part):
    page, known = text("agreements"), schema.published()
    keys = {
        "properties": known["properties"].keys() - {"apiVersion"},
        "$defs/element/properties": known["$defs"]["element"]["properties"].keys(),
        "population": known["properties"]["population"]["properties"]["all"]["items"]["properties"].keys(),
        "transfer": known["properties"]["transfer"]["properties"].keys(),
        "release": known["properties"]["transfer"]["properties"]["release"]["properties"].keys(),
    }[part]
    assert [key for key in keys if not re.search(rf"[`{{ ]{key}[`:]", page)] == []


@pytest.mark.parametrize(
    "words", [SECTIONS, CONDITIONS, NOTICES, TRACKS], ids=["section", "condition", "notice", "track"]
)
def test_every_word_of_a_transfer_is_documented(words):
    assert [word for word in words if f"`{word}`" not in text("agreements")] == []


def test_every_duty_of_a_recipient_is_documented():
    assert [word for word in sorted(OBLIGATIONS) if f"`{word}`" not in text("agreements")] == []


def test_every_action_is_documented():
    assert [action for action in ACTIONS if f"| `{action}` |" not in text("agreements")] == []


def test_every_promise_has_the_test_that_the_readme_names():
    named = re.findall(r"^\| P(\d) .*\| `(tests/promises/test_\w+\.py)` \|$", README.read_text("utf-8"), re.MULTILINE)
    assert [number for number, _ in named] == list("12345678")
    assert [path for _, path in named if not (ROOT / path).is_file()] == []


@pytest.mark.parametrize("page", PAGES + DECISIONS, ids=name)
def test_every_link_leads_somewhere(page):
    for target in LINK.findall(page.read_text("utf-8")):
        if not target.startswith("http"):
            path, _, place = target.partition("#")
            found = (page.parent / path) if path else page
            assert found.exists(), target
            assert not place or f"\n## {place}\n" in found.read_text("utf-8").lower(), target


@pytest.mark.parametrize("page", PAGES + DECISIONS, ids=name)
def test_no_page_names_a_place_of_one_machine(page):
    assert re.findall(r"\.\./shared|(?<!\w)/(?:work|tmp|home)\b", page.read_text("utf-8")) == []


@pytest.mark.parametrize("page", DECISIONS, ids=name)
def test_every_decision_has_its_three_parts_and_its_number(page):
    content = page.read_text("utf-8")
    assert content.startswith(f"# {int(page.name[:4])}. ")
    assert re.findall(r"^## (.*)$", content, re.MULTILINE) == ["Context", "Decision", "Consequences"]
