"""YAML documents read without ambiguity: every value has one meaning and knows its place."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)
from ruamel.yaml.reader import ReaderError

from standards.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from ruamel.yaml.events import Event

    Where = tuple[str | int, ...]
    Place = tuple[int, int]

MAX_FILE_BYTES = 256 * 1024
MAX_DEPTH = 20

_WHOLE = re.compile(r"[-+]?[0-9]{1,18}")
_NUMBER = re.compile(
    r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
    r"|[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
)
_UNWRITTEN = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
"""What JSON may have in a text as it is, and YAML refuses, or reads as the end of a line."""

_WORDS: Mapping[str, Any] = {
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
    "null": None, "Null": None, "NULL": None, "~": None, "": None,
}  # fmt: skip
COLON = "no colon can stand here: put a text that has one into quotes, and look whether a quote above is left open"
SAID = (
    ("'\\t'", "a tab stands here: indent with spaces"),
    ("mapping values are not allowed", COLON),
    ("<block end>", "the line begins further left or right than those it belongs with, or its dash is missing"),
    ("expected ','", "a comma is missing here, or a bracket that was opened above is not closed"),
    ("expected ':'", "the line has no colon after its key"),
    ("quoted scalar", "a quote that was opened is not closed"),
    ("unexpected end of stream", "a quote that was opened is not closed"),
)
"""What a reader of YAML calls a mistake, and what it is to who wrote the file."""


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed file; *values* and *keys* hold the line and column of each value and of its key."""

    file: str
    content: Any
    values: Mapping[Where, Place]
    keys: Mapping[Where, Place]

    def place(self, where: Where) -> str:
        """Write the place of the value found by going *where*: file, line and column."""
        return f"{self.file}:{':'.join(map(str, self.values.get(where, (1, 1))))}"

    def error(self, where: Where, message: str, *, at_key: bool = False) -> SettingsError:
        """Make the error for a mistake at the value found by going *where*, or at its key."""
        found = (self.keys if at_key else self.values).get(where)
        while found is None and where:
            where = where[:-1]
            found = self.values.get(where)
        line, column = found or (1, 1)
        return SettingsError(message, self.file, line, column)


def read(path: Path, name: str = "") -> Document:
    """Read the document in *path*, called *name* in messages.

    Raises:
        SettingsError: it is not YAML 1.2 without duplicate keys, anchors, aliases, merge keys and tags.
    """
    file = name or str(path)
    return parse(content(path, file), file)


def content(path: Path, file: str) -> bytes:
    """Return the bytes of a *file*, of one that is too large no more than shows it.

    Raises:
        SettingsError: it cannot be read.
    """
    try:
        with path.open("rb") as stream:
            return stream.read(MAX_FILE_BYTES + 1)
    except OSError:
        raise SettingsError("the file cannot be read", file) from None


def parse(raw: bytes, file: str) -> Document:
    """Parse the document in *raw*, as `read` does."""
    if len(raw) > MAX_FILE_BYTES:
        raise SettingsError(f"the file is larger than {MAX_FILE_BYTES // 1024} KiB", file, 1, 1)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line, column = _place(raw[: error.start].decode("utf-8", "replace"), None)
        raise SettingsError("the file is not UTF-8 text", file, line, column) from None
    return _DocumentReading(file, text).document()


def write(value: Any) -> str:
    """Write *value* on one line, as JSON that is read back here as what it is."""
    spelt = json.dumps(value, ensure_ascii=False)
    return _UNWRITTEN.sub(lambda found: f"\\u{ord(found[0]):04x}", spelt)


