"""Search: files read for words of a child, in whatever spelling they could have been written down."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

SHORTEST: Final = 5
"""The letters of a word that does not come about by chance."""
ALIGNMENTS: Final = 3


@dataclass(frozen=True, slots=True)
class SearchResult:
    """How many *files* and *size* bytes were read, and the files that had one of the words."""

    files: int
    size: int
    found: tuple[str, ...]


def search(places: Iterable[Path], words: Iterable[str]) -> SearchResult:
    """Read every file below the *places* for the *words*: plain, escaped, in hexadecimal digits and in base64."""
    spelt = {one for word in words if len(word) >= SHORTEST for one in spellings(word)}
    files, size, found = 0, 0, []
    for file in _files(places):
        try:
            content = file.read_bytes()
        except FileNotFoundError:
            continue  # deleted since it was listed
        files, size, folded = files + 1, size + len(content), content.lower()
        if any(one in content or one in folded for one in spelt):
            found.append(file.name)
    return SearchResult(files, size, tuple(found))


def spellings(word: str) -> Iterator[bytes]:
    """Yield the ways in which a word could stand in a file."""
    for one in {word, word.casefold()}:
        plain = one.encode()
        yield from (plain, one.encode("utf-16-le"), json.dumps(one)[1:-1].encode(), plain.hex().encode())
        for before in range(ALIGNMENTS):
            coded = base64.b64encode(b"\0" * before + plain)
            yield coded[-(-before * 4 // 3) : (before + len(plain)) * 4 // 3]


def _files(places: Iterable[Path]) -> Iterator[Path]:
    for place in places:
        yield from (one for one in sorted(place.rglob("*")) if one.is_file()) if place.is_dir() else (place,)
