"""Repeated records of interchange files: of two that differ in lists alone the last one counts, as in an ODS.

Two that differ in anything else may be two people, or two of anything, and are refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson

from standards.edfi.model.model import natural_key
from standards.errors import SourceBroken

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable, Iterator

    from standards.edfi.model.model import Resource

    Document = dict[str, Any]

MAX_HELD_BACK_RECORDS: Final = 2_000
"""The records of one kind that wait for a later one with the same key; when more come, all are yielded."""


class Repeats:
    """The records of a reading by key: a few of each kind are held back, in case a later one has the same key."""

    def __init__(self, duplicates: Counter[str], replaced: Counter[str]) -> None:
        self._duplicates, self._replaced = duplicates, replaced
        self._content: dict[int, int] = {}
        self._waiting: dict[str, dict[int, Document]] = {}
        self._let_go: set[str] = set()

    def take(self, document: Document, kind: Resource, place: str) -> Iterable[Document]:
        """Add a document of a *kind*; yield those that need not wait any longer.

        Raises:
            SourceBroken: its content differs from one with its key that was yielded already.
        """
        key = hash((kind.name, natural_key(kind, document)))
        content = hash(orjson.dumps(document, option=orjson.OPT_SORT_KEYS))
        earlier, name = self._content.get(key), kind.collection
        self._content[key] = content
        if earlier == content:
            self._duplicates[name] += 1
            return ()
        waiting = self._waiting.setdefault(name, {})
        if earlier is not None and (name in self._let_go or _plain(waiting[key]) != _plain(document)):
            raise SourceBroken(f"{kind.name} is given twice with different content.", place)
        if name in self._let_go:
            return (document,)
        if earlier is not None:
            self._replaced[name] += 1
        waiting[key] = document
        if len(waiting) <= MAX_HELD_BACK_RECORDS:
            return ()
        self._let_go.add(name)
        return self._waiting.pop(name).values()

    def rest(self) -> Iterator[tuple[str, Document]]:
        """Yield the documents that waited until the end, with the name of their collection."""
        for name, documents in self._waiting.items():
            yield from ((name, document) for document in documents.values())


def _plain(document: Document) -> Document:
    """Return a document without its lists."""
    return {name: value for name, value in document.items() if not isinstance(value, list)}
