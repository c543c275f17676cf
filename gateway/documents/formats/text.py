"""Plain text of a document: one line for each sentence, so that its hash depends on words alone."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from gateway.documents.blocks import BulletList, DataTable, Heading, Paragraph, SignatureLines
from gateway.one_line import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.documents.blocks import Block, PrintedDocument

LINE = "_" * 40


def render(document: PrintedDocument) -> bytes:
    """Write a document as plain text in UTF-8, without its notes."""
    title = _one(document.title)
    lines = [title, "=" * len(title), _one(document.subtitle)]
    for block in document.blocks:
        lines += ["", *_lines(block)]
    return (unicodedata.normalize("NFC", "\n".join(lines)) + "\n").encode()


def _lines(block: Block) -> Iterator[str]:
    match block:
        case Heading(text, level):
            yield _one(text)
            yield ("-" if level > 2 else "=") * len(_one(text))  # noqa: PLR2004  sections are of level 2
        case Paragraph(text):
            yield _one(text)
        case BulletList(items, boxes):
            yield from (f"{'[ ]' if boxes else '-'} {_one(item)}" for item in items)
        case DataTable():
            yield from _table(block)
        case SignatureLines(party, labels):
            yield _one(party)
            yield from (f"{_one(label)}: {LINE}" for label in labels)


def _table(table: DataTable) -> Iterator[str]:
    yield _one(table.caption)
    for row in table.rows:
        first, *others = map(_one, row)
        said = [f"{_one(column)}: {cell}" for column, cell in zip(table.columns[1:], others, strict=True) if cell]
        yield f"- {first} | {' | '.join(said)}"


def _one(text: str) -> str:
    """Put a text of several lines in one."""
    return " ".join(one_line(text).split())
