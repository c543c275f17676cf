"""Wording of a document in one language: sentences, dates, periods and lists as that language writes them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any

from babel import Locale
from babel.dates import format_date
from babel.lists import format_list
from babel.numbers import format_decimal
from babel.units import format_unit

from gateway.one_line import one_line
from gateway.translations.catalogues import translator

if TYPE_CHECKING:
    from collections.abc import Iterable

_PERIOD = re.compile(r"([0-9]+)([DWMY])")
_UNITS = {"D": "duration-day", "W": "duration-week", "M": "duration-month", "Y": "duration-year"}
_QUOTES = {"en": "“{}”", "es": "«{}»"}


def message(text: str) -> str:
    """Mark a text that a document says in each language, where it is written apart from its use."""
    return text


@dataclass(frozen=True)
class Wording:
    """The words of one *language*."""

    language: str

    @cached_property
    def locale(self) -> Locale:
        """The language's habits, as it is written in the United States."""
        return Locale(self.language, "US")

    def say(self, text: str, /, **values: Any) -> str:
        """Translate a sentence and fill in its values, which are text and nothing else."""
        said = translator("documents", self.language)(text)
        return said % values if values else said

    def fact(self, about: str) -> str:
        """Translate a sentence of the vocabulary."""
        return translator("vocabulary", self.language)(about)

    def row(self, title: str) -> str:
        """Translate a title of the schedule of data."""
        return translator("schedule", self.language)(title)

    def date(self, day: str) -> str:
        """Write in full a date that an agreement gives as 2026-09-01."""
        return format_date(date.fromisoformat(day), format="long", locale=self.locale)

    def number(self, number: float) -> str:
        """Write a number."""
        return format_decimal(number, locale=self.locale)

    def period(self, period: str) -> str:
        """Write a period such as P1Y6M or P60D."""
        parts = [
            format_unit(int(count), _UNITS[unit], length="long", locale=self.locale)
            for count, unit in _PERIOD.findall(period)
        ]
        return self.both(parts)

    def quoted(self, text: str) -> str:
        """Write a text of the agreement as it stands, in quotation marks."""
        return _QUOTES[self.language].format(one_line(text))

    def both(self, items: Iterable[str]) -> str:
        """List items, the last one after the language's word for *and*."""
        return format_list(list(items), style="standard", locale=self.locale)

    def either(self, items: Iterable[str]) -> str:
        """List items, the last one after the language's word for *or*."""
        return format_list(list(items), style="or", locale=self.locale)
