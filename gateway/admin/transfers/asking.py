"""Asking: a district requests a student's record of another one, and sees of it what is the same for every child."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway.admin.transfers.office import TransferOffice
from gateway.transfers.ledger.lists import MAX_LISTED
from gateway.transfers.machine.words import RequestStanding
from standards.errors import Conflict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.transfers.ledger.lists import TransferPage
    from gateway.transfers.machine.outward import OutwardState, OutwardTransfer


class AskedAlready(Conflict):
    """The district has asked for the same child already: it may ask once more only where it says so (*again*)."""

    code = "asked-already"


@dataclass(frozen=True, slots=True)
class TransferForm:
    """The request for a student's record: whom the district *sender* is asked for, and why one may ask.

    *student* has `stateId family given middle birthDate lastSchool`, as far as they are known. *again* is said by
    whoever asks a second time for the same child.
    """

    sender: str
    student: Mapping[str, str] = field(repr=False)
    standing: RequestStanding = RequestStanding.ENROLLMENT
    military: bool = False
    again: bool = False


class TransferAsking(TransferOffice):
    """The requests of a district."""

    def districts(self) -> tuple[str, ...]:
        """Return the districts that it may ask today: those with an agreement in force about transfers to it."""
        raise NotImplementedError

    def ask(self, form: TransferForm, key: str) -> OutwardTransfer:
        """Ask for a student's record, under the idempotency *key* of the caller.

        Raises:
            Forbidden: no agreement about transfers from that district to this one is in force.
            InvalidBody: too little is stated, or nothing that can be read.
            Conflict: the child is not enrolled here, so that nothing but a signed intent allows the request.
            AskedAlready: a request of this district for the same child is open.
            TooManyMisses: the district has asked for too many students who were not found.
        """
        raise NotImplementedError

    def sent(
        self, state: OutwardState | None = None, cursor: str = "", limit: int = MAX_LISTED
    ) -> TransferPage[OutwardTransfer]:
        """List what the district has asked for, as it may see each."""
        raise NotImplementedError

    def one(self, transfer: str) -> OutwardTransfer:
        """Return one request as the district may see it.

        Raises:
            NotPartyTo: there is none, or it is another district's.
        """
        raise NotImplementedError

    def withdraw(self, transfer: str, reason: str, key: str) -> OutwardTransfer:
        """Withdraw a request before anything was delivered."""
        raise NotImplementedError

    def redirect(self, transfer: str, district: str, key: str) -> OutwardTransfer:
        """Ask another district instead: the request is withdrawn, and a new one is returned.

        It is so in every state before delivery, so that nothing tells whether the child was found.
        """
        raise NotImplementedError

    def ask_supplement(self, transfer: str, key: str) -> OutwardTransfer:
        """Ask for what has changed since the delivery: a task of the sending district."""
        raise NotImplementedError
