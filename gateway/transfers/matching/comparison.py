"""Comparison of what is stated with one row, part by part."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Final

from rapidfuzz.distance import OSA, JaroWinkler

from gateway.transfers.matching.levels import ChildPart, PartLevel
from gateway.transfers.matching.nicknames import is_nickname

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gateway.transfers.matching.spelling import Spelling, SpeltChild

MIN_SIMILAR: Final = 0.88
"""The Jaro-Winkler similarity from which two names may be one with a slip."""
MIN_SIMILAR_LETTERS: Final = 3
MIN_MISTYPED_CHARACTERS: Final = 6
"""The length of a state id in which one wrong digit leaves enough right ones."""
PARTICLES: Final = frozenset({
    "a", "abu", "al", "ap", "as", "bin", "bint", "da", "das", "de", "del", "dela", "della", "den", "der", "di", "do",
    "dos", "du", "e", "el", "i", "ibn", "la", "las", "le", "los", "mac", "mc", "o", "of", "san", "santa", "st", "ter",
    "the", "van", "von", "y",
})  # fmt: skip
"""Words of family names that two families share without sharing a name."""
SCHOOL_KINDS: Final = frozenset({
    "academy", "elem", "elementary", "es", "high", "hs", "intermediate", "jr", "junior", "middle", "ms", "of",
    "primary", "school", "senior", "sr", "the",
})  # fmt: skip
JUNIOR_OR_SECOND: Final = frozenset({"jr", "2"})
MONTH, DAY = slice(4, 6), slice(6, 8)


def compare(asked: SpeltChild, row: SpeltChild) -> Mapping[ChildPart, PartLevel]:
    """Return how each part of the child *asked* for stands to that of a *row*."""
    given, family = _names(asked, row)
    return {
        ChildPart.STATE_ID: compare_state_ids(asked.state_id, row.state_id),
        ChildPart.BIRTH_DATE: compare_dates(asked.birth_date, row.birth_date),
        ChildPart.GIVEN: given,
        ChildPart.FAMILY: family,
        ChildPart.MIDDLE: _middle(asked.middle, row.middle),
        ChildPart.SUFFIX: _suffix(asked.suffix, row.suffix),
        ChildPart.SEX: _equal(asked.sex, row.sex),
        ChildPart.SCHOOL: _school(asked.schools, row.schools),
        ChildPart.BIRTH_CITY: _city(asked.birth_city, row.birth_city),
    }


def compare_state_ids(one: str, other: str) -> PartLevel:
    """Compare two state ids as they are spelt."""
    level = _equal(one, other)
    if level is PartLevel.DIFFERS and min(len(one), len(other)) >= MIN_MISTYPED_CHARACTERS:
        return PartLevel.DIGIT if OSA.distance(one, other, score_cutoff=1) <= 1 else level
    return level


def compare_dates(one: str, other: str) -> PartLevel:
    """Compare two dates of eight digits."""
    level = _equal(one, other)
    if level is not PartLevel.DIFFERS:
        return level
    if one[:4] == other[:4] and one[MONTH] == other[DAY] and one[DAY] == other[MONTH]:
        return PartLevel.SWAPPED
    unlike = [place for place in range(len(one)) if one[place] != other[place]]
    exchanged = [one[unlike[-1]], one[unlike[0]]] == [other[unlike[0]], other[unlike[-1]]]
    neighbours = len(unlike) == 2 and unlike[1] == unlike[0] + 1  # noqa: PLR2004  two neighbours
    return PartLevel.DIGIT if len(unlike) == 1 or (neighbours and exchanged) else level


def compare_families(one: SpeltChild, other: SpeltChild) -> PartLevel:
    """Compare the family names of two children, also those from before."""
    present = _family(one.names[0].family, other.names[0].family)
    pairs = product((name.family for name in one.names), (name.family for name in other.names))
    return _or_alias(present, pairs)


def _equal(one: str, other: str) -> PartLevel:
    if not one or not other:
        return PartLevel.MISSING
    return PartLevel.AGREE if one == other else PartLevel.DIFFERS


def _names(asked: SpeltChild, row: SpeltChild) -> tuple[PartLevel, PartLevel]:
    """Compare given and family names, also exchanged, and with names from before."""
    one, other = asked.names[0], row.names[0]
    given, family = _given(one.given, other.given), _family(one.family, other.family)
    exchanged = one.given.joined & other.family.joined and one.family.joined & other.given.joined
    if exchanged and PartLevel.AGREE not in {given, family}:
        given = family = PartLevel.SWAPPED
    givens = product((name.given for name in asked.names), (name.given for name in row.names))
    families = product((name.family for name in asked.names), (name.family for name in row.names))
    return _or_alias(given, givens), _or_alias(family, families)


def _or_alias(present: PartLevel, pairs: Iterable[tuple[Spelling, Spelling]]) -> PartLevel:
    if present is PartLevel.AGREE:
        return present
    return PartLevel.ALIAS if any(one.joined & other.joined for one, other in pairs) else present


def _can_compare(one: Spelling, other: Spelling) -> bool:
    """Tell whether both are there and in the same alphabets: names of two say nothing about each other."""
    return bool(one and other) and (one.alphabets == other.alphabets or not one.alphabets or not other.alphabets)


def _is_similar(one: Spelling, other: Spelling) -> bool:
    return any(
        min(len(left), len(right)) >= MIN_SIMILAR_LETTERS
        and JaroWinkler.similarity(left, right, score_cutoff=MIN_SIMILAR) > 0
        for left in one.joined
        for right in other.joined
    )


def _is_initial(one: Spelling, other: Spelling) -> bool:
    """Tell whether the words of either are the initials of the other's."""
    short, long = sorted((one.words, other.words), key=lambda words: sum(map(len, words)))
    letters = [word[0] for word in long][: len(short)]
    return all(len(word) == 1 for word in short) and list(short) == letters


