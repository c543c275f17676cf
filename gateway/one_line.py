"""One line: texts from outside as they are printed, each in its own line, moving no cursor and faking no other line."""

from __future__ import annotations

import unicodedata
from typing import Final

BREAKING: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""The categories of Unicode whose characters end a line, steer a terminal, or stand for bytes that are no text."""


def one_line(text: str) -> str:
    """Reduce a text to one line of signs that print: none that moves a cursor or turns the direction of reading."""
    return text if text.isprintable() else "".join(sign if sign.isprintable() else " " for sign in text)


def is_one_line(text: str) -> bool:
    """Tell whether a text is one line of text, without control characters."""
    return text.isprintable() or not any(unicodedata.category(sign) in BREAKING for sign in text)
