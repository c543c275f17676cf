"""Spelling: what is compared of a name, a number, a date, a sex and a school, once what says nothing is left out."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from gateway.transfers.matching.children import MAX_ALIASES, ChildCandidate, OtherName, StatedChild
from gateway.transfers.matching.letters import MAX_CHARACTERS, alphabets, spellings

if TYPE_CHECKING:
    from collections.abc import Iterable

NO_NAMES: Final = frozenset({
    "unknown", "noname", "nofirstname", "nolastname", "nofamilyname", "nogivenname", "notapplicable", "notavailable",
    "fnu", "lnu",
})  # fmt: skip
"""What systems write where there is no name; FNU and LNU are those of United States visas."""
NO_NUMBERS: Final = frozenset({"123456789", "1234567890", "12345678", "987654321", "9876543210"})
MIN_STATE_ID_CHARACTERS: Final = 4
"""The length of a number that can be a state's, without leading zeros."""
SEPARATORS: Final = re.compile(r"[\s\-‐‑‒–—.]+")
STATE_ID: Final = re.compile(r"(?!temp|tmp|test|pending|none|unknown)[0-9a-z]+")
WHOLE_DATE: Final = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ].*)?", re.ASCII | re.DOTALL)
NO_DATES: Final = frozenset({"19000101", "19010101", "19700101", "20000101", "99991231"})
"""Days that systems write where there is no date; a child born on one has its birth date checked by a person."""
FIRST_YEAR: Final = 1900
GENERATIONS: Final = {
    "jr": "jr", "junior": "jr", "sr": "sr", "senior": "sr", "ii": "2", "2nd": "2", "2": "2", "iii": "3", "3rd": "3",
    "3": "3", "iv": "4", "4th": "4", "4": "4", "v": "5", "5th": "5", "5": "5",
}  # fmt: skip
AFTER_NAMES: Final = GENERATIONS.keys() - {"v", "2", "3", "4", "5", "junior", "senior"}
"""Generations that are taken for one at the end of a name as well."""
SEXES: Final = {"f": "f", "female": "f", "girl": "f", "m": "m", "male": "m", "boy": "m"}
"""The sexes that can contradict each other; any other word says nothing about which child this is."""


@dataclass(frozen=True, slots=True, repr=False)
class Spelling:
    """A text as it is compared: its *words*, all of them joined in each spelling, and its alphabets."""

    words: tuple[str, ...] = ()
    joined: frozenset[str] = frozenset()
    alphabets: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        """Tell whether there is anything to compare."""
        return bool(self.joined)


@dataclass(frozen=True, slots=True, repr=False)
class SpeltName:
    """One name of a child."""

    given: Spelling
    family: Spelling


@dataclass(frozen=True, slots=True, repr=False)
class SpeltChild:
    """A child as it is compared; the first of its *names* is its present one."""

    state_id: str
    birth_date: str
    names: tuple[SpeltName, ...]
    middle: Spelling
    suffix: str
    sex: str
    schools: tuple[Spelling, ...]
    birth_city: Spelling


NOTHING: Final = Spelling()


def spell(text: str) -> Spelling:
    """Spell a name, a school or a city."""
    found = spellings(text)
    joined = frozenset("".join(words) for words in found)
    if not joined or joined & NO_NAMES:
        return NOTHING
    return Spelling(found[0], joined, alphabets(found[0]))


def spell_state_id(text: str) -> str:
    """Spell a state's number without blanks, hyphens, invisible characters and leading zeros; empty where it is none.

    Nothing else is left out: a number with any other character is none, and so is one of a single repeated digit.
    """
    if len(text) > MAX_CHARACTERS:
        return ""
    plain = text.lower() if text.isascii() and text.isalnum() else _plain_number(text)
    number = plain.lstrip("0")
    says_nothing = len(set(number)) <= 1 or number in NO_NUMBERS or not any(map(str.isdigit, number))
    return "" if says_nothing or len(number) < MIN_STATE_ID_CHARACTERS or not STATE_ID.fullmatch(number) else number


def _plain_number(text: str) -> str:
    """Write the digits of every alphabet as ours, without what parts them and what nobody sees."""
    seen = (one for one in text.lower() if unicodedata.category(one) != "Cf")
    return SEPARATORS.sub("", "".join(str(unicodedata.decimal(one, one)) for one in seen))


def spell_date(text: str) -> str:
    """Spell a date, written YYYY-MM-DD, as eight digits; empty where it is none, or one that stands for none."""
    found = WHOLE_DATE.fullmatch(text.strip()) if len(text) <= MAX_CHARACTERS else None
    try:
        day = date.fromisoformat(found[1]) if found else None
    except ValueError:
        return ""
    digits = f"{day:%Y%m%d}" if day and day.year >= FIRST_YEAR else ""
    return "" if digits in NO_DATES else digits


class SpeltTexts(dict[str, Spelling]):
    """The spellings of texts that come again and again, as the names of one district do."""

    def __missing__(self, text: str) -> Spelling:
        """Spell a text that is new."""
        found = self[text] = spell(text)
        return found


def spell_child(child: StatedChild | ChildCandidate, texts: SpeltTexts | None = None) -> SpeltChild:
    """Spell what is stated, or what a row has, with the *texts* of its district that are spelt already."""
    texts = SpeltTexts() if texts is None else texts
    given, in_given = _without_generation(child.given)
    family, in_family = _without_generation(child.family)
    stated = "".join(texts[child.suffix].joined) if child.suffix else ""
    schools = (child.last_school,) if isinstance(child, StatedChild) else child.schools
    present = SpeltName(texts[given], texts[family])
    return SpeltChild(
        spell_state_id(child.state_id), spell_date(child.birth_date),
        (present, *_other_names(present, child.other_names, texts)), texts[child.middle],
        GENERATIONS.get(stated, "") or in_family or in_given, SEXES.get(child.sex.strip().casefold(), ""),
        tuple(filter(None, (texts[school] for school in schools))), texts[child.birth_city],
    )  # fmt: skip


def _other_names(present: SpeltName, names: Iterable[OtherName], texts: SpeltTexts) -> Iterable[SpeltName]:
    for name in tuple(names)[:MAX_ALIASES]:
        given, family = (texts[_without_generation(part)[0]] for part in (name.given, name.family))
        if given or family:
            yield SpeltName(given or present.given, family or present.family)


def _without_generation(text: str) -> tuple[str, str]:
    """Part a generation from the end of a name of several words."""
    rest, _, last = text.strip()[: MAX_CHARACTERS + 1].replace(",", " ").rstrip(". ").rpartition(" ")
    word = last.casefold()
    return (rest, GENERATIONS[word]) if rest.strip() and word in AFTER_NAMES else (text, "")
