"""PDF of a document: set by Typst from JSON, tagged for assistive technology as PDF/UA-1 demands."""

from __future__ import annotations

import json
import re
import tempfile
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import typst

from standards.errors import SettingsError

if TYPE_CHECKING:
    from gateway.documents.blocks import PrintedDocument

_WITHOUT_SIGN = re.compile(r"the text `\"(.*)\"` could not be displayed")
_WRITTEN = datetime(2000, 1, 1, tzinfo=UTC)
"""The moment stated in the file: always the same, so that the same document is the same file."""


def render(document: PrintedDocument) -> bytes:
    """Set a document as PDF; its texts are handed over as data and never read as markup.

    Nothing else is read but the template, from no other folder and no network: the fonts are those within Typst.

    Raises:
        SettingsError: a text has a character that those fonts cannot show.
    """
    template = files("gateway.documents.formats").joinpath("document.typ").read_bytes()
    with tempfile.TemporaryDirectory(prefix="crossing-") as name:
        folder = Path(name)
        source = folder / "document.typ"
        source.write_bytes(template)
        try:
            return typst.compile(
                source, format="pdf", root=folder, ignore_system_fonts=True, timestamp=_WRITTEN,
                package_path=folder, package_cache_path=folder, pdf_standards="ua-1",
                sys_inputs={"document": json.dumps(document.as_json())},
            )  # fmt: skip
        except typst.TypstError as error:
            if found := _WITHOUT_SIGN.search(str(error)):
                message = f"the fonts of the PDF cannot show {found[1]!r}; write the document as html"
                raise SettingsError(message) from None
            raise
