"""Wording of the console in the language of whoever looks at it."""

from __future__ import annotations

from collections import ChainMap
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from flask import g, request
from markupsafe import Markup, escape

from gateway.translations.catalogues import LANGUAGES, SOURCE_LANGUAGE, catalogue
from gateway.translations.phrases import Phrase
from gateway.translations.sentences import Sentences

if TYPE_CHECKING:
    from collections.abc import Mapping

CATALOGUES: Final = (
    "adapters",
    "agreements",
    "clients",
    "console",
    "districts",
    "desk",
    "inbox",
    "names",
    "refusals",
    "registers",
    "people",
    "sentences",
    "settings",
    "preview",
    "sign_in",
    "student_transfers",
    "vendor",
    "why",
)
"""The kinds of texts of the console, one catalogue each."""

COOKIE: Final = "__Host-crossing-language"
INDENT: Final = " \n-+!="
"""How a line of several is indented, with the sign that it begins with."""


def language() -> str:
    """Return the language of this page: what the browser chose, what the person has, what the browser prefers."""
    chosen = request.cookies.get(COOKIE, "")
    if chosen in LANGUAGES:
        return chosen
    session = g.get("session")
    if session is not None and session.language in LANGUAGES:
        return str(session.language)
    return request.accept_languages.best_match(LANGUAGES) or SOURCE_LANGUAGE


def say(text: str) -> str:
    """Translate a text of the console; one that nobody has translated stays as it is.

    A text of people must not come here.
    """
    shown = language()
    return text if shown == SOURCE_LANGUAGE else _translations(shown).get(text, text)


def translated(message: str) -> str | None:
    """Translate a message of a service, such as a refusal; None where it is in English on a page that is not."""
    shown = language()
    return message if shown == SOURCE_LANGUAGE else _phrase(message, shown)


def told(message: str) -> Markup:
    """Say a message of a service in a page; what nobody has translated is marked as the English that it is."""
    text = message
    if message[:1].isspace():
        text = message.lstrip(INDENT)
    before = message[: len(message) - len(text)]
    said = translated(text)
    return Markup('{}<span lang="en">{}</span>').format(before, text) if said is None else escape(before + said)


def retold(message: str) -> str:
    """Say a message of a service where no mark can stand; what nobody has translated stays in English."""
    return translated(message) or message


def _phrase(message: str, shown: str) -> str | None:
    """Translate a message, and those of its values that are messages themselves."""
    if not isinstance(message, Phrase):
        return _sentences(shown).retell(message)
    template = _translations(shown).get(message.template)
    if template is None:
        return None
    values = {
        name: _phrase(one, shown) or one if isinstance(one, Phrase) else one for name, one in message.values.items()
    }
    return template % values


@cache
def _translations(shown: str) -> Mapping[str, str]:
    return ChainMap(*(dict(catalogue(kind, shown)) for kind in CATALOGUES))


@cache
def _sentences(shown: str) -> Sentences:
    words = ChainMap(dict(_translations(shown)), dict(catalogue("vocabulary", shown)))
    return Sentences(shown, catalogue("sentences", shown), words)


def say_several(one: str, several: str, count: int) -> str:
    """Translate a text about one thing, or about several."""
    return say(one if count == 1 else several)


@dataclass(frozen=True, slots=True)
class Later:
    """A text of the console that is translated where it is shown: the label of a form, a column, an entry."""

    text: str

    def __str__(self) -> str:
        return say(self.text)

    def __html__(self) -> Markup:
        return escape(say(self.text))

    def __mod__(self, values: object) -> str:
        return say(self.text) % values


def later(text: str) -> Later:
    """Name a text that is translated when it is shown, not when the program is read."""
    return Later(text)
