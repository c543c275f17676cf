"""Letters: texts in one spelling, whatever their case, accents, punctuation, invisible characters and alphabet."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_CHARACTERS: Final = 200
"""The length of a text that can be a name, a school or a city; a longer one is none."""

LATIN: Final = "LATIN"
APOSTROPHES: Final = dict.fromkeys(map(ord, "'’‘‛`´ʹʺʻʼʽʾʿˈˊˋ′‵＇"))
"""Marks within a word, which are left out: O'Brien, N’Diaye, Kaʻiulani."""
EXPANDED: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"})
"""The second spelling of German and Nordic letters, on keyboards that lack them."""
PLAIN: Final = str.maketrans(
    {"ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "ı": "i", "æ": "ae", "œ": "oe", "ħ": "h", "ŧ": "t", "ŋ": "n"}
)
"""Latin letters that no decomposition takes to plain ones."""
ACCENTS: Final = ((0x0300, 0x036F), (0x0591, 0x05C7), (0x064B, 0x065F), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF))
"""Marks that are often left out: accents, Hebrew points, Arabic vowels. Marks of other scripts count as letters."""


def _table(pairs: str) -> dict[int, str]:
    parted = (pair.partition("=") for pair in pairs.split())
    return {ord(letter): latin for letter, _, latin in parted}


_SLAVIC: Final = _table(
    "а=a б=b в=v г=h ґ=g д=d е=e є=ye ж=zh з=z и=y і=i ї=yi й=y к=k л=l м=m н=n о=o п=p р=r с=s т=t у=u ф=f х=kh ц=ts"
    " ч=ch ш=sh щ=shch ь= ю=yu я=ya ъ= ы=y э=e ё=yo ў=u"
)
_PASSPORT: Final = _SLAVIC | _table("є=ie ї=i й=i ю=iu я=ia")
_RUSSIAN: Final = _SLAVIC | _table("г=g и=i й=y ё=e")
SLAVIC_SPELLINGS: Final[tuple[tuple[Mapping[int, str], Mapping[int, str]], ...]] = (
    (_SLAVIC, {}),
    (_PASSPORT, _table("є=ye ї=yi й=y ю=yu я=ya")),
    (_RUSSIAN, {}),
)
"""Cyrillic in Latin letters as people write it, as Ukraine's passports do (resolution 55 of 2010), and from Russian.

Each has the letters, and those that are other ones where a word begins.
"""


def spellings(text: str) -> tuple[tuple[str, ...], ...]:
    """Return the *text* as words in plain small letters, in every spelling of it; none for a text without letters."""
    if len(text) > MAX_CHARACTERS:
        return ()
    if text.isascii():
        words = _words(text.casefold().replace("'", "").replace("`", ""))
        return (words,) if words else ()
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFKC", text.translate(APOSTROPHES)).casefold())
    spelt = [folded, folded.translate(EXPANDED)] if any(ord(one) in EXPANDED for one in folded) else [folded]
    found = dict.fromkeys(words for one in spelt for words in _latinised(one))
    found.pop((), None)
    return tuple(found)


def alphabets(words: tuple[str, ...]) -> frozenset[str]:
    """Return the alphabets of the *words*, by the names that Unicode gives their letters."""
    letters = {letter for word in words for letter in word if not letter.isdecimal()}
    return frozenset(LATIN if one.isascii() else unicodedata.name(one, "?").partition(" ")[0] for one in letters)


def _latinised(folded: str) -> list[tuple[str, ...]]:
    """Return the words of a *folded* text, those that are Cyrillic throughout in the ways to write them in Latin."""
    if not any("\u0400" <= one <= "\u04ff" for one in folded):
        return [_words(_bare(folded))]
    parts = folded.replace("-", " ").split()
    return [_words(_bare(" ".join(_latin(part, *table) for part in parts))) for table in SLAVIC_SPELLINGS]


def _latin(word: str, letters: Mapping[int, str], first: Mapping[int, str]) -> str:
    if not all("\u0400" <= one <= "\u04ff" for one in word if one.isalpha()):
        return word  # letters of two alphabets in one word are a mistake, or meant to be one
    return word[:1].translate(first).translate(letters) + word[1:].translate(letters)


def _bare(folded: str) -> str:
    """Take the accents off a *folded* text, and the characters that nobody sees."""
    opened = unicodedata.normalize("NFKD", folded)
    return "".join(one for one in opened if not _is_unseen(one)).translate(PLAIN)


def _is_unseen(character: str) -> bool:
    code = ord(character)
    return any(first <= code <= last for first, last in ACCENTS) or unicodedata.category(character) == "Cf"


def _words(text: str) -> tuple[str, ...]:
    """Part a *text* where it has neither letter nor digit; marks alone are no word."""
    if text.isascii() and text.isalnum():
        return (text,)
    kept = "".join(one if one.isalnum() or unicodedata.category(one)[0] == "M" else " " for one in text)
    return tuple(word for word in kept.split() if any(one.isalnum() for one in word))
