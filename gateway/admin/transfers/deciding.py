"""Decisions of the sending district: release, hold, free, refuse and supplement, by two persons where that is asked."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from gateway.admin.second_person import CHANGED_SINCE, ChangedMeanwhile, SecondPerson, TwoPersonAct, Waiting
from gateway.admin.transfers.custody_view import CustodyReading, CustodyView
from gateway.admin.transfers.office import DECIDE
from gateway.tasks.store import Tasks
from gateway.transfers.machine.errors import NotAllowed
from gateway.transfers.machine.event import idempotency_key
from gateway.transfers.machine.transitions import allowed
from gateway.transfers.machine.words import EventKind, HoldReason, RecordSection, TransferRefusal
from gateway.translations.phrases import Phrase
from standards.errors import CallerError, ConcurrentChange, InvalidBody, PreconditionFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from gateway.admin.administration import Administration
    from gateway.admin.second_person import TwoPersonRule
    from gateway.people.actor import Actor
    from gateway.storage.people.proposals import Proposal
    from gateway.transfers.machine.transfer import Transfer

CHANGED: Final = "The transfer has changed since it was looked at: look again."
NOT_SHOWN: Final = (
    "What would leave is not what you were shown: the request, the sections or the agreement have changed. Look again."
)
NOT_NOW: Final = "This is decided already, or there is nothing to decide yet: look again."
TOO_LATE: Final = "So long after the delivery a supplement is sent only when the receiving district asks for it."


class TransferDecisions(CustodyReading):
    """What people of a district decide on the records that it is asked for."""

    def __init__(
        self, region: Administration, actor: Actor, org: str, scopes: Collection[str] = frozenset(),
        second: TwoPersonRule | None = None,
    ) -> None:  # fmt: skip
        super().__init__(region, actor, org, scopes)
        self._second = second or SecondPerson(region)

    def approve(
        self, transfer: str, sections: Collection[str], withheld: Collection[str], shown: str, key: str
    ) -> CustodyView | Waiting:
        """Release *sections* of the record and withhold others; every section that was not sent is one or the other.

        What was *shown* to who approves is said by the tag of its preview.

        Raises:
            Forbidden: the agreement is not in force any more.
            PreconditionFailed: that is not what would leave now: of this transfer, in this state, under this agreement.
        """
        return self._release(EventKind.APPROVE, transfer, sections, withheld, shown, key)

    def supplement(
        self, transfer: str, sections: Collection[str], withheld: Collection[str], shown: str, key: str
    ) -> CustodyView | Waiting:
        """Send what has changed since the last version of *sections*, as they were *shown*."""
        return self._release(EventKind.SUPPLEMENT, transfer, sections, withheld, shown, key)

    def hold(
        self, transfer: str, reason: HoldReason, sections: Collection[str], expected: int, key: str
    ) -> CustodyView:
        """Hold the record back for a *reason* of a closed list, at once: what protects a child waits for nobody."""
        self.need(DECIDE)
        found = self.sent_to_us(transfer)
        content = {"sections": section_words(sections)}
        draft = self.event(found.id, EventKind.HOLD, self.party, key, content, _word(HoldReason, reason))
        return self.done(self.ledger.append(draft, expected).transfer)

    def free(self, transfer: str, expected: int, key: str) -> CustodyView:
        """Free a record that was held back: it is decided upon anew."""
        self.need(DECIDE)
        draft = self.event(self.sent_to_us(transfer).id, EventKind.FREE, self.party, key)
        return self.done(self.ledger.append(draft, expected).transfer)

    def refuse(self, transfer: str, reason: TransferRefusal, expected: int, key: str) -> CustodyView | Waiting:
        """Refuse the request for a *reason* of a closed list, of which the receiving district sees none."""
        self.need(DECIDE)
        found, word = self.sent_to_us(transfer), _word(TransferRefusal, reason)
        self._check_now(found, EventKind.REFUSE, expected, key)
        content = {"do": EventKind.REFUSE.value, "reason": word, "expected": expected}

        def do() -> CustodyView:
            draft = self.event(found.id, EventKind.REFUSE, self.party, key, reason=word)
            return self.done(self.ledger.append(draft, expected).transfer)

        return self._second.either(self.actor, self._act(found, content, expected), do)

    def _release(
        self,
        kind: EventKind,
        transfer: str,
        sections: Collection[str],
        withheld: Collection[str],
        shown: str,
        key: str,
    ) -> CustodyView | Waiting:
        self.need(DECIDE)
        found = self.sent_to_us(transfer)
        agreement, grant = self.agreement(found.sender, found.receiver)
        named, kept = section_words(sections), section_words(withheld)
        registered = self.registered(found, grant)
        if not self._is_done(found, key) and shown != self.preview_tag(found, named, agreement, registered):
            raise PreconditionFailed(NOT_SHOWN)
        self._check_now(found, kind, found.number, key)
        _check_whole(found, kind, named, kept)
        terms = agreement.transfer
        told = {"do": kind.value, "sections": named, "withheld": kept, "shown": shown, "registered": registered}

        def do() -> CustodyView:
            content: dict[str, Any] = {"sections": named, "withheld": kept, "registered": registered}
            if kind is EventKind.SUPPLEMENT:
                content["on_request"] = self._asked_or_in_time(found)
            draft = self.event(found.id, kind, self.party, key, content, agreement=agreement.digest)
            after = self.ledger.append(draft, found.number).transfer
            self._close_asked(found)
            return self.done(after)

        always = terms is not None and terms.two_persons
        return self._second.either(self.actor, self._act(found, told, found.number), do, always=always)

    def _asked_or_in_time(self, transfer: Transfer) -> bool:
        """Tell whether the receiving district has asked for a supplement; refuse one that comes too late unasked."""
        asked, first = self.supplement_asked(transfer), transfer.first_delivery
        days = timedelta(days=self.region.settings().transfers.supplement_days)
        if not asked and first is not None and self.region.clock() > first + days:
            raise NotAllowed(TOO_LATE)
        return asked

    def _act(self, transfer: Transfer, content: Mapping[str, Any], expected: int) -> TwoPersonAct:
        return TwoPersonAct(DECIDE, self.org, transfer.id, content, f"number {expected}")

    def _check_now(self, transfer: Transfer, kind: EventKind, expected: int, key: str) -> None:
        """Refuse what cannot be done to a transfer as it is; what was done under the *key* is only repeated."""
        if self._is_done(transfer, key):
            return
        if transfer.number != expected:
            raise ConcurrentChange(CHANGED)
        if kind not in allowed(transfer, self.party):
            raise NotAllowed(NOT_NOW)

    def _is_done(self, transfer: Transfer, key: str) -> bool:
        """Tell whether something was done to a transfer under a *key*."""
        return idempotency_key(self.org, key) in transfer.keys

    def _close_asked(self, transfer: Transfer) -> None:
        """Close the task to send what has changed, if the receiving district had asked for it."""
        if self.supplement_asked(transfer):
            tasks = Tasks(self.region.store, self.region.clock)
            tasks.close(self.asked_task(transfer), "sent", self.actor.name)


def again(region: Administration, rule: TwoPersonRule, actor: Actor, proposal: Proposal) -> Any:
    """Do what was proposed about a record once more, as both persons."""
    service, content = TransferDecisions(region, actor, proposal.org, second=rule), proposal.content
    about, key = proposal.about, f"proposal\0{proposal.id}"
    if content["do"] == EventKind.REFUSE:
        return service.refuse(about, TransferRefusal(content["reason"]), content["expected"], key)
    releasing: Mapping[str, Callable[..., Any]] = {
        EventKind.APPROVE: service.approve, EventKind.SUPPLEMENT: service.supplement,
    }  # fmt: skip
    if content["do"] in releasing:
        try:
            return releasing[content["do"]](about, content["sections"], content["withheld"], content["shown"], key)
        except PreconditionFailed:
            raise ChangedMeanwhile(CHANGED_SINCE) from None
    raise CallerError("This cannot be done by a confirmation.")


def section_words(sections: Collection[str]) -> list[str]:
    """Return the words of sections in their order; an unknown one is refused."""
    known = {one.value for one in RecordSection}
    given = {str(one) for one in sections}
    if given - known or len(given) != len(tuple(sections)):
        raise InvalidBody(Phrase("A section is one of %(known)s, and named once.", known=", ".join(RecordSection)))
    return [one.value for one in RecordSection if one.value in given]


def _check_whole(transfer: Transfer, kind: EventKind, sections: list[str], withheld: list[str]) -> None:
    """Refuse a decision that leaves it open whether a section goes along."""
    left = {one.value for one in RecordSection} - {one.value for one in transfer.sent}
    if kind is EventKind.APPROVE and left - set(sections) - set(withheld):
        raise InvalidBody("Say of each section whether it is sent or withheld.")


def _word(words: type[HoldReason | TransferRefusal], reason: str) -> str:
    if reason not in {one.value for one in words}:
        raise InvalidBody(Phrase("The reason must be one of %(known)s.", known=", ".join(words)))
    return str(words(reason).value)
