"""Configuration of the documentation site: the pages of the checkout as they are; every link leads somewhere."""

from __future__ import annotations

import configparser
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SETUP = configparser.ConfigParser(interpolation=None)
SETUP.read(ROOT / "setup.cfg", "utf-8")

project = "Crossing Guard"
author = "The contributors of Crossing Guard"
project_copyright = f"{author}; Apache License 2.0"
release = SETUP["metadata"]["version"]
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
root_doc = "docs/index"
# From the root of the checkout, so that a link leads to the same page here as in the repository.
include_patterns = ["*.md", "deploy/*.md", "docs/*.md", "docs/adr/*.md", "examples/**.md"]
exclude_patterns = [".*", "build", "dist"]
nitpicky = True
# Samples show answers with … where something was left out, which is no JSON to a highlighter.
suppress_warnings = ["misc.highlighting_failure"]

myst_heading_anchors = 3

html_theme = "furo"
html_additional_pages = {"index": "index.html"}
templates_path = ["."]
html_title = f"{project} {release}"
html_copy_source = False
html_show_sphinx = False
html_last_updated_fmt = None  # the same sources make the same pages
