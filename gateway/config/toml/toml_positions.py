"""Positions in a TOML file: where each key stands, so that a mistake can be pointed at."""

from __future__ import annotations

import re
from typing import NamedTuple

Path = tuple[str | int, ...]

BARE = re.compile(r"[A-Za-z0-9_-]+")
BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
SPACE = re.compile(r"[ \t]*")
SCALAR = re.compile(r"[^,\]}\n#]*")
ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", '"': '"', "\\": "\\"}


class Position(NamedTuple):
    """Line and column, both counted from one."""

    line: int
    column: int


def locate(text: str) -> dict[Path, Position]:
    """Find the position of every key, table and array item of a TOML text that tomllib has accepted."""
    reader = _TomlReader(text)
    reader.read_document()
    return {path: _place(text, offset) for path, offset in reader.offsets.items()}


def nearest(places: dict[Path, Position], path: Path) -> Position:
    """Return the position of *path*, or of the innermost table around it that the file has."""
    while path and path not in places:
        path = path[:-1]
    return places.get(path, Position(1, 1))


def _place(text: str, offset: int) -> Position:
    return Position(text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset))


class _TomlReader:
    """One pass over the text; it relies on the text being well-formed."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0
        self.offsets: dict[Path, int] = {}
        self.counts: dict[Path, int] = {}

    def read_document(self) -> None:
        table: Path = ()
        self.skip(BLANK)
        while self.at < len(self.text):
            if self.text[self.at] == "[":
                table = self.read_header()
            else:
                self.read_pair(table)
            self.skip(BLANK)

    def read_header(self) -> Path:
        start = self.at
        many = self.text.startswith("[[", start)
        self.at += 2 if many else 1
        path = self.inside_arrays(self.read_key())
        self.at = self.text.index("]", self.at) + (2 if many else 1)
        if many:
            number = self.counts.get(path, 0)
            self.counts[path] = number + 1
            self.offsets.setdefault(path, start)
            path = (*path, number)
        self.note(path, start)
        return path

    def inside_arrays(self, key: list[str]) -> Path:
        """Under a repeated table, what follows belongs to its latest item."""
        path: Path = ()
        for index, name in enumerate(key):
            path = (*path, name)
            if path in self.counts and index < len(key) - 1:
                path = (*path, self.counts[path] - 1)
        return path

    def read_pair(self, table: Path) -> None:
        start = self.at
        path = (*table, *self.read_key())
        self.note(path, start)
        self.at = self.text.index("=", self.at) + 1
        self.skip(SPACE)
        self.read_value(path)

    def read_key(self) -> list[str]:
        names = []
        while True:
            self.skip(SPACE)
            if self.text[self.at] in "\"'":
                names.append(self.read_string())
            else:
                bare = BARE.match(self.text, self.at)
                names.append(bare.group() if bare else "")
                self.at += len(names[-1])
            self.skip(SPACE)
            if self.text[self.at] != ".":
                return names
            self.at += 1

    def read_value(self, path: Path) -> None:
        first = self.text[self.at]
        if first in "\"'":
            self.read_string()
        elif first == "[":
            self.read_items(path, "]")
        elif first == "{":
            self.read_items(path, "}")
        else:
            self.skip(SCALAR)

    def read_items(self, path: Path, end: str) -> None:
        self.at += 1
        number = 0
        self.skip(BLANK)
        while self.text[self.at] != end:
            if end == "}":
                self.read_pair(path)
            else:
                self.offsets[(*path, number)] = self.at
                self.read_value((*path, number))
                number += 1
            self.skip(BLANK)
            if self.text[self.at] == ",":
                self.at += 1
                self.skip(BLANK)
        self.at += 1

    def read_string(self) -> str:
        quote = self.text[self.at]
        fence = quote * 3 if self.text.startswith(quote * 3, self.at) else quote
        self.at += len(fence)
        letters: list[str] = []
        while not self.text.startswith(fence, self.at):
            letter = self.text[self.at]
            if letter == "\\" and quote == '"':
                self.at += 1
                letter = ESCAPES.get(self.text[self.at], "")
            letters.append(letter)
            self.at += 1
        self.at += len(fence)
        while len(fence) == 3 and self.text.startswith(quote, self.at):  # noqa: PLR2004 -- a fence may follow quotes of the text itself
            self.at += 1
        return "".join(letters)

    def note(self, path: Path, offset: int) -> None:
        for length in range(1, len(path) + 1):
            self.offsets.setdefault(path[:length], offset)

    def skip(self, pattern: re.Pattern[str]) -> None:
        found = pattern.match(self.text, self.at)
        self.at = found.end() if found else self.at
