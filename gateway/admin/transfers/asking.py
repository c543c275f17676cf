"""Asking: a district requests a student's record of another one, and sees of it what is the same for every child."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from gateway.admin.transfers.office import ASK, FOLLOW, WITHDRAW, TransferOffice
from gateway.admin.transfers.own_children import is_enrolled
from gateway.people.actor import NotPermitted
from gateway.registers.tags import spelt_name
from gateway.tasks.moving import supplement_task
from gateway.tasks.store import Tasks
from gateway.transfers.districts.children import asked_values, stated_child
from gateway.transfers.ledger.limits import AskedChild
from gateway.transfers.ledger.lists import MAX_LISTED
from gateway.transfers.machine.errors import NotAllowed
from gateway.transfers.machine.event import idempotency_key
from gateway.transfers.machine.outward import OutwardState, outward
from gateway.transfers.machine.words import EventKind, RequestStanding, TransferParty, WithdrawReason
from gateway.transfers.matching.comparison import compare
from gateway.transfers.matching.finding import is_enough
from gateway.transfers.matching.levels import EQUAL, ChildPart, PartLevel
from gateway.transfers.matching.spelling import spell_child, spell_state_id
from standards.errors import Conflict, Forbidden, InvalidBody

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.transfers.ledger.lists import TransferPage
    from gateway.transfers.machine.outward import OutwardTransfer
    from gateway.transfers.machine.transfer import Transfer
    from gateway.transfers.matching.children import StatedChild

TOO_LITTLE: Final = (
    "State at least three of state id, name, birth date and last school, each so that it says something."
)
NOT_HERE: Final = (
    "The student is not enrolled here, as far as this district's own system tells: nothing but an intent that the"
    " family has signed allows the request."
)
NO_MORE: Final = "The record was delivered, or the request is closed: there is nothing to withdraw."


class NotEnrolledHere(Conflict):
    """The district's own system has no such student who is enrolled: only a signed intent allows the request."""

    code = "not-enrolled-here"


