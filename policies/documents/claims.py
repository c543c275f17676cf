"""Claims of a wrong agreement: the id and clients it names, found line by line where the document cannot be parsed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from policies.documents import loading
from standards.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
SCALAR = re.compile(r"[|>][-+0-9]*")
BOUND = re.compile(r"[&!]\S*")
BREAK = re.compile(r"\r\n|\n|\r")
COMMENT = re.compile(r"(?:^|(?<=\s))#.*")
NEXT_KEY = re.compile(r"""\s*(?:\?\s*)?["']?[A-Za-z]\w*["']?\s*:(?:\s.*)?|---.*|\.\.\..*""")


@dataclass(frozen=True, slots=True)
class Claim:
    """The ids and clients a document names; other documents of its folder count only where that is *certain*.

    One that the people of a *district* have written claims nothing of another district.
    """

    ids: frozenset[str] = frozenset()
    clients: frozenset[str] = frozenset()
    certain: bool = False
    district: str = ""


@dataclass(frozen=True, slots=True)
class _Found:
    """The value of one key: its *names*, whether it was understood and ended, and the key's depth."""

    names: frozenset[str]
    whole: bool
    depth: int


def claim(path: Path) -> Claim:
    """Return the ids and clients that the document in *path* names in any way."""
    try:
        if path.is_file():  # nothing else ends
            with path.open("rb") as stream:
                return read(stream.read(loading.MAX_FILE_BYTES + 1))
    except OSError:
        pass
    return Claim()


def read(raw: bytes) -> Claim:
    """Return the ids and clients that a document of the bytes *raw* names in any way."""
    text = _text(raw)
    ids, clients = _named(text, "id"), _named(text, "clients?")
    parsed = _parsed(raw)
    said = parsed.certain or None not in (ids, clients)
    return Claim(
        parsed.ids | (ids or _some(text, "id")),
        parsed.clients | (clients or _some(text, "clients?")),
        said and len(raw) <= loading.MAX_FILE_BYTES,
    )


def _parsed(raw: bytes) -> Claim:
    """Return the claim of a document that is YAML; a list of clients that may be cut off is not certain."""
    try:
        content: Any = loading.parse(raw, "").content
    except SettingsError:
        return Claim()
    if not isinstance(content, dict):
        return Claim()
    clients = content.get("clients")
    clients = clients if isinstance(clients, list) else [clients]
    ids, known = (_just_names(some) for some in ([content.get("id")], clients))
    certain = bool(ids and known) and len(known) == len(clients) and next(reversed(content)) not in {"id", "clients"}
    return Claim(frozenset(ids), frozenset(known), certain)


def _just_names(values: list[Any]) -> list[str]:
    return [one for one in values if isinstance(one, str) and NAME.fullmatch(one)]


def _named(text: str, key: str) -> frozenset[str] | None:
    """Return the names of a *key*; None where there are none, or where any of its value is not understood."""
    found = [*_at_lines(text, key)]
    first = min((one.depth for one in found), default=0)
    found = [one for one in found if one.depth == first] or [*_in_line(text, key)]
    if not found or not all(one.whole and one.names for one in found):
        return None
    return _some(text, key)


def _some(text: str, key: str) -> frozenset[str]:
    """Return the names of a *key* wherever it occurs, as far as they are understood."""
    return frozenset[str]().union(*(one.names for one in (*_at_lines(text, key), *_in_line(text, key))))


def _at_lines(text: str, key: str) -> Iterator[_Found]:
    """Yield the values of the *key* where it begins a line, up to the next key."""
    lines = [COMMENT.sub("", line) for line in BREAK.split(text)]
    opening = re.compile(rf"""(\s*)(?:[{{?-]\s*)*["']?{key}["']?\s*:(.*)""", re.IGNORECASE | re.DOTALL)
    for number, line in enumerate(lines):
        if begun := opening.fullmatch(line):
            yield _value(key, begun[2], lines[number + 1 :], len(begun[1]))


def _in_line(text: str, key: str) -> Iterator[_Found]:
    """Yield the values of the *key* where it comes later in a line, as in ``{version: 1, id: x}``."""
    opening = re.compile(rf"""[{{,]\s*["']?{key}["']?\s*:\s*(\[[^\]]*\]|[^,}}\r\n]*)""", re.IGNORECASE)
    for begun in opening.finditer(text):
        yield _Found(*_names(begun[1], one=key == "id"), 0)


def _value(key: str, rest: str, following: list[str], depth: int) -> _Found:
    """Read the value of a key: in its own line, or in the next ones up to the next key or the end of the list."""
    rest = BOUND.sub("", rest, 1) if BOUND.match(rest.strip()) else rest
    if key == "id" and rest.strip() and not SCALAR.fullmatch(rest.strip()):
        value, *more = re.split(r"[,}]", rest)
        names, whole = _names(value, one=True)
        return _Found(names, whole and bool(more or following), depth)
    gathered, ended = [rest], "]" in rest
    for line in following:
        if ended or NEXT_KEY.fullmatch(line):
            ended = True
            break
        gathered.append(line)
        ended = "]" in line
    inside = "\n".join(gathered).partition("]")[0]
    if key == "id":
        inside = SCALAR.sub("", inside, 1)
    names, whole = _names(inside, one=key == "id")
    return _Found(names, whole and ended, depth)


def _names(text: str, *, one: bool) -> tuple[frozenset[str], bool]:
    """Return the names in *text*, and whether it contains nothing but names (*one*: of one alone)."""
    words = [word.strip("\"'[]{}").lstrip("-") for word in re.split(r"[\s,]+", text) if not BOUND.fullmatch(word)]
    words = [word for word in words if word]
    names = frozenset(word for word in words if NAME.fullmatch(word))
    whole = all(word in names for word in words)
    return names, whole and (len(words) == 1 or not one)


def _text(raw: bytes) -> str:
    """Decode *raw*; an undecodable byte becomes a character that is part of no name."""
    if raw[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return raw.decode("utf-16", "replace")
    if b"\0" in raw[:2]:
        return raw.decode("utf-16-be" if raw[:1] == b"\0" else "utf-16-le", "replace")
    return raw.decode("utf-8-sig", "replace")
