"""HTML of a document: one page without scripts, with its own style, for the screen and for paper."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from jinja2 import Environment, FunctionLoader, StrictUndefined

if TYPE_CHECKING:
    from jinja2 import Template

    from gateway.documents.blocks import PrintedDocument


def render(document: PrintedDocument) -> bytes:
    """Write a document as HTML in UTF-8; every text of it is escaped."""
    return _template().render(document=document.as_json(), style=_read("document.css")).encode()


@cache
def _template() -> Template:
    environment = Environment(
        loader=FunctionLoader(_read), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("document.html")


@cache
def _read(name: str) -> str:
    return files("gateway.documents.formats").joinpath(name).read_text(encoding="utf-8")
