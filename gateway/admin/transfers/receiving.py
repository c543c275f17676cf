"""Receiving: the packages that wait for a district, their sealed bytes, and what it did with them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway.admin.transfers.office import TransferOffice
from gateway.transfers.ledger.lists import MAX_LISTED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from gateway.transfers.ledger.lists import TransferPage
    from gateway.transfers.machine.outward import OutwardTransfer
    from gateway.transfers.machine.words import FiledAs, RecordSection, SectionState


@dataclass(frozen=True, slots=True)
class WaitingPackage:
    """A sealed package for the district: of which *transfer* and *version*, how large, for which key, until when."""

    transfer: str
    version: int
    sender: str
    track: str
    size: int
    sha256: str
    kid: str
    expires: datetime


@dataclass(frozen=True, slots=True)
class PackageBytes:
    """Some of the *package*'s sealed bytes, in *chunks*; once the last byte of it was read, it is delivered."""

    package: WaitingPackage
    offset: int
    length: int
    chunks: Iterator[bytes] = field(repr=False)


@dataclass(frozen=True, slots=True)
class ReceivedTransfer:
    """What came of a request: its outward view, and of the newest version what each section is and how it was filed."""

    outward: OutwardTransfer
    sections: Mapping[RecordSection, SectionState] = field(default_factory=dict)
    filed: Mapping[RecordSection, FiledAs] = field(default_factory=dict)
    accepted: bool = False


class TransferReceiving(TransferOffice):
    """What a district receives; before a delivery there is nothing to see here but packages that wait."""

    def packages(self) -> tuple[WaitingPackage, ...]:
        """List the packages that wait for the district, or were read and not acknowledged yet, oldest first."""
        raise NotImplementedError

    def waiting(self, cursor: str = "", limit: int = MAX_LISTED) -> TransferPage[OutwardTransfer]:
        """List the requests of which something was delivered."""
        raise NotImplementedError

    def received(self, transfer: str) -> ReceivedTransfer:
        """Return what came of a request.

        Raises:
            NotPartyTo: there is none of the district, or nothing was delivered.
        """
        raise NotImplementedError

    def package(self, transfer: str, version: int, offset: int = 0, length: int | None = None) -> PackageBytes:
        """Open the sealed bytes of a version from *offset* on, *length* of them or all.

        Raises:
            PackageGone: it is not there, or not any more.
        """
        raise NotImplementedError

    def accept(self, transfer: str, version: int, echo: str, key: str) -> OutwardTransfer:
        """Acknowledge a version by the digest of the figures as they were read back.

        Raises:
            NotAllowed: the figures are not those that were sent.
        """
        raise NotImplementedError

    def resend(self, transfer: str, version: int, reason: str, key: str) -> OutwardTransfer:
        """Ask for the same once more, for a *reason* of a closed list."""
        raise NotImplementedError

    def file(self, transfer: str, version: int, section: str, how: str, key: str) -> OutwardTransfer:
        """Say what became of a section: written, filed as a document, or not wanted."""
        raise NotImplementedError
