"""Notices to parents of what was released (34 CFR 99.34), as letters to be printed, and their copy of the summary."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from gateway.admin.inbox.letters import LETTERS_FOR, MAX_LETTERS, by_letter, unsent
from gateway.admin.transfers.office import READ
from gateway.admin.transfers.own_children import own_child
from gateway.admin.transfers.preview import ReleasePreview
from gateway.documents.formats import html
from gateway.documents.transfer_letter import LetterFacts, transfer_letter
from gateway.documents.words import Wording
from gateway.storage.transfers.waiting_transfers import WaitingTransfers
from gateway.tasks.moving import letter_task
from gateway.tasks.store import Tasks
from gateway.transfers.districts.children import row_of_subject
from gateway.transfers.districts.release import plan_of, sending_office, track_of
from gateway.transfers.districts.restrictions import ADDRESS_PROGRAM
from gateway.transfers.machine.errors import NotAllowed
from gateway.transfers.machine.words import RecordSection, TransferState
from gateway.transfers.package.assembly import wanted
from gateway.transfers.package.contents.reader import GatewayRecord
from gateway.transfers.package.sections import FULL
from gateway.transfers.package.summary.words import languages_of
from gateway.translations.catalogues import LANGUAGES, SOURCE_LANGUAGE
from policies.transfers.terms import LETTER, is_transfer
from standards.errors import Conflict, NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from gateway.admin.transfers.own_children import OwnChild
    from gateway.storage.transfers.waiting_transfers import WaitingTransfer
    from gateway.transfers.districts.children import DistrictRoll
    from gateway.transfers.machine.transfer import Transfer

RELEASED: Final = frozenset({
    TransferState.APPROVED, TransferState.PACKED, TransferState.DELIVERED, TransferState.ACKNOWLEDGED,
    TransferState.FILED,
})  # fmt: skip
"""The states in which a record was released."""
SENT: Final = "the letter was sent"
NO_LETTER: Final = "No letter is to be sent about this transfer."
PROTECTED: Final = "The family's address is protected: no letter goes to it. Tell the parents in another way."
NOTHING_RELEASED: Final = "Nothing of the record was released yet."


@dataclass(frozen=True, slots=True)
class DueNotice:
    """A letter that is to be sent for a *transfer*, asked for *since* then, in one of some *languages*."""

    transfer: str
    since: datetime
    child: OwnChild
    languages: tuple[str, ...] = LANGUAGES


@dataclass(frozen=True, slots=True)
class ParentLetter:
    """A letter as it is printed: HTML for the browser; its text is in the *language* wherever the catalogue has it."""

    language: str
    html: bytes = field(repr=False)


class TransferNotices(ReleasePreview):
    """The letters that the agreements ask for; none to a family of the address programme."""

    def due(self) -> tuple[DueNotice, ...]:
        """List the letters that are not sent yet, oldest first; that somebody was shown whose they are is on record."""
        self.need(READ)
        waiting = self._unsent()
        subjects = self.lists.subjects([one.id for one in waiting])
        found = tuple(self._noticed(self.roll(), waiting, subjects)) if subjects else ()
        if found:
            self.record("transfer letters shown", content={"shown": len(found)})
        return found

    def count(self) -> int:
        """Count the letters that are not sent yet, as tasks do: without a look at the district's own system."""
        self.need(READ)
        return len(by_letter(self.region, self._unsent()))

    def letter(self, transfer: str, language: str = "") -> ParentLetter:
        """Write the letter, in the home language where that is not said and the catalogue has it.

        Raises:
            NotFound: there is none to be sent.
            Conflict: the family's address is protected, which an approver or privacy officer alone is told.
        """
        self.need(READ)
        found = self._with_letter(transfer)
        roll = self.roll_about(found)
        row = self.row(roll, found)
        if row is None:
            raise NotFound(NO_LETTER)
        agreement, _ = self.agreement(found.sender, found.receiver)
        spoken = language if language in LANGUAGES else self._home_language(roll, row, found)
        terms, child = agreement.transfer, own_child(roll, row)
        released = found.approved - found.withheld
        facts = LetterFacts(
            child.name, sending_office(agreement, roll).name, found.receiver,
            tuple(one.value for one in RecordSection if one in released), self.today().isoformat(),
            terms.office if terms is not None else "", found.id,
        )  # fmt: skip
        self.record("transfer letter written", found.id, {"language": spoken})
        return ParentLetter(spoken, html.render(transfer_letter(facts, Wording(spoken))))

    def sent(self, transfer: str) -> None:
        """Note that the letter was sent.

        Raises:
            NotFound: there is none to be sent.
            Conflict: that is noted already.
        """
        self.need(READ)
        found = self._with_letter(transfer)
        task = letter_task(found.id, self.org, found.asked)
        Tasks(self.region.store, self.region.clock).close(task, SENT, self.actor.name)

    def parents_copy(self, transfer: str, language: str = "") -> bytes:
        """Write the summary of what was released, for the parent, as HTML; that it was is an act on record.

        Raises:
            NotAllowed: nothing was released.
        """
        self.need(READ)
        found = self.sent_to_us(transfer)
        agreed = self.agreement(found.sender, found.receiver)
        terms = agreed[0].transfer
        if found.release is None or terms is None:
            raise NotAllowed(NOTHING_RELEASED)
        sections = [one.value for one in found.approved - found.withheld]
        made = self.packed(found, sections, agreed, track_of(terms, by_rule=found.release.by_rule), found.version)
        pages = {one.path: one.content for one in made.files}
        self.record("transfer copy for parent", found.id, {"version": found.version})
        spoken = f"summary.{language}.html"
        return pages[spoken if spoken in pages else "summary.html"]

    def _unsent(self) -> list[WaitingTransfer]:
        """Return what was released lately, where parents are told by letter, and no letter was sent; oldest first."""
        known = [one for one in self.region.agreements() if is_transfer(one.operations) and one.district == self.org]
        told = {one.org for one in known if one.transfer is not None and one.transfer.notify == LETTER}
        found = WaitingTransfers(self.region.store, self.region.clock).released(self.org, LETTERS_FOR) if told else ()
        mine = [one for one in found if one.receiver in told]
        ids = [letter_task(one.id, self.org, one.asked).id for one in mine]
        return unsent(mine, Tasks(self.region.store, self.region.clock).known(ids))[:MAX_LETTERS]

    def _noticed(
        self, roll: DistrictRoll, waiting: list[WaitingTransfer], subjects: Mapping[str, str]
    ) -> list[DueNotice]:
        found = []
        for one in waiting:
            row = row_of_subject(roll, self.register_keys, self.org, subjects.get(one.id, ""))
            if row is not None and ADDRESS_PROGRAM not in self.restrictions(roll).get(row, ()):
                found.append(DueNotice(one.id, one.asked, own_child(roll, row)))
        return found

    def _with_letter(self, transfer: str) -> Transfer:
        """Find a transfer of which parents are told by letter."""
        found = self.sent_to_us(transfer)
        terms = self.terms(found)
        if found.state not in RELEASED or terms is None or terms.notify != LETTER:
            raise NotFound(NO_LETTER)
        if self.is_protected(found, self.roll_about(found)):
            if self.is_told:
                raise Conflict(PROTECTED)
            raise NotFound(NO_LETTER)
        return found

    def _home_language(self, roll: DistrictRoll, row: int, transfer: Transfer) -> str:
        """Return the language of the student's home, as far as the district's system says it and there are texts."""
        _, grant = self.agreement(transfer.sender, transfer.receiver)
        plan = plan_of(FULL, [RecordSection.IDENTITY.value])
        student = roll.id_of(row)
        contents = GatewayRecord(self.gateway, grant, student, roll.key_of(student)).read(wanted(plan))
        return next((one for one in languages_of(contents.documents) if one != SOURCE_LANGUAGE), SOURCE_LANGUAGE)