def _given(one: Spelling, other: Spelling) -> PartLevel:
    if not _can_compare(one, other):
        return PartLevel.MISSING
    if one.joined & other.joined:
        return PartLevel.AGREE
    if is_nickname(one, other):
        return PartLevel.NICKNAME
    if _goes_on(one, other):
        return PartLevel.CONTAINED
    if _is_initial(one, other):
        return PartLevel.INITIAL
    return PartLevel.SIMILAR if _is_similar(one, other) else PartLevel.DIFFERS


def _goes_on(one: Spelling, other: Spelling) -> bool:
    """Tell whether one given name has all words of the other, or begins with its letters."""
    words, others = set(one.words), set(other.words)
    if words < others or others < words:
        return True
    short, long = sorted(("".join(one.words), "".join(other.words)), key=len)
    return len(short) >= MIN_SIMILAR_LETTERS and long.startswith(short)


def _family(one: Spelling, other: Spelling) -> PartLevel:
    if not _can_compare(one, other):
        return PartLevel.MISSING
    if one.joined & other.joined:
        return PartLevel.AGREE
    if any(len(word) > 1 for word in set(one.words) & set(other.words) - PARTICLES):
        return PartLevel.CONTAINED
    return PartLevel.SIMILAR if _is_similar(one, other) else PartLevel.DIFFERS


def _middle(one: Spelling, other: Spelling) -> PartLevel:
    if not _can_compare(one, other):
        return PartLevel.MISSING
    if one.joined & other.joined:
        return PartLevel.AGREE
    if _is_initial(one, other):
        return PartLevel.INITIAL
    near = not set(one.words).isdisjoint(other.words) or _is_similar(one, other)
    return PartLevel.SIMILAR if near else PartLevel.DIFFERS


def _suffix(one: str, other: str) -> PartLevel:
    level = _equal(one, other)
    return PartLevel.SIMILAR if level is PartLevel.DIFFERS and {one, other} == JUNIOR_OR_SECOND else level


def _school(asked: tuple[Spelling, ...], schools: tuple[Spelling, ...]) -> PartLevel:
    pairs = [pair for pair in product(asked, schools) if _can_compare(*pair)]
    if not pairs:
        return PartLevel.MISSING
    if any(one.joined & other.joined for one, other in pairs):
        return PartLevel.AGREE
    near = any(set(one.words) & set(other.words) - SCHOOL_KINDS or _is_similar(one, other) for one, other in pairs)
    return PartLevel.SIMILAR if near else PartLevel.DIFFERS


def _city(one: Spelling, other: Spelling) -> PartLevel:
    if not _can_compare(one, other):
        return PartLevel.MISSING
    if one.joined & other.joined:
        return PartLevel.AGREE
    near = not set(one.words).isdisjoint(other.words) or _is_similar(one, other)
    return PartLevel.SIMILAR if near else PartLevel.DIFFERS
