"""The sending district's view of a transfer: its own candidates and child, its clocks, and what may be decided."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from gateway.admin.transfers.office import DECIDE, FOLLOW, HIDDEN, MATCH, READ, WITHDRAW, TransferOffice
from gateway.admin.transfers.own_children import own_child
from gateway.people.active import ActivePeople
from gateway.storage.transfers.attachments import Attachments
from gateway.storage.transfers.tries import TransferTries
from gateway.tasks.moving import supplement_task
from gateway.tasks.store import Tasks
from gateway.transfers.clocks.clocks import clocks
from gateway.transfers.districts.children import DistrictChildren, row_of_subject, stated_child
from gateway.transfers.districts.protected import unprotected
from gateway.transfers.districts.restrictions import ADDRESS_PROGRAM, restrictions_by_row
from gateway.transfers.districts.standing import registered_tag
from gateway.transfers.ledger.lists import MAX_LISTED, TransferPage
from gateway.transfers.machine.transitions import allowed
from gateway.transfers.machine.words import EventKind, RecordSection, TaskCause, TransferParty, TransferState
from gateway.transfers.matching.finding import find_child
from policies.transfers.terms import by_rule
from standards.errors import Forbidden, SourceError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime

    from gateway.admin.transfers.own_children import OwnChild
    from gateway.storage.transfers.attachments import Attachment
    from gateway.tasks.task import PersonTask
    from gateway.transfers.clocks.clocks import Light, TransferClock
    from gateway.transfers.districts.children import DistrictRoll
    from gateway.transfers.ledger.lists import ListedTransfer
    from gateway.transfers.machine.event import TransferEvent
    from gateway.transfers.machine.transfer import Transfer
    from gateway.transfers.machine.words import HoldReason
    from gateway.transfers.matching.levels import ChildPart, PartLikeness
    from policies.agreement import Agreement
    from policies.grant import Grant
    from policies.transfers.terms import TransferTerms

NEEDS: Final[Mapping[EventKind, str]] = {
    EventKind.CHOOSE: MATCH,
    EventKind.NONE_OF_THEM: MATCH,
    EventKind.REDIRECT: MATCH,
    EventKind.END: MATCH,
    EventKind.ATTACH: DECIDE,
    EventKind.DETACH: DECIDE,
    EventKind.APPROVE: DECIDE,
    EventKind.HOLD: DECIDE,
    EventKind.FREE: DECIDE,
    EventKind.REFUSE: DECIDE,
    EventKind.SUPPLEMENT: DECIDE,
    EventKind.WITHDRAW: WITHDRAW,
}
"""The action of the roles that each event of the sending district needs."""
BLANK: Final[Mapping[str, Any]] = {
    "causes": (), "hold": None, "rule": frozenset(), "approved": frozenset(), "withheld": frozenset(),
    "sent": frozenset(), "attachments": (),
}  # fmt: skip
"""What a view shows to whoever follows transfers without a look at children: their ids, states and clocks alone."""
FOR_TOLD: Final = frozenset({
    EventKind.APPROVE, EventKind.SUPPLEMENT, EventKind.REDIRECT, EventKind.ATTACH, EventKind.DETACH,
})  # fmt: skip
"""What nobody does from whom the receiver is hidden: whether it can be done tells which district that is."""
OF_AGREEMENT: Final = frozenset({TaskCause.NO_RULE, TaskCause.AGREEMENT})
"""The causes that follow from the receiver's agreement, and not from the child."""


@dataclass(frozen=True, slots=True)
class CustodyCandidate:
    """An own student who may be meant: a sealed *handle* to choose by, and which *parts* of what was stated agree."""

    handle: str
    child: OwnChild
    score: float
    parts: Mapping[ChildPart, PartLikeness]


@dataclass(frozen=True, slots=True)
class CustodyView:
    """A transfer as its sending district sees it: never what was stated of the child.

    *receiver* is empty where the actor may not know it; then nothing is said that follows from its agreement.
    *number* is what a decision says that it has seen. *child* is who was found; *candidates* are there to be chosen
    from, with the number of those *left_out*. *offered* is what the actor may do now; *causes* are why a person must
    decide. Of the *sections*, *rule* are those that the agreement lets leave by rule. *attachments* wait to be sent
    along. It *needs_two* persons to release anything. *source_fails* where the district's own system cannot be read,
    so that neither child nor candidates are shown.
    """

    id: str
    receiver: str
    state: TransferState
    number: int
    asked: datetime
    military: bool
    clocks: tuple[TransferClock, ...]
    offered: frozenset[EventKind]
    causes: tuple[TaskCause, ...] = ()
    hold: HoldReason | None = None
    version: int = 0
    child: OwnChild | None = None
    candidates: tuple[CustodyCandidate, ...] = ()
    left_out: int = 0
    sections: tuple[RecordSection, ...] = tuple(RecordSection)
    rule: frozenset[RecordSection] = frozenset()
    approved: frozenset[RecordSection] = frozenset()
    withheld: frozenset[RecordSection] = frozenset()
    sent: frozenset[RecordSection] = frozenset()
    needs_two: bool = False
    supplement_asked: bool = False
    source_fails: bool = False
    attachments: tuple[Attachment, ...] = ()


