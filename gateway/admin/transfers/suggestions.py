"""Suggestions: own students whose record may be at another district, as the district's own system alone says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.admin.transfers.office import TransferOffice

if TYPE_CHECKING:
    from gateway.admin.transfers.own_children import OwnChild
    from gateway.transfers.machine.outward import OutwardTransfer


@dataclass(frozen=True, slots=True)
class TransferSuggestion:
    """An own student who came from the district *sender*, by the own record; the *handle* is sealed."""

    handle: str
    sender: str
    child: OwnChild


class TransferSuggestions(TransferOffice):
    """What may be asked for by one click; nothing of the other district is looked at before it."""

    def listed(self) -> tuple[TransferSuggestion, ...]:
        """List the suggestions that nobody has taken or dismissed; none for a child with a restriction."""
        raise NotImplementedError

    def ask(self, handle: str, key: str, *, again: bool = False) -> OutwardTransfer:
        """Make a suggestion a request.

        Raises:
            NotFound: it is none any more.
        """
        raise NotImplementedError

    def dismiss(self, handle: str) -> None:
        """Suggest this no more."""
        raise NotImplementedError
