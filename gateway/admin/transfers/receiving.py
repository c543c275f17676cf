"""Receiving: the packages that wait for a district, their sealed bytes, and what it did with them."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from gateway.admin.transfers.office import FOLLOW, READ, RECEIVE, TransferOffice
from gateway.storage.transfers.packages import PackageGone, SealedPackages
from gateway.transfers.ledger.lists import MAX_LISTED
from gateway.transfers.machine.errors import NotPartyTo
from gateway.transfers.machine.guards import received_of
from gateway.transfers.machine.outward import OutwardState, outward
from gateway.transfers.machine.words import (
    EventKind,
    FiledAs,
    RecordSection,
    ResendReason,
    TransferParty,
    TransferState,
)
from gateway.transfers.work.deciding import may_leave
from gateway.transfers.work.desk import open_desk
from gateway.translations.phrases import Phrase
from standards.errors import Forbidden, InvalidBody

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime
    from enum import StrEnum

    from gateway.storage.transfers.packages import SealedPackage
    from gateway.transfers.ledger.lists import TransferPage
    from gateway.transfers.machine.outward import OutwardTransfer
    from gateway.transfers.machine.transfer import Transfer
    from gateway.transfers.machine.words import SectionState
    from gateway.transfers.work.desk import TransferDesk

THERE: Final = frozenset({TransferState.PACKED, TransferState.DELIVERED})
"""The states in which a package is there to be read."""


@dataclass(frozen=True, slots=True)
class WaitingPackage:
    """A sealed package for the district: of which *transfer* and *version*, how large, for which key, until when.

    On which track it is would tell how the other district has decided.
    """

    transfer: str
    version: int
    sender: str
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
    """What came of a request: its outward view, and what each section is and how it was filed.

    That is so as of the *version* that was *accepted* last; until one was, as of the one that was delivered.
    """

    outward: OutwardTransfer
    version: int = 0
    sections: Mapping[RecordSection, SectionState] = field(default_factory=dict)
    filed: Mapping[RecordSection, FiledAs] = field(default_factory=dict)
    accepted: bool = False


class TransferReceiving(TransferOffice):
    """What a district receives; before a delivery there is nothing to see here but packages that wait."""

    def packages(self) -> tuple[WaitingPackage, ...]:
        """List the packages that wait for the district, or were read and not acknowledged yet, oldest first.

        There are none of a district from which no agreement is in force any more, or that may not leave any more.
        """
        self.need(RECEIVE)
        senders = [name for name in self.region.settings().transfers.districts if self._is_agreed(name)]
        found = self._packages().of_receiver(self.org, senders)
        return tuple(
            _waiting(one, sender) for one, sender in found if self._may_leave(self.asked_by_us(one.transfer), one)
        )

    def waiting(self, cursor: str = "", limit: int = MAX_LISTED) -> TransferPage[OutwardTransfer]:
        """List the requests of which something was delivered."""
        self.need(FOLLOW)
        return self.lists.asked_by(self.org, OutwardState.DELIVERED, cursor, limit)

    def received(self, transfer: str) -> ReceivedTransfer:
        """Return what came of a request; of its sections nothing to whoever only follows transfers.

        Raises:
            NotPartyTo: there is none of the district, or nothing was delivered.
        """
        self.need(FOLLOW)
        found = self._delivered(transfer)
        if not (self.may(RECEIVE) or self.may(READ)):
            return ReceivedTransfer(outward(found))
        package = found.accepted or received_of(found)
        filed, accepted = dict(found.filed), found.accepted is not None
        return ReceivedTransfer(outward(found), package.version, dict(package.sections), filed, accepted)

    def package(self, transfer: str, version: int, offset: int = 0, length: int | None = None) -> PackageBytes:
        """Open the sealed bytes of a version from *offset* on, *length* of them or all.

        Raises:
            PackageGone: it is not there, or not any more, or may not leave as it was decided and sealed.
        """
        self.need(RECEIVE)
        found, packages = self.asked_by_us(transfer), self._packages()
        kept = packages.find(transfer, version)
        if found.state not in THERE or version != found.version or kept.receiver != self.org:
            raise PackageGone
        if not self._may_leave(found, kept):
            raise PackageGone
        length = kept.size - offset if length is None else length
        if not 0 <= offset <= offset + length <= kept.size:
            raise InvalidBody("The package does not have these bytes.")
        chunks = self._chunks(kept, packages.read(kept, offset, length), whole=offset + length == kept.size)
        return PackageBytes(_waiting(kept, found.sender), offset, length, chunks)

    def accept(self, transfer: str, version: int, echo: str, key: str) -> OutwardTransfer:
        """Acknowledge a version by the digest of the figures as they were read back (`echo_of`).

        Raises:
            NotAllowed: the figures are not those that were sent.
        """
        content = {"version": version, "echo": echo}
        return self._done(transfer, EventKind.ACCEPT, TransferParty.AGENT, key, content)

    def resend(self, transfer: str, version: int, reason: str, key: str) -> OutwardTransfer:
        """Ask for the same once more, for a *reason* of a closed list."""
        _known(ResendReason, reason)
        return self._done(transfer, EventKind.RESEND, TransferParty.AGENT, key, {"version": version}, reason)

    def file(self, transfer: str, version: int, section: str, how: str, key: str) -> OutwardTransfer:
        """Say what became of a section: written, filed as a document, or not wanted."""
        _known(RecordSection, section)
        _known(FiledAs, how)
        content = {"version": version, "section": section, "how": how}
        return self._done(transfer, EventKind.FILE, TransferParty.RECEIVER, key, content)

    def _may_leave(self, transfer: Transfer, kept: SealedPackage) -> bool:
        """Tell whether a package may leave: what is agreed, registered and published is as when it was packed."""
        return self._is_agreed(transfer.sender) and may_leave(self._desk(), self.gateway, transfer, kept)

    def _is_agreed(self, sender: str) -> bool:
        """Tell whether an agreement about transfers from a district to this one is in force."""
        try:
            self.agreement(sender, self.org)
        except Forbidden:
            return False
        return True

    def _desk(self) -> TransferDesk:
        region = self.region
        return open_desk(
            region.store, region.keys, region.clock, region.settings, lambda: nullcontext(self.gateway),
            lambda: self.gateway,
        )  # fmt: skip

    def _packages(self) -> SealedPackages:
        return SealedPackages(self.region.store, self.region.settings().state, self.region.clock)

    def _delivered(self, transfer: str) -> Transfer:
        found = self.asked_by_us(transfer)
        if not found.delivered:
            raise NotPartyTo
        return found

    def _done(
        self, transfer: str, kind: EventKind, party: TransferParty, key: str, content: Mapping[str, object],
        reason: str = "",
    ) -> OutwardTransfer:  # fmt: skip
        """Append what the district does with a delivered package; before a delivery there is nothing here."""
        self.need(RECEIVE)
        draft = self.event(self._delivered(transfer).id, kind, party, key, content, reason)
        return outward(self.ledger.append(draft).transfer)

    def _chunks(self, kept: SealedPackage, chunks: Iterator[bytes], *, whole: bool) -> Iterator[bytes]:
        """Yield the bytes; the last byte of a package delivers it, once: a part that is read again does not."""
        yield from chunks
        if whole:
            self._deliver(kept)

    def _deliver(self, kept: SealedPackage) -> None:
        """Deliver a package whose last byte was read, unless it was before, or was taken back meanwhile."""
        if self.asked_by_us(kept.transfer).state is not TransferState.PACKED:
            return
        if self._packages().find(kept.transfer, kept.version).file != kept.file:
            return
        draft = self.event(
            kept.transfer, EventKind.DELIVER, TransferParty.AGENT, f"deliver\0{kept.transfer}\0{kept.version}",
            {"version": kept.version},
        )  # fmt: skip
        self.ledger.append(draft)


def _waiting(kept: SealedPackage, sender: str) -> WaitingPackage:
    return WaitingPackage(kept.transfer, kept.version, sender, kept.size, kept.sha256, kept.kid, kept.expires)


def _known(words: type[StrEnum], word: str) -> None:
    if word not in {one.value for one in words}:
        raise InvalidBody(Phrase("This must be one of %(known)s.", known=", ".join(words)))
