"""Custody: the sending district finds the student who is asked for, adds to the record, and decides what leaves."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

from gateway.admin.transfers.custody_view import CustodyView, about_candidate
from gateway.admin.transfers.deciding import TransferDecisions
from gateway.admin.transfers.office import DECIDE, MATCH, WITHDRAW
from gateway.people.actor import NotPermitted
from gateway.storage.transfers.attachments import Attachment, forget_attachments, keep_attachment
from gateway.transfers.attachments.pdf import check_pdf
from gateway.transfers.districts.children import subject_tag
from gateway.transfers.districts.standing import child_tag
from gateway.transfers.machine.words import EventKind, RecordSection
from gateway.translations.phrases import Phrase
from standards.errors import InvalidBody, NotFound

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sqlalchemy import Connection

    from gateway.transfers.machine.transfer import Transfer

MAX_DOCUMENTS: Final = 10
MAX_ATTACHED_BYTES: Final = 30 << 20
MAX_NOTE_CHARACTERS: Final = 2000
ATTACHED: Final = "attachments"

APPROVER_PASSES_ON: Final = "An approver of the district passes a request on: nobody else knows who asks."
TOO_MANY: Final = "At most %(most)s documents of together %(mebibytes)s MiB go along with a record."
LONG_NOTE: Final = "A note has at most %(most)s characters, and nothing but text in it."
NOT_ATTACHED: Final = "This is not attached any more: look again."


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

    def attach_document(self, transfer: str, content: bytes, expected: int, key: str) -> CustodyView:
        """Add a PDF document to the record: it is checked, sealed at once, and leaves if *documents* are released.

        Raises:
            BodyTooLarge: it is larger than a document may be.
            InvalidBody: it is no PDF document, or it does something; or there are too many.
            ConcurrentChange: the transfer is not as it was seen.
        """
        found = self._to_be_added_to(transfer)
        check_pdf(content)
        there = self._attached(found, RecordSection.DOCUMENTS)
        if len(there) >= MAX_DOCUMENTS or sum(one.size for one in there) + len(content) > MAX_ATTACHED_BYTES:
            raise InvalidBody(Phrase(TOO_MANY, most=MAX_DOCUMENTS, mebibytes=MAX_ATTACHED_BYTES >> 20))
        return self._attach(found, RecordSection.DOCUMENTS, content, expected, key)

    def write_note(self, transfer: str, text: str, expected: int, key: str) -> CustodyView:
        """Write the note to the receiving registrar in the place of the one before; an empty one is none.

        Raises:
            InvalidBody: it is longer than a note may be.
        """
        found = self._to_be_added_to(transfer)
        said = "\n".join(line.rstrip() for line in text.strip().splitlines())
        if len(said) > MAX_NOTE_CHARACTERS or not all(one.isprintable() or one == "\n" for one in said):
            raise InvalidBody(Phrase(LONG_NOTE, most=MAX_NOTE_CHARACTERS))
        before = self._attached(found, RecordSection.RESTRICTIONS)
        if said:
            return self._attach(found, RecordSection.RESTRICTIONS, said.encode(), expected, key, before)
        return self._detach(found, before[0].id, expected, key) if before else self.done(found)

    def detach(self, transfer: str, attachment: str, expected: int, key: str) -> CustodyView:
        """Take something back that was added to the record.

        Raises:
            NotFound: it is not there.
        """
        found = self._to_be_added_to(transfer)
        return self._detach(found, attachment, expected, key)

    def document(self, transfer: str, attachment: str) -> bytes:
        """Return a document that was added to the record; that somebody looked is on record.

        Raises:
            NotFound: it is not there.
        """
        found = self._to_be_added_to(transfer)
        for one in self.attachments.opened(found.id):
            if one.about.id == attachment and one.about.section == RecordSection.DOCUMENTS:
                self.record("transfer document shown", found.id, {"attachment": attachment})
                return one.content
        raise NotFound(NOT_ATTACHED)

    def _to_be_added_to(self, transfer: str) -> Transfer:
        """Find a transfer to whose record the actor may add."""
        self.need(DECIDE)
        return self.sent_to_us(transfer)

    def _attached(self, transfer: Transfer, section: RecordSection) -> list[Attachment]:
        return [one for one in self.attachments.of(transfer.id) if one.section == section]

    def _attach(
        self,
        transfer: Transfer,
        section: RecordSection,
        content: bytes,
        expected: int,
        key: str,
        instead: Collection[Attachment] = (),
    ) -> CustodyView:
        identifier = self.tag(f"{ATTACHED} {transfer.id} {section}".encode(), hashlib.sha256(content).hexdigest())
        about = {"section": section.value, "attachment": identifier}
        kept = Attachment(identifier, section.value, len(content), self.actor.name, self.region.clock())

        def beside(connection: Connection, after: Transfer) -> None:
            forget_attachments(connection, after.id, ids=[identifier, *(one.id for one in instead)])
            keep_attachment(connection, self.key, after.id, kept, content)

        draft = self.event(transfer.id, EventKind.ATTACH, self.party, key, about)
        return self.done(self.ledger.append(draft, expected, beside).transfer)

    def _detach(self, transfer: Transfer, attachment: str, expected: int, key: str) -> CustodyView:
        draft = self.event(transfer.id, EventKind.DETACH, self.party, key, {"attachment": attachment})
        if draft.key not in transfer.keys and all(one.id != attachment for one in self.attachments.of(transfer.id)):
            raise NotFound(NOT_ATTACHED)

        def beside(connection: Connection, after: Transfer) -> None:
            forget_attachments(connection, after.id, ids=[attachment])

        return self.done(self.ledger.append(draft, expected, beside).transfer)

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
