"""Custody: the sending district finds the student who is asked for, and decides what of the record leaves."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway.admin.transfers.office import TransferOffice
from gateway.transfers.ledger.lists import MAX_LISTED

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from gateway.admin.second_person import Waiting
    from gateway.transfers.clocks.clocks import Light, TransferClock
    from gateway.transfers.ledger.lists import ListedTransfer, TransferPage
    from gateway.transfers.machine.words import (
        EventKind,
        HoldReason,
        RecordSection,
        TaskCause,
        TransferRefusal,
        TransferState,
    )
    from gateway.transfers.matching.levels import ChildPart, PartLikeness


@dataclass(frozen=True, slots=True)
class OwnChild:
    """One of the district's own students, as it names the student for its own people; empty is not known."""

    name: str = field(default="", repr=False)
    birth_date: str = field(default="", repr=False)
    grade: str = field(default="", repr=False)
    school: str = field(default="", repr=False)
    state_id: str = field(default="", repr=False)


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

    *receiver* is empty where the actor may not know it. *number* is what a decision says that it has seen. *child* is
    who was found; *candidates* are there to be chosen from, with the number of those *left_out*. *offered* is what the
    actor may do now, *rule* and *ask* what the agreement lets leave by rule and what a person decides, and *reasons*
    why a person must.
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
    sections: tuple[RecordSection, ...] = ()
    rule: frozenset[RecordSection] = frozenset()
    approved: frozenset[RecordSection] = frozenset()
    withheld: frozenset[RecordSection] = frozenset()
    needs_two: bool = False
    decided_anew: bool = False
    supplement_asked: bool = False


class TransferCustody(TransferOffice):
    """What a district is asked for. Whatever changes a transfer says the *expected* number, and one of two wins."""

    def worklist(
        self,
        states: Collection[TransferState] = (),
        light: Light | None = None,
        cursor: str = "",
        limit: int = MAX_LISTED,
    ) -> TransferPage[ListedTransfer]:
        """List what the district is asked for, what is due first first; a receiver that is hidden has no name."""
        raise NotImplementedError

    def look(self, transfer: str) -> CustodyView:
        """Look at one transfer: for people of the district, candidates and the child too.

        Raises:
            NotPartyTo: there is none, or it is not asked of this district.
        """
        raise NotImplementedError

    def choose(self, transfer: str, handle: str, expected: int, key: str) -> CustodyView:
        """Say which of the candidates is meant.

        Raises:
            InvalidBody: the handle is none of this transfer.
            ConcurrentChange: the transfer is not as it was seen.
        """
        raise NotImplementedError

    def none_of_them(self, transfer: str, expected: int, key: str) -> CustodyView:
        """Say that none of the district's students is meant."""
        raise NotImplementedError

    def redirect(self, transfer: str, district: str, expected: int, key: str) -> CustodyView | None:
        """Pass the request on to another district, which then sees it and this one no more: there is no view of it."""
        raise NotImplementedError

    def end(self, transfer: str, expected: int, key: str) -> CustodyView:
        """End a request for a student whom the district does not know."""
        raise NotImplementedError

    def approve(
        self, transfer: str, sections: Collection[str], withheld: Collection[str], expected: int, key: str
    ) -> CustodyView | Waiting:
        """Release *sections* of the record and withhold others; every section is one or the other.

        Raises:
            Forbidden: the agreement is not in force any more.
            ConcurrentChange: the transfer is not as it was seen.
        """
        raise NotImplementedError

    def hold(
        self, transfer: str, reason: HoldReason, sections: Collection[str], expected: int, key: str
    ) -> CustodyView | Waiting:
        """Hold the record back for a *reason* of a closed list."""
        raise NotImplementedError

    def free(self, transfer: str, expected: int, key: str) -> CustodyView:
        """Free a record that was held back: it is decided upon anew."""
        raise NotImplementedError

    def refuse(self, transfer: str, reason: TransferRefusal, expected: int, key: str) -> CustodyView | Waiting:
        """Refuse the request for a *reason* of a closed list, of which the receiving district sees none."""
        raise NotImplementedError

    def supplement(
        self, transfer: str, sections: Collection[str], withheld: Collection[str], expected: int, key: str
    ) -> CustodyView | Waiting:
        """Send what has changed since the last version, of *sections* that were approved, or are now by an approver."""
        raise NotImplementedError

    def withdraw(self, transfer: str, reason: str, expected: int, key: str) -> CustodyView:
        """Withdraw a request before anything was delivered, for the sending district."""
        raise NotImplementedError
