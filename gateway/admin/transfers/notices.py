"""Notices to parents of what was released (34 CFR 99.34), as letters to be printed, and their copy of the summary."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway.admin.transfers.office import TransferOffice

if TYPE_CHECKING:
    from datetime import datetime

    from gateway.admin.transfers.own_children import OwnChild


@dataclass(frozen=True, slots=True)
class DueNotice:
    """A letter that is to be sent for a *transfer*, since when, and in which *languages* it can be printed."""

    transfer: str
    since: datetime
    child: OwnChild
    languages: tuple[str, ...]
    home_language: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class ParentLetter:
    """A letter as it is printed: HTML for the browser; its text is in the *language* wherever the catalogue has it."""

    language: str
    html: bytes = field(repr=False)


class TransferNotices(TransferOffice):
    """The letters that the agreements ask for; none to a family of the address programme."""

    def due(self) -> tuple[DueNotice, ...]:
        """List the letters that are not sent yet, oldest first."""
        raise NotImplementedError

    def letter(self, transfer: str, language: str = "") -> ParentLetter:
        """Write the letter, in the home language where that is not said and the catalogue has it.

        Raises:
            NotFound: there is none to be sent.
        """
        raise NotImplementedError

    def sent(self, transfer: str) -> None:
        """Note that the letter was sent."""
        raise NotImplementedError

    def parents_copy(self, transfer: str, language: str = "") -> bytes:
        """Write the summary of what was released last, for the parent, as HTML; that it was is an act on record."""
        raise NotImplementedError
