"""The outward view of a transfer: what the receiving district may see, the same before delivery whatever is inside."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from gateway.transfers.machine.event import spell_moment
from gateway.transfers.machine.transitions import allowed
from gateway.transfers.machine.words import EventKind, TransferParty

if TYPE_CHECKING:
    from gateway.transfers.machine.transfer import Transfer


class OutwardState(StrEnum):
    """What the receiving district sees of a state."""

    ASKED = "asked"
    DELIVERED = "delivered"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class OutwardTransfer:
    """A transfer as the receiving district sees it; *version* is the newest delivered, 0 before the first.

    *sender* is the district that was asked, until another one has delivered. Nothing else of a transfer is shown, in a
    header neither: its number and the moment of its last change tell of what is inside.
    """

    id: str
    state: OutwardState
    sender: str
    asked: str
    due: str
    version: int


def outward(transfer: Transfer) -> OutwardTransfer:
    """Return what the receiving district may see of a *transfer*."""
    state = outward_state(transfer)
    sender = transfer.sender if transfer.delivered else transfer.first_sender
    asked, due = spell_moment(transfer.asked), spell_moment(transfer.due)
    return OutwardTransfer(transfer.id, state, sender, asked, due, max(transfer.delivered, default=0))


def outward_state(transfer: Transfer) -> OutwardState:
    """Return the state of a *transfer* for the receiving district."""
    if transfer.is_closed:
        return OutwardState.CLOSED
    return OutwardState.DELIVERED if transfer.delivered else OutwardState.ASKED


def outward_choices(transfer: Transfer) -> frozenset[EventKind]:
    """Return what the receiving district is offered: before delivery what every state allows, then what this does."""
    if outward_state(transfer) is OutwardState.ASKED:
        return frozenset({EventKind.WITHDRAW})
    return allowed(transfer, TransferParty.RECEIVER)
