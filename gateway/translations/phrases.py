"""Phrases: messages that can be told in another language than the one they are written in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Mapping


class Phrase(str):
    """A message made of a *template* and *values*, so that it can be told in another language; its text is English."""

    __slots__ = ("template", "values")

    template: str
    values: Mapping[str, object]

    def __new__(cls, template: str, **values: object) -> Self:
        """Fill the *values* into the places of the *template*, such as ``%(name)s``."""
        made = super().__new__(cls, template % values)
        made.template, made.values = template, values
        return made