class CustodyReading(TransferOffice):
    """What a district may read of the transfers that are asked of it."""

    @property
    def attachments(self) -> Attachments:
        """What people have added to records."""
        return Attachments(self.region.store, self.key, self.region.clock)

    def worklist(
        self,
        states: Collection[TransferState] = (),
        light: Light | None = None,
        cursor: str = "",
        limit: int = MAX_LISTED,
    ) -> TransferPage[ListedTransfer]:
        """List what the district is asked for, what is due first first; a receiver that is hidden has no name."""
        self.need(FOLLOW)
        page = self.lists.asked_of(self.org, states, light, cursor, limit)
        if not self._sees_children():
            page = TransferPage(tuple(replace(one, hold="") for one in page.items), page.next)
        if self.is_told:
            return page
        open_to_all = self._unprotected(self.lists.subjects([one.id for one in page.items]))
        shown = (one if one.id in open_to_all else replace(one, receiver=HIDDEN) for one in page.items)
        return TransferPage(tuple(shown), page.next)

    def put_off(self) -> int:
        """Count the requests whose search waits, as a district has asked for too many who were not found: no names."""
        self.need(FOLLOW)
        return TransferTries(self.region.store, self.region.clock).count_put_off(self.org)

    def look(self, transfer: str) -> CustodyView:
        """Look at one transfer: for people of the district, candidates and the child too, which is on record.

        Raises:
            NotPartyTo: there is none, or it is not asked of this district.
            StoreUnavailable: that somebody looks cannot be recorded.
        """
        self.need(FOLLOW)
        found = self.sent_to_us(transfer)
        roll = self._roll_of(found)
        view = self._viewed(found, roll)
        if roll is None or not self._sees_children():
            return view
        if found.state is TransferState.NEAR:
            return self._with_candidates(view, roll) if self.may(MATCH) else view
        row = self.row(roll, found)
        if row is None:
            return view
        self.record("transfer student shown", found.id, {"number": found.number})
        return replace(view, child=own_child(roll, row))

    def glance(self, transfer: str) -> CustodyView:
        """Look at one transfer without a child: what an act needs to know of it.

        Raises:
            NotPartyTo: there is none, or it is not asked of this district.
        """
        self.need(FOLLOW)
        return self.view(self.sent_to_us(transfer))

    def deciders(self) -> tuple[str, ...]:
        """Return the names of the people who may decide what leaves, for the people of the district."""
        self.need(FOLLOW)
        people = ActivePeople(self.region.store, self.region.clock, self.region.kinds)
        return tuple(one.name for one in people.allowed(DECIDE, self.org)) if self._sees_children() else ()

    def view(self, transfer: Transfer) -> CustodyView:
        """Return how the actor sees a *transfer* that is asked of the district, without a child."""
        return self._viewed(transfer, self._roll_of(transfer))

    def done(self, transfer: Transfer) -> CustodyView:
        """Return how the actor sees a *transfer* that it has changed: by what is in memory, since no child is shown."""
        return self._viewed(transfer, self._present())

    def _viewed(self, transfer: Transfer, roll: DistrictRoll | None) -> CustodyView:
        hides = not self.is_told and self.is_protected(transfer, roll)
        terms = None if hides else self.terms(transfer)
        causes = _causes(self.ledger.events(transfer.id)) if transfer.state is TransferState.WAITING else ()
        causes = tuple(one for one in causes if not (hides and one in OF_AGREEMENT))
        found = CustodyView(
            transfer.id, HIDDEN if hides else transfer.receiver, transfer.state,
            transfer.number, transfer.asked, transfer.military, clocks(transfer, self.times.school_days(self.org)),
            self._offered(transfer, hides=hides), causes, transfer.hold, transfer.version,
            rule=_by_rule(terms), approved=transfer.approved, withheld=transfer.withheld, sent=transfer.sent,
            needs_two=terms is not None and terms.two_persons, supplement_asked=self.supplement_asked(transfer),
            source_fails=roll is None and self._sees_children(), attachments=self.attachments.of(transfer.id),
        )  # fmt: skip
        if not self._sees_children():
            return replace(found, **BLANK)
        return found

    def terms(self, transfer: Transfer) -> TransferTerms | None:
        """Return the terms that hold now between the two districts; None where no agreement is in force."""
        try:
            return self.agreement(transfer.sender, transfer.receiver)[0].transfer
        except Forbidden:
            return None

    def preview_tag(self, transfer: Transfer, sections: Collection[str], agreement: Agreement, registered: str) -> str:
        """Return the entity tag of what this person is shown of *sections*, in this state, as agreed and *registered*.

        Nobody makes one without the gateway's key: whoever has it was shown the preview.
        """
        who, attached = self.actor.person or self.actor.name, [one.id for one in self.attachments.of(transfer.id)]
        shown = [self.org, transfer.id, transfer.number, sorted(sections), agreement.digest, registered, attached, who]
        return self.tag(b"previews", json.dumps(shown))

    def registered(self, transfer: Transfer, grant: Grant) -> str:
        """Return the tag of what the registers say now of the child: what leaves was decided knowing it."""
        day = self.gateway.views.today(grant)
        return registered_tag(self.register_keys, self.roll_about(transfer), transfer, grant, day)

    def row(self, roll: DistrictRoll, transfer: Transfer) -> int | None:
        """Return the row of the student who was found; None where nobody was, or the student is there no more."""
        if not transfer.subject:
            return None
        return row_of_subject(roll, self.register_keys, self.org, transfer.subject)

    def is_protected(self, transfer: Transfer, roll: DistrictRoll | None) -> bool:
        """Tell whether the child's address may be protected: so it counts until a child without that is found."""
        row = self.row(roll, transfer) if roll is not None else None
        if roll is None or row is None:
            return True
        return ADDRESS_PROGRAM in self.restrictions(roll).get(row, ())

    def supplement_asked(self, transfer: Transfer) -> bool:
        """Tell whether the receiving district has asked for what has changed since the last delivery."""
        found = Tasks(self.region.store, self.region.clock).find(self.asked_task(transfer).id)
        return found is not None and found.closed is None

    def asked_task(self, transfer: Transfer) -> PersonTask:
        """Return the task by which the receiving district asks for what has changed since the last delivery."""
        version = max(transfer.delivered, default=0)
        return supplement_task(transfer.id, self.org, version, self.today())

    def restrictions(self, roll: DistrictRoll) -> Mapping[int, frozenset[str]]:
        """Return the kinds of restrictions on each own student today, by row."""
        return restrictions_by_row(roll.snapshot, self.today().isoformat())

    def _unprotected(self, subjects: Mapping[str, str]) -> frozenset[str]:
        """Return the ids of the transfers of children who are known to have no protected address.

        A list waits for no source: where the district is not in memory nobody is known to.
        """
        day = self.today().isoformat()
        return unprotected(self.gateway.districts[self.org], self.register_keys, subjects, day)

    def _roll_of(self, transfer: Transfer) -> DistrictRoll | None:
        """Return the students of the district where a look needs them; None where nobody can read them.

        Whoever is shown no child waits for no system: what is in memory tells what may be told.
        """
        if not transfer.subject and transfer.state is not TransferState.NEAR:
            return None
        if not self._sees_children():
            return self._present()
        try:
            return self.roll_about(transfer) if transfer.subject else self.roll()
        except SourceError:
            return None

    def _present(self) -> DistrictRoll | None:
        return DistrictChildren().present(self.gateway.districts[self.org])

    def number_of(self, transfer: str) -> int:
        """Return the number of a transfer's last event: what a decision says that it has seen.

        Raises:
            NotPartyTo: there is none, or it is not asked of this district.
        """
        self.need(FOLLOW)
        return self.sent_to_us(transfer).number

    def _sees_children(self) -> bool:
        return any(self.may(action) for action in (MATCH, DECIDE, READ))

    def _offered(self, transfer: Transfer, *, hides: bool) -> frozenset[EventKind]:
        found = allowed(transfer, self.party)
        barred = FOR_TOLD if hides else frozenset()
        return frozenset(kind for kind in found - barred if kind in NEEDS and self.may(NEEDS[kind]))

    @property
    def party(self) -> TransferParty:
        """The side for which the actor acts: that of an approver where it may decide."""
        return TransferParty.SENDER_APPROVER if self.may(DECIDE) else TransferParty.SENDER

    def _with_candidates(self, view: CustodyView, roll: DistrictRoll) -> CustodyView:
        """Return a *view* with the students who may be meant; that they were shown is on record."""
        values = self.ledger.asked_values(view.id)
        if values is None:
            return view
        finding, most = find_child(stated_child(values), roll.index), self.region.settings().transfers.near_matches
        shown = tuple(
            CustodyCandidate(
                self.handle(about_candidate(view.id), one.id), own_child(roll, roll.rows[one.id]), one.score, one.parts
            )
            for one in finding.candidates[:most]
        )
        left_out = finding.left_out + len(finding.candidates) - len(shown)
        self.record("transfer candidates shown", view.id, {"number": view.number, "shown": len(shown)})
        return replace(view, candidates=shown, left_out=left_out)


def about_candidate(transfer: str) -> str:
    """Return what the handle of a candidate is about: it chooses in its own transfer alone."""
    return f"candidate\0{transfer}"


def _by_rule(terms: TransferTerms | None) -> frozenset[RecordSection]:
    if terms is None or terms.rule is None:
        return frozenset()
    return frozenset(RecordSection(one) for track in terms.rule.tracks for one in by_rule(terms, track))


def _causes(events: Iterable[TransferEvent]) -> tuple[TaskCause, ...]:
    """Return why a person must decide, as the last task says."""
    found = [one.content["causes"] for one in events if one.kind is EventKind.TASK]
    return tuple(map(TaskCause, found[-1])) if found else ()