class _DocumentReading:
    """One reading of one document, event by event."""

    def __init__(self, file: str, text: str) -> None:
        self.file, self.text = file, text
        self.values: dict[Where, Place] = {}
        self.keys: dict[Where, Place] = {}
        self.events = self._events()

    def document(self) -> Document:
        content = None
        for event in self.events:
            if isinstance(event, DocumentStartEvent):
                if self.values:
                    raise self.refusal(event, "a second document begins here; one file holds one")
                if event.version or event.tags:
                    raise self.refusal(event, "directives (%YAML, %TAG) are not allowed")
                content = self.value(next(self.events), ())
            elif isinstance(event, StreamEndEvent):
                break
        if not self.values or content is None:
            raise SettingsError("the file is empty", self.file, 1, 1)
        return Document(self.file, content, self.values, self.keys)

    def value(self, event: Event, where: Where) -> Any:
        self.check(event, where)
        self.values[where] = _at(event)
        if isinstance(event, MappingStartEvent):
            return self.mapping(where)
        if isinstance(event, SequenceStartEvent):
            return self.sequence(where)
        return self.scalar(event)

    def scalar(self, event: Event) -> Any:
        """Return the value of a scalar: a text if quoted, else what the core schema of YAML 1.2 makes of it."""
        assert isinstance(event, ScalarEvent)
        text: str = event.value
        if not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):
            raise self.refusal(event, "half a character (a surrogate) is not allowed")
        return _plain(text) if event.implicit[0] else text

    def mapping(self, where: Where) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not isinstance(event := next(self.events), MappingEndEvent):
            key = self.key(event, found)
            self.keys[*where, key] = _at(event)
            found[key] = self.value(next(self.events), (*where, key))
        return found

    def key(self, event: Event, found: Mapping[str, Any]) -> str:
        self.check(event, ())
        key = self.scalar(event) if isinstance(event, ScalarEvent) else None
        if key == "<<":
            raise self.refusal(event, "merge keys (<<) are not allowed")
        if not isinstance(key, str):
            raise self.refusal(event, "a key must be a text")
        if key in found:
            raise self.refusal(event, f"the key {key!r} is here twice")
        return key

    def sequence(self, where: Where) -> list[Any]:
        found: list[Any] = []
        while not isinstance(event := next(self.events), SequenceEndEvent):
            found.append(self.value(event, (*where, len(found))))
        return found

    def check(self, event: Event, where: Where) -> None:
        if isinstance(event, AliasEvent):
            raise self.refusal(event, "aliases (*name) are not allowed")
        if isinstance(event, NodeEvent) and event.anchor:
            raise self.refusal(event, "anchors (&name) are not allowed")
        if getattr(event, "ctag", None) is not None:
            raise self.refusal(event, "tags (!name) are not allowed")
        if len(where) > MAX_DEPTH:
            raise self.refusal(event, f"nested deeper than {MAX_DEPTH} levels")

    def refusal(self, event: Event, message: str) -> SettingsError:
        return SettingsError(message, self.file, *_at(event))

    def _events(self) -> Iterator[Event]:
        try:
            yield from YAML(pure=True).parse(self.text)
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
            raise SettingsError(f"this is not YAML: {_in_words(error)}", self.file, line, column) from None
        except ReaderError as error:
            line, column = _place(self.text, error.position)
            raise SettingsError("a control character is not allowed here", self.file, line, column) from None
        except (YAMLError, ValueError, OverflowError, RecursionError):
            raise SettingsError("this is not YAML", self.file, 1, 1) from None


def _in_words(error: MarkedYAMLError) -> str:
    """Say what the person who writes the file can do about what the reader of YAML found."""
    problem = str(error.problem)
    return next((said for part, said in SAID if part in problem), problem)


def _plain(text: str) -> Any:
    if text in _WORDS:
        return _WORDS[text]
    if _WHOLE.fullmatch(text):
        return int(text)
    if _NUMBER.fullmatch(text):
        return math.nan  # no member of these documents is such a number: the schema refuses it with its place
    return text


def _at(event: Event) -> Place:
    return event.start_mark.line + 1, event.start_mark.column + 1


def _place(text: str, position: int | None) -> Place:
    before = text[:position]
    return before.count("\n") + 1, len(before) - before.rfind("\n")
