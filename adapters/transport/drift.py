"""What it is when a collection is not the same from one page to the next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standards.errors import SourceBroken, SourceUnavailable

if TYPE_CHECKING:
    from standards.errors import SourceError


class Drifted(Exception):
    """The pages do not make a whole; *lasting* where the source contradicts itself though nothing changed."""

    def __init__(self, message: str, *, lasting: bool = False) -> None:
        super().__init__(message)
        self.message, self.lasting = message, lasting

    def error(self, place: str) -> SourceError:
        """What it is when it happens time and again."""
        if self.lasting:
            return SourceBroken(self.message, place)
        return SourceUnavailable(self.message, retry_after=60, place=place)
