"""Custody: the sending district finds the student who is asked for, and decides what of the record leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gateway.admin.transfers.custody_view import CustodyView, about_candidate
from gateway.admin.transfers.deciding import TransferDecisions
from gateway.admin.transfers.office import MATCH, WITHDRAW
from gateway.people.actor import NotPermitted
from gateway.transfers.districts.children import subject_tag
from gateway.transfers.districts.standing import child_tag
from gateway.transfers.machine.words import EventKind
from standards.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.transfers.machine.transfer import Transfer
APPROVER_PASSES_ON: Final = "An approver of the district passes a request on: nobody else knows who asks."


class TransferCustody(TransferDecisions):
    """What a district is asked for. Whatever changes a transfer says the *expected* number, and one of two wins."""

    def choose(self, transfer: str, handle: str, expected: int, key: str) -> CustodyView:
        """Say which of the candidates is meant.

        Raises:
            NotFound: the handle is none of this transfer, or the student is not there any more.
            ConcurrentChange: the transfer is not as it was seen.
        """
        self.need(MATCH)
        found = self.sent_to_us(transfer)
        own = self.opened(about_candidate(found.id), handle)
        roll = self.roll_with(own)
        row = roll.rows.get(own)
        if row is None:
            raise NotFound("The district's system has no such student any more.")
        subject = subject_tag(self.register_keys, self.org, roll.own_id(row))
        content = {"subject": subject, "child": child_tag(self.register_keys, roll, found, row)}
        return self._done(found, EventKind.CHOOSE, expected, key, content)

    def none_of_them(self, transfer: str, expected: int, key: str) -> CustodyView:
        """Say that none of the district's students is meant."""
        self.need(MATCH)
        return self._done(self.sent_to_us(transfer), EventKind.NONE_OF_THEM, expected, key)

    def redirect(self, transfer: str, district: str, expected: int, key: str) -> None:
        """Pass the request on to another district, which then sees it and this one no more: there is no view of it.

        Raises:
            NotPermitted: the actor may not know the receiver: whether a district may be asked would tell it.
            NotAllowed: somebody is found, or looked for, or the request is closed.
            Forbidden: no agreement about transfers from that district to the receiver is in force.
        """
        self.need(MATCH)
        found = self.sent_to_us(transfer)
        if not self.is_told:
            raise NotPermitted(APPROVER_PASSES_ON)
        self._check_now(found, EventKind.REDIRECT, expected, key)
        agreement, _ = self.agreement(district, found.receiver)
        content = {"sender": district}
        draft = self.event(found.id, EventKind.REDIRECT, self.party, key, content, agreement=agreement.digest)
        self.ledger.append(draft, expected)

    def end(self, transfer: str, expected: int, key: str) -> CustodyView:
        """End a request for a student whom the district does not know."""
        self.need(MATCH)
        return self._done(self.sent_to_us(transfer), EventKind.END, expected, key)

    def withdraw(self, transfer: str, reason: str, expected: int, key: str) -> CustodyView:
        """Withdraw a request before anything was delivered, for the sending district."""
        self.need(WITHDRAW)
        return self._done(self.sent_to_us(transfer), EventKind.WITHDRAW, expected, key, reason=reason)

    def _done(
        self,
        transfer: Transfer,
        kind: EventKind,
        expected: int,
        key: str,
        content: Mapping[str, Any] | None = None,
        reason: str = "",
    ) -> CustodyView:
        draft = self.event(transfer.id, kind, self.party, key, content, reason)
        return self.done(self.ledger.append(draft, expected).transfer)
