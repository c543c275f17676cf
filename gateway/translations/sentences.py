"""Sentences of services and of the record, which are English texts with values in them, retold in another language.

A sentence is known by its template, such as ``%(name)s ends on %(day)s``: what stands in its places is found again in
the text. The name of a place begins with what it holds: a ``name`` has no space in it, ``codes`` lists such names, a
``key`` is one of a document, a ``fact`` a dotted name, a ``version`` one of an agreement; ``class`` lists classes of
facts; ``count`` is a number and ``day`` a date; ``told`` is a sentence that is retold itself, ``steps`` are several; a
``word`` may be one; ``each`` lists such words with commas, ``traits`` with *and*, ``schools`` with *or*. ``both`` and
``either`` list names that stay as they are. Any other holds anything, and stays as it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final, Literal

from babel import Locale
from babel.dates import format_date
from babel.lists import format_list

from standards.vocabulary import SENSITIVITIES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Seen = dict[str, str | None]

MAX_CHARACTERS: Final = 2000
MAX_TEXTS: Final = 60
"""A text that is longer, or of which more parts would have to be looked at, stays as it is: no sentence is so."""
PLACE: Final = re.compile(r"%\((\w+)\)s")
KIND: Final = re.compile(r"[a-z]+")
LISTED: Final = re.compile(r", | and | or ")
CLASS: Final = "|".join(SENSITIVITIES)
HELD: Final = {
    "name": r"\S+?", "count": r"[0-9][0-9,.]*", "day": r"[0-9]{4}-[0-9]{2}-[0-9]{2}",
    "key": r"[a-z]\w*", "fact": r"[a-zA-Z]+(?:\.[\w*]+)+", "version": r"\S+@[0-9]+",
    "class": f"(?:{CLASS})(?:, (?:{CLASS}))*", "codes": r"\S+?(?:, \S+?)*",
}  # fmt: skip
"""What a place of a kind holds; one of another kind holds anything on one line."""


@dataclass(frozen=True, slots=True)
class Template:
    """A template of sentences: how they are found, and how they are *said* in the other language."""

    pieces: tuple[str, ...]
    found: re.Pattern[str]
    said: str

    def match(self, text: str) -> re.Match[str] | None:
        """Find a text by the template; one that lacks a piece of it is not looked at any closer."""
        at = 0
        for piece in self.pieces:
            if (at := text.find(piece, at)) < 0:
                return None
            at += len(piece)
        return self.found.fullmatch(text)


class Sentences:
    """The sentences that have a translation into one *language*: *texts* with places, and *words* without any."""

    def __init__(self, language: str, texts: Mapping[str, str], words: Mapping[str, str]) -> None:
        self._locale = Locale(language, "US")
        self._words = words
        made = (_template(text, said) for text, said in texts.items() if PLACE.search(text))
        self._templates = tuple(sorted(made, key=lambda one: -sum(map(len, one.pieces))))
        self._kinds: Mapping[str, Callable[[str, Seen], str | None]] = {
            "told": self._retold, "steps": self._steps, "each": self._each, "class": self._each,
            "word": lambda text, seen: self._retold(text, seen) or text,
            "both": lambda text, _: self._list(LISTED.split(text), "standard"),
            "either": lambda text, _: self._list(LISTED.split(text), "or"),
            "traits": lambda text, seen: self._list(self._words_of(text, seen), "standard"),
            "schools": lambda text, seen: self._list(self._words_of(text, seen), "or"),
            "day": lambda text, _: format_date(date.fromisoformat(text), format="medium", locale=self._locale),
        }  # fmt: skip

    def retell(self, text: str) -> str | None:
        """Retell an English *text*; None where no template of it is known."""
        return self._retold(text, {}) if len(text) <= MAX_CHARACTERS else None

    def _retold(self, text: str, seen: Seen) -> str | None:
        if text in self._words:
            return self._words[text]
        if text not in seen:
            if len(seen) >= MAX_TEXTS:
                return None
            seen[text] = None
            seen[text] = next(self._matching(text, seen), None)
        return seen[text]

    def _matching(self, text: str, seen: Seen) -> Iterator[str]:
        for one in self._templates:
            if (found := one.match(text)) is None:
                continue
            values = {name: self._value(name, held, seen) for name, held in found.groupdict().items()}
            if None not in values.values():
                yield one.said % values

    def _value(self, name: str, held: str, seen: Seen) -> str | None:
        kind = KIND.match(name)
        said = self._kinds.get(kind[0]) if kind else None
        try:
            return held if said is None else said(held, seen)
        except ValueError:  # no day of the calendar
            return held

    def _steps(self, text: str, seen: Seen) -> str | None:
        told = [self._retold(one, seen) for one in text.split("; ")]
        return None if None in told else "; ".join(map(str, told))

    def _each(self, text: str, seen: Seen) -> str:
        return ", ".join(self._retold(one, seen) or one for one in text.split(", "))

    def _words_of(self, text: str, seen: Seen) -> list[str]:
        return [self._retold(one, seen) or one for one in LISTED.split(text)]

    def _list(self, words: list[str], style: Literal["standard", "or"]) -> str:
        return format_list(words, style=style, locale=self._locale)


def _template(text: str, said: str) -> Template:
    """Compile the template that a translated *text* is."""
    pieces = [piece.replace("%%", "%") if at % 2 == 0 else piece for at, piece in enumerate(PLACE.split(text))]
    found = "".join(_held(piece) if at % 2 else re.escape(piece) for at, piece in enumerate(pieces))
    return Template(tuple(pieces[::2]), re.compile(found), said)


def _held(name: str) -> str:
    kind = KIND.match(name)
    return f"(?P<{name}>{HELD.get(kind[0] if kind else '', '.+?')})"