@dataclass(frozen=True, slots=True)
class TransferForm:
    """The request for a student's record: whom the district *sender* is asked for, and why one may ask.

    *student* has `stateId family given middle suffix birthDate lastSchool`, as far as they are known. *again* is said
    by whoever asks a second time for the same child.
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
        self.need(FOLLOW)
        others = (name for name in self.region.settings().transfers.districts if name != self.org)
        return tuple(name for name in others if self._may_be_asked(name))

    def ask(self, form: TransferForm, key: str) -> OutwardTransfer:
        """Ask for a student's record, under the idempotency *key* of the caller.

        Raises:
            Forbidden: no agreement about transfers from that district to this one is in force.
            InvalidBody: too little is stated, or nothing that can be read.
            NotEnrolledHere: the child is not, so that nothing but a signed intent allows the request.
            AskedAlready: a request of this district for the same child is open.
            TooManyAsked: the district, or this person, has asked for too many in a day.
            TooManyOpen: too many requests are open at that district, or for this child.
        """
        self.need(ASK)
        agreement, _ = self.agreement(form.sender, self.org)
        values = asked_values(form.student)
        stated = stated_child(values)
        if not is_enough(spell_child(stated)):
            raise InvalidBody(TOO_LITTLE)
        self._check_standing(form, stated)
        return self._begin(form, values, agreement.digest, key)

    def sent(
        self, state: OutwardState | None = None, cursor: str = "", limit: int = MAX_LISTED
    ) -> TransferPage[OutwardTransfer]:
        """List what the district has asked for, as it may see each."""
        self.need(FOLLOW)
        return self.lists.asked_by(self.org, state, cursor, limit)

    def one(self, transfer: str) -> OutwardTransfer:
        """Return one request as the district may see it.

        Raises:
            NotPartyTo: there is none, or it is another district's.
        """
        self.need(FOLLOW)
        return outward(self.asked_by_us(transfer))

    def withdraw(self, transfer: str, reason: str, key: str) -> OutwardTransfer:
        """Withdraw a request before anything was delivered.

        Raises:
            NotAllowed: something was delivered, or the request is closed.
        """
        self.need(WITHDRAW)
        return outward(self._withdrawn(self.asked_by_us(transfer), reason, key))

    def redirect(self, transfer: str, district: str, key: str) -> OutwardTransfer:
        """Ask another district instead: the request is withdrawn, and a new one is returned.

        It is so in every state before delivery, so that nothing tells whether the child was found; and it counts as a
        request does.

        Raises:
            TooManyAsked: the district, or this person, has asked for too many in a day.
            NotAllowed: something was delivered, or the request is closed.
            Forbidden: no agreement about transfers from that district to this one is in force.
        """
        self.need(ASK)
        self.need(WITHDRAW)
        before = self.asked_by_us(transfer)
        agreement, _ = self.agreement(district, self.org)
        fresh = self._begun(f"{key}\0anew")
        if fresh is None:
            values = self.ledger.asked_values(transfer)
            if values is None:
                raise NotAllowed(NO_MORE)
            form = TransferForm(district, {}, self._standing(transfer), before.military, again=True)
            fresh = self._begin(form, dict(values), agreement.digest, f"{key}\0anew", transfer)
        self._withdrawn(before, WithdrawReason.ASKED_ELSEWHERE, key)
        return fresh

    def ask_supplement(self, transfer: str, key: str) -> OutwardTransfer:  # noqa: ARG002  every request has one
        """Ask for what has changed since the delivery: a task of the sending district, once until it is done.

        Raises:
            NotAllowed: nothing was delivered yet.
        """
        self.need(ASK)
        found = self.asked_by_us(transfer)
        view = outward(found)
        if view.state is not OutwardState.DELIVERED:
            raise NotAllowed("A supplement follows what was delivered.")
        task = supplement_task(found.id, found.sender, view.version, self.today(found.sender))
        Tasks(self.region.store, self.region.clock).note(task, self.actor.name)
        return view

    def _may_be_asked(self, district: str) -> bool:
        try:
            self.agreement(district, self.org)
        except Forbidden:
            return False
        return True

    def _begin(
        self, form: TransferForm, values: Mapping[str, str], agreement: str, key: str, instead: str = ""
    ) -> OutwardTransfer:
        """Begin a transfer with checked *values*, maybe *instead* of another one."""
        content = {
            "sender": form.sender, "receiver": self.org, "known": sorted(values), "standing": form.standing.value,
            "military": form.military,
        }  # fmt: skip
        draft = self.event("", EventKind.ASK, TransferParty.RECEIVER, key, content, agreement=agreement)
        child = AskedChild(self.child_tags(stated_child(values)), form.again, instead)
        return outward(self.ledger.ask(draft, values, child).transfer)

    def has_begun(self, key: str) -> bool:
        """Tell whether a request of the district was made under a *key*, for as long as keys are kept."""
        return self._begun(key) is not None

    def _begun(self, key: str) -> OutwardTransfer | None:
        """Return the transfer that began under a *key* before; None where none did."""
        found = self.ledger.known_under(idempotency_key(self.org, key))
        return outward(self.ledger.find(found)) if found else None

    def _standing(self, transfer: str) -> RequestStanding:
        return RequestStanding(self.ledger.events(transfer)[0].content["standing"])

    def _withdrawn(self, transfer: Transfer, reason: str, key: str) -> Transfer:
        draft = self.event(transfer.id, EventKind.WITHDRAW, TransferParty.RECEIVER, key, reason=reason)
        try:
            return self.ledger.append(draft).transfer
        except NotAllowed:
            raise NotAllowed(NO_MORE) from None  # the words of the state would tell what is inside

    def _check_standing(self, form: TransferForm, stated: StatedChild) -> None:
        """Refuse a request for a child who is not the district's own."""
        if form.standing is RequestStanding.INTENT:
            if self.actor.kind == "machine":
                raise NotPermitted("That a family has signed its intent, a person must say.")
            return
        asked, roll, today = spell_child(stated), self.roll(), self.today().isoformat()
        for row in roll.index.near(asked):
            levels = compare(asked, roll.index.spell(row))
            if _is_same(levels) and is_enrolled(roll, roll.rows[row.id], today):
                return
        raise NotEnrolledHere(NOT_HERE)

    def child_tags(self, stated: StatedChild) -> tuple[str, ...]:
        """Return the keyed tags of a child as this district states it: by the state id, and by name with birth date."""
        known = spell_state_id(stated.state_id), ""
        named = stated.family and stated.given and stated.birth_date
        name = spelt_name(stated.family, stated.given, stated.birth_date) if named else ""
        texts = [f"{kind}\0{text}" for kind, text in (("id", known[0]), ("name", name)) if text]
        return tuple(self.tag(b"asked children", f"{self.org}\0{text}") for text in texts)


def _is_same(levels: Mapping[ChildPart, PartLevel]) -> bool:
    """Tell whether an own student is the one who is stated: two of state id, birth date and whole name are equal."""
    named = levels[ChildPart.GIVEN] in EQUAL and levels[ChildPart.FAMILY] in EQUAL
    same = levels[ChildPart.STATE_ID] is PartLevel.AGREE, levels[ChildPart.BIRTH_DATE] is PartLevel.AGREE, named
    return sum(same) >= 2  # noqa: PLR2004  of the three
