"""Message catalogues: one file of translations for each language and kind of document, read as it is written."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from babel.messages.pofile import read_po

from standards.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SOURCE_LANGUAGE = "en"
"""The language in which the program's own texts are written; it has no catalogue."""
LANGUAGES = (SOURCE_LANGUAGE, "es")


def translator(kind: str, language: str) -> Callable[[str], str]:
    """Return the function that translates the texts of one *kind* of document into *language*.

    Raises:
        NotFound: there is no such language.
        KeyError: raised by the function, for a text that nobody has translated.
    """
    if language not in LANGUAGES:
        raise NotFound(f"There is no language {language!r}; there are {', '.join(LANGUAGES)}.")
    if language == SOURCE_LANGUAGE:
        return lambda text: text
    return catalogue(kind, language).__getitem__


@cache
def catalogue(kind: str, language: str) -> Mapping[str, str]:
    """Return the translations of one *kind* of document into *language*, by their English texts."""
    path = files("gateway.translations") / "locale" / language / f"{kind}.po"
    with path.open("rb") as file:
        messages = read_po(file, locale=language, abort_invalid=True)
    return {str(one.id): str(one.string) for one in messages if one.id and one.string and not one.fuzzy}
