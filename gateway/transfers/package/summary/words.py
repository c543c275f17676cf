"""The wording of a summary, in English and in each language that has a catalogue of these texts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from babel.dates import format_date

from gateway.documents.words import Wording
from gateway.transfers.package.members import code, items
from gateway.translations.catalogues import LANGUAGES, SOURCE_LANGUAGE, translator

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

KIND: Final = "transfers"
SPOKEN: Final = {"spa": "es", "Spanish": "es", "es": "es"}
"""The languages with a catalogue, by what descriptors call them."""

AT_HOME: Final = ("Home language", "Dominant language", "Native language", "Correspondence language")


@dataclass(frozen=True)
class SummaryWording(Wording):
    """The words of a summary in one *language*."""

    def say(self, text: str, /, **values: Any) -> str:
        """Translate a sentence and fill in its values, which are text and nothing else."""
        said = translator(KIND, self.language)(text)
        return said % values if values else said

    def day(self, day: Any) -> str:
        """Write a day of a record in figures; what is no day stays as it is."""
        try:
            return format_date(date.fromisoformat(str(day)[:10]), format="medium", locale=self.locale)
        except ValueError:
            return str(day or "")


def languages_of(facts: Mapping[str, Sequence[Mapping[str, Any]]]) -> tuple[str, ...]:
    """Return the languages of a summary: English, and that of the student's home where there are texts in it."""
    every = facts.get("studentEducationOrganizationAssociations", ())
    spoken = [
        SPOKEN.get(code(one, "languageDescriptor"), "")
        for known in every
        for one in items(known, "languages")
        if any(code(use, "languageUseDescriptor") in AT_HOME for use in items(one, "uses"))
    ]
    return tuple(dict.fromkeys((SOURCE_LANGUAGE, *(one for one in spoken if one in LANGUAGES))))
