"""Exact codes: tokens of a code set kept exactly where their vocabulary value would not bring them back."""

from __future__ import annotations

import csv
import io
from functools import cache
from typing import TYPE_CHECKING, Any

from standards import codes as sets

if TYPE_CHECKING:
    from collections.abc import Sequence

    from standards.lenses.pairs import Context


class CodeTokens:
    """The tokens of one code set in one dialect."""

    def __init__(self, codes: str, dialect: str) -> None:
        self.inward, self.say = sets.inward(codes, dialect), sets.outward(codes, dialect)
        self._kept = sets.is_descriptor if dialect == "edfi" else bool
        self._seen: dict[str, tuple[str, bool]] = {}
        self._texts: dict[tuple[str, str], tuple[str, ...]] = {}
        self._lists: dict[tuple[str, ...], tuple[tuple[str, ...], bool]] = {}

    def understand(self, token: str) -> tuple[str, bool]:
        """Return a token's value, and whether the token must be kept beside it."""
        found = self._seen.get(token)
        if found is None:
            value = self.inward(token)
            found = (value, self.say(value) != token and self._kept(token))
            sets.keep(self._seen, token, found)
        return found

    def exact(self, value: str, token: str | None) -> str | None:
        """Return the token for *value*: the kept one, if it still means that."""
        return token if token is not None and self.understand(token)[0] == value else self.say(value)

    def exact_list(self, values: Sequence[str] | None, tokens: Sequence[str] | None) -> list[str] | None:
        """Return the tokens for *values*: the kept ones, if they still mean that."""
        if not values:
            return None
        if tokens and [self.understand(token)[0] for token in tokens] == list(values):
            return list(tokens)
        return [token for value in values if (token := self.say(value))] or None

    def lay(self, tokens: Sequence[str], name: str, context: Context, record: dict[str, Any]) -> None:
        """Put a list of tokens into *record* as values."""
        self._put(tuple([token for token in tokens if token]), name, context, record)

    def lay_text(self, text: str, separator: str, name: str, context: Context, record: dict[str, Any]) -> None:
        """Put the tokens of a delimited text into *record* as values."""
        parts = self._texts.get((separator, text))
        if parts is None:
            parts = tuple(parted(text, separator))
            sets.keep(self._texts, (separator, text), parts)
        self._put(parts, name, context, record)

    def _put(self, known: tuple[str, ...], name: str, context: Context, record: dict[str, Any]) -> None:
        found = self._lists.get(known)
        if found is None:
            answers = [self.understand(token) for token in known]
            found = tuple([value for value, _ in answers]), any(kept for _, kept in answers)
            sets.keep(self._lists, known, found)
        values, kept = found
        if values:
            record[name] = [*values]
        if kept:
            record[f"{name}@{context.standard}"] = [*known]


def parted(text: str, separator: str) -> list[str]:
    """Split a delimited text; a part may stand in quotation marks."""
    if '"' not in text:
        return [part for raw in text.split(separator) if (part := raw.strip())]
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True)
    return [part for row in rows for part in row if part]


@cache
def tokens(codes: str, dialect: str) -> CodeTokens:
    """Return the tokens of the set *codes* in *dialect*; every lens shares what one has looked up."""
    return CodeTokens(codes, dialect)
