"""Wording of the console in the language of whoever looks at it."""

from __future__ import annotations

from collections import ChainMap
from functools import cache
from typing import TYPE_CHECKING, Final

from flask import g, request

from gateway.translations.catalogues import LANGUAGES, SOURCE_LANGUAGE, catalogue

if TYPE_CHECKING:
    from collections.abc import Mapping

CATALOGUES: Final = ("console", "sign_in")
"""The kinds of texts of the console, one catalogue each."""

COOKIE: Final = "__Host-crossing-language"


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
    """Translate a text of the console; a text of people, which nobody translates, must not come here.

    Raises:
        KeyError: nobody has translated it.
    """
    shown = language()
    return text if shown == SOURCE_LANGUAGE else _translations(shown)[text]


@cache
def _translations(shown: str) -> Mapping[str, str]:
    return ChainMap(*(dict(catalogue(kind, shown)) for kind in CATALOGUES))


def say_several(one: str, several: str, count: int) -> str:
    """Translate a text about one thing, or about several."""
    return say(one if count == 1 else several)
