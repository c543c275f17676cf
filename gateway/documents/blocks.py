"""Blocks of a printable document: what it says and in which order, before any format."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; those of level 3 stand below one of level 2."""

    text: str
    level: int = 2


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of plain text."""

    text: str


@dataclass(frozen=True, slots=True)
class BulletList:
    """A list of sentences; *boxes* puts a box to tick before each."""

    items: tuple[str, ...]
    boxes: bool = False


@dataclass(frozen=True, slots=True)
class DataTable:
    """A table whose first column names its rows; a *caption* says what it holds, *names* are columns of code names."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    names: frozenset[int] = frozenset()
    widths: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class SignatureLines:
    """Lines to write on, each with its label."""

    party: str
    labels: tuple[str, ...]


Block = Heading | Paragraph | BulletList | DataTable | SignatureLines


@dataclass(frozen=True, slots=True)
class PrintedDocument:
    """A document in one language; its *notes* stand below it and are no part of its text."""

    language: str
    title: str
    subtitle: str
    blocks: tuple[Block, ...]
    notes: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the document as JSON can hold it, each block with its kind."""
        blocks = [{"kind": type(block).__name__} | asdict(block) for block in self.blocks]
        for block in blocks:
            if "names" in block:
                block["names"] = sorted(block["names"])
        return {
            "language": self.language,
            "title": self.title,
            "subtitle": self.subtitle,
            "blocks": blocks,
            "notes": list(self.notes),
        }
