"""The documentation site: every link of the pages leads somewhere, and the site is built from all of them."""

from __future__ import annotations

import os
import re
import subprocess
from fnmatch import fnmatch
from pathlib import Path

import pytest

from tests.project.test_architecture import tracked
from tests.support.needs import ROOT

SITE = ROOT / "docs" / "site"
PATTERNS = ("*.md", "deploy/*.md", "docs/*.md", "docs/adr/*.md", "examples/**.md")
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(<?([^)\s>]+)>?\)")
FENCED = re.compile(r"^```.*?^```$|`[^`\n]+`", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#{1,3} (.+)$", re.MULTILINE)
PEOPLE = ("a vendor", "a district", "a privacy officer", "an operator", "an adapter author", "a contributor")


def alike(name: str, pattern: str) -> bool:
    """Tell whether a path matches a pattern, in which only ``**`` reaches into folders."""
    return fnmatch(name, pattern) and ("**" in pattern or name.count("/") == pattern.count("/"))


def matches(name: str) -> bool:
    """Tell whether the site includes a page, by its path from the root."""
    return any(alike(name, pattern) for pattern in PATTERNS)


PAGES = sorted(name for path in tracked() if path.exists() and matches(name := path.relative_to(ROOT).as_posix()))


def text(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def anchors(name: str) -> set[str]:
    """Return the anchors of a page, as links name them."""
    headings = HEADING.findall(FENCED.sub(lambda found: "" if "\n" in found[0] else found[0].strip("`"), text(name)))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", PAGES)
def test_every_link_of_a_page_leads_to_a_file_and_a_place_in_it(name):
    wrong = []
    for target in LINK.findall(FENCED.sub("", text(name))):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, place = target.partition("#")
        found = ((ROOT / name).parent / path).resolve() if path else ROOT / name
        page = found.relative_to(ROOT).as_posix() if found.is_relative_to(ROOT) else ""
        if not page or not found.is_file() or (place and place not in anchors(page)):
            wrong.append(target)
    assert wrong == []


def test_the_site_takes_the_pages_that_are_checked_here():
    configured = re.search(r"^include_patterns = \[(.*?)\]$", (SITE / "conf.py").read_text("utf-8"), re.MULTILINE)
    assert re.findall(r'"([^"]+)"', configured[1]) == list(PATTERNS)


def test_the_site_leads_people_in_their_order():
    captions = re.findall(r"^:caption: For (.*)$", text("docs/index.md"), re.MULTILINE)
    assert captions == list(PEOPLE)
    shown = re.findall(r"^\| (an? [a-z ]+?)(?: who .*| that .*)? \|", text("docs/index.md"), re.MULTILINE)
    assert len(shown) == len(PEOPLE) - 1  # who connects one more system is somebody


def test_every_page_is_in_the_way_through_the_site():
    listed = set()
    for page in ("docs/index.md", "docs/decisions.md"):
        for tree in re.findall(r"^```\{toctree\}\n(.*?)^```", text(page), re.MULTILINE | re.DOTALL):
            for line in tree.splitlines():
                if line and not line.startswith(":"):
                    listed.add(line.removeprefix("/") if line.startswith("/") else f"docs/{line}")
    left = {name for name in PAGES if not any(alike(name, f"{entry}.md") for entry in listed)}
    assert left == {"docs/index.md"}


def test_the_site_is_built_with_pinned_packages():
    lines = (SITE / "requirements.txt").read_text("utf-8")
    pinned = re.findall(r"^([\w.-]+)==\S+.*\\\n    --hash=sha256:[0-9a-f]{64}", lines, re.MULTILINE)
    assert len(pinned) == len(re.findall(r"^\w", lines, re.MULTILINE))
    wanted = re.findall(r"^([\w-]+)>=", (SITE / "requirements.in").read_text("utf-8"), re.MULTILINE)
    assert set(wanted) <= set(pinned)


@pytest.fixture(scope="module")
def python():
    """Return a Python that can build the site: .ci/run names its own, tox has one."""
    made = [ROOT / ".tox" / "site" / "bin" / "python", Path(os.environ.get("CROSSING_SITE_PYTHON") or "/nonexistent")]
    found = next((one for one in reversed(made) if one.exists()), None)
    if found is None:
        pytest.skip("Sphinx is not installed: run `tox -e site`, or name a Python that has it in CROSSING_SITE_PYTHON")
    return found


def built(python, source, target):
    """Build the pages in a folder with Sphinx, as `tox -e site` does; return its output and exit code."""
    command = re.search(
        r"^    python -m (sphinx .*?) \{posargs\} \. build/site$", text("tox.ini"), re.MULTILINE | re.DOTALL
    )
    words = (
        command[1].replace("\\\n", " ").replace("docs/site", str(SITE)).replace("{env_tmp_dir}", str(target)).split()
    )
    asked = [python, "-m", *words, str(source), str(target / "html")]
    told = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True)
    return told.returncode, told.stderr


def test_the_site_is_built_without_a_warning_and_can_be_searched(python, tmp_path):
    assert built(python, ROOT, tmp_path) == (0, "")
    html = tmp_path / "html"
    assert [name for name in PAGES if not (html / name).with_suffix(".html").is_file()] == []
    assert "agreement" in (html / "searchindex.js").read_text("utf-8")
    assert 'url=docs/index.html"' in (html / "index.html").read_text("utf-8")
    loaded = re.findall(
        r'<(?:script|link|img)[^>]+(?:src|href)="(https?://[^"]+)"', (html / "docs/index.html").read_text()
    )
    assert loaded == []


def test_links_that_lead_nowhere_fail_the_site(python, tmp_path):
    source = tmp_path / "docs"
    source.mkdir()
    links = ("nowhere.md", "index.md#nowhere", "#nowhere", "folder/")
    (source / "index.md").write_text("# A page\n\n" + "\n\n".join(f"[leads]({link})" for link in links), "utf-8")
    status, told = built(python, tmp_path, tmp_path)
    assert (status, told.count("[myst.xref_missing]")) == (1, len(links)), told
