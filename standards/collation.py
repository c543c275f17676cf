"""Collation: how texts compare and in which order they come, by the Unicode Collation Algorithm (UTS #10)."""

from __future__ import annotations

import gzip
import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final
from unicodedata import normalize

if TYPE_CHECKING:
    from collections.abc import Mapping

LEAST: Final = ("", " ", "\2")
"""The least weight of an accent and of a case: letters count before accents, accents before case."""

HAN: Final = ((0xFB40, ((0x4E00, 0x9FFF), (0xF900, 0xFAFF))), (0xFB80, ((0x3400, 0x4DBF), (0x20000, 0x323AF))))
"""Where the weights of ideographs begin."""

UNLISTED: Final = 0xFBC0
STAND_INS: Final = 0x10F000
"""Characters of private use, which stand for the sequences that the table weighs as one."""


def written(value: Any) -> str:
    """Write a value as a text, a boolean as the standards write it."""
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def folded(value: Any) -> str:
    """Fold *text* to the form in which texts are equal: case and the encoding of accents do not count."""
    text = written(value)
    return text.casefold() if text.isascii() else normalize("NFC", normalize("NFD", text).casefold())


def sort_key(text: str) -> str:
    """Make the sort key of *text*: of two texts the one with the smaller key comes first.

    A level ends where only its least weight follows, which no text that has more there comes before.
    """
    letters, accents, cases = _levels()
    if text.isascii():
        return f"{text.translate(letters)}\0\0{'' if text.islower() else text.translate(cases).rstrip(LEAST[2])}"
    plain = _joined(normalize("NFD", text))
    return "\0".join(plain.translate(level).rstrip(least)
                     for level, least in zip((letters, accents, cases), LEAST, strict=True))  # fmt: skip


class _Level(dict[int, str]):
    """The weights at one *level* of every character met so far."""

    def __init__(self, level: int) -> None:
        super().__init__()
        self._level, self._elements = level, _elements()

    def __missing__(self, code: int) -> str:
        elements = self._elements.get(code)
        if elements is None:  # ideographs and whatever the table lacks come in the order of their numbers
            bases = (base for base, blocks in HAN if any(first <= code <= last for first, last in blocks))
            base = next(bases, UNLISTED)
            found = LEAST[self._level] or chr(base + (code >> 15)) + chr(code & 0x7FFF | 0x8000)
        else:
            weights = (element.split(".")[self._level] for element in elements.split())
            found = "".join(chr(int(weight, 16)) for weight in weights if weight)
        self[code] = found
        return found


@cache
def _levels() -> tuple[_Level, _Level, _Level]:
    return _Level(0), _Level(1), _Level(2)


@cache
def _lines() -> tuple[tuple[str, str], ...]:
    """Return the Default Unicode Collation Element Table: a sequence of characters and its weights in each line."""
    packed = files("standards").joinpath("collation.txt.gz").read_bytes()
    lines = (line.partition(";") for line in gzip.decompress(packed).decode("ascii").splitlines() if line[0] != "#")
    return tuple((codes, elements) for codes, _, elements in lines)


@cache
def _sequences() -> Mapping[str, str]:
    """Return the private character that stands in for each sequence that is weighed as one."""
    found = (codes for codes, _ in _lines() if " " in codes)
    return {"".join(chr(int(code, 16)) for code in codes.split()): chr(STAND_INS + number)
            for number, codes in enumerate(found)}  # fmt: skip


@cache
def _elements() -> Mapping[int, str]:
    """Return the weights of each character, and of the stand-ins for sequences."""
    single = {int(codes, 16): elements for codes, elements in _lines() if " " not in codes}
    several = (elements for codes, elements in _lines() if " " in codes)
    return single | {STAND_INS + number: elements for number, elements in enumerate(several)}


@cache
def _pattern() -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, sorted(_sequences(), key=len, reverse=True))))


def _joined(text: str) -> str:
    """Replace each sequence of *text* that is weighed as one by its stand-in."""
    return _pattern().sub(lambda match: _sequences()[match[0]], text)
